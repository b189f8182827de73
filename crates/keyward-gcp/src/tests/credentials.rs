//! Calls whose token is refused, or cannot be had.

use std::ffi::OsString;
use std::time::Duration;

use futures_util::future::join_all;
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRead, Observed};

use super::stub::{Reply, Stub, json, refusal};
use super::{KEY, crypto_key, key, kms_with, settings, version};
use crate::access::CredentialSource;

fn shell(script: &str) -> CredentialSource {
    CredentialSource::Command(["sh", "-c", script].map(OsString::from).to_vec())
}

fn denied(status: u16) -> Reply {
    refusal(
        status,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials.",
        "",
    )
}

#[tokio::test]
async fn many_refusals_of_one_token_run_the_command_once() {
    // All but one of the refusals come when there is another token already.
    let stub = Stub::new(|before, asked| match asked.authorization.as_deref() {
        Some("Bearer token-1") => {
            std::thread::sleep(Duration::from_millis(if before == 0 { 0 } else { 500 }));
            denied(401)
        }
        _ => json(crypto_key(KEY, "")),
    });
    let folder = std::env::temp_dir().join(format!("keyward-renew-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let runs = folder.join("runs");
    let script = format!(
        "echo >> '{0}'; echo token-$(wc -l < '{0}' | tr -d ' ')",
        runs.display()
    );
    let kms = kms_with(settings(&stub), shell(&script));
    let key = key();
    let seen = join_all((0..16).map(|_| kms.get_key(&key))).await;
    assert!(
        seen.iter().all(|seen| matches!(seen, Observed::Present(_))),
        "{seen:?}"
    );
    assert_eq!(
        std::fs::read_to_string(&runs).unwrap().len(),
        2,
        "one run, and one more"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_token_that_takes_its_time_costs_a_change_none_of_its_own() {
    let stub = Stub::new(|_, asked| match asked.method.as_str() {
        "GET" => json(format!(
            r#"{{"cryptoKeyVersions":[{}]}}"#,
            version(1, "ENABLED", "")
        )),
        _ if asked.authorization.as_deref() == Some("Bearer token-1") => denied(401),
        _ => {
            std::thread::sleep(Duration::from_millis(50));
            json(version(2, "ENABLED", ""))
        }
    });
    let folder = std::env::temp_dir().join(format!("keyward-once-{}", std::process::id()));
    // The second token takes longer than the whole call may.
    let script = format!(
        "mkdir '{}' 2>/dev/null && echo token-1 && exit; sleep 1; echo token-2",
        folder.display()
    );
    let mut settings = settings(&stub);
    settings.deadline = Duration::from_millis(800);
    let kms = kms_with(settings, shell(&script));
    let made = kms.create_version(&key()).await;
    std::fs::remove_dir(folder).unwrap();
    assert_eq!(made.unwrap().name.number(), 2);
    let posts = stub.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!(posts, 2, "refused once, made once");
}

#[tokio::test]
async fn a_command_that_fails_says_so_in_its_own_words() {
    let stub = Stub::new(|_, _| json(crypto_key(KEY, "")));
    let missing = CredentialSource::Command(
        ["/nonexistent/program", "--password=geheim"]
            .map(OsString::from)
            .to_vec(),
    );
    for (source, name) in [(shell("exit 7"), "`sh`"), (missing, "`/nonexistent/program`")] {
        let kms = kms_with(settings(&stub), source);
        let Observed::Unknown(why) = kms.get_key(&key()).await else {
            panic!("seen without a token");
        };
        assert!(why.contains(name) && why.contains("by hand"), "{why}");
        assert!(
            why.contains("--access-token-command") && !why.contains("geheim"),
            "{why}"
        );
        assert!(
            !why.contains("future attempts") && !why.contains("cannot create"),
            "{why}"
        );
        let error = kms.create_version(&key()).await.unwrap_err();
        assert!(!error.message.contains("lost"), "{error}");
        let error = kms.create_ring(key().ring()).await.unwrap_err();
        assert_eq!(
            error.code,
            KmsCode::PermissionDenied,
            "waiting does not help: {error}"
        );
    }
    assert!(stub.asked().is_empty());
}
