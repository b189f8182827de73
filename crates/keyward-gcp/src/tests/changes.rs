//! Changes whose answers are lost: made once, and reported as what they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyward_core::key::{KeySpec, VersionState};
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRescue};

use super::stub::{Reply, Stub, json, refusal};
use super::{KEY, crypto_key, key, kms, kms_with, settings, version};
use crate::access::{CredentialSource, Impersonate};

/// A version that is restored by the first request, whose answer is lost when `lost`.
fn restoring(lost: bool) -> Stub {
    let done = Arc::new(AtomicBool::new(false));
    Stub::new(move |_, asked| {
        let state = || match done.load(Ordering::SeqCst) {
            true => json(version(3, "DISABLED", "")),
            false => json(version(
                3,
                "DESTROY_SCHEDULED",
                r#","destroyTime":"2026-01-02T00:00:00Z""#,
            )),
        };
        if asked.method == "GET" {
            return state();
        }
        match done.swap(true, Ordering::SeqCst) {
            false if lost => Reply::Dropped,
            false => state(),
            true => refusal(
                400,
                "FAILED_PRECONDITION",
                "has value DISABLED in field crypto_key_version.state.",
                "",
            ),
        }
    })
}

#[tokio::test]
async fn a_restored_version_is_found_when_the_answer_is_lost() {
    let stub = restoring(true);
    let version = kms(&stub).restore(&key().version(3)).await.unwrap();
    assert_eq!(version.state, VersionState::Disabled);
    assert_eq!(stub.count(":restore"), 1);
}

#[tokio::test]
async fn without_a_lost_answer_a_refusal_is_a_refusal() {
    let stub = restoring(false);
    let kms = kms(&stub);
    kms.restore(&key().version(3)).await.unwrap();
    let error = kms.restore(&key().version(3)).await.unwrap_err();
    assert_eq!(error.code, KmsCode::FailedPrecondition);
    assert_eq!(stub.count(":restore"), 2);
}

#[tokio::test]
async fn a_restore_that_did_not_happen_is_asked_for_again() {
    let stub = Stub::new(|before, asked| match (before, asked.method.as_str()) {
        (0, _) => Reply::Dropped,
        (_, "GET") => json(version(3, "DESTROY_SCHEDULED", "")),
        _ => json(version(3, "DISABLED", "")),
    });
    kms(&stub).restore(&key().version(3)).await.unwrap();
    assert_eq!(stub.count(":restore"), 2);
}

/// Creation whose answer is lost, then `there` is seen, or nothing.
fn creating(there: Option<String>) -> Stub {
    Stub::new(move |_, asked| match (asked.method.as_str(), &there) {
        ("GET", _) if asked.path.contains("/cryptoKeyVersions/") => json(version(1, "ENABLED", "")),
        ("GET", Some(there)) => json(there.clone()),
        ("GET", None) => refusal(404, "NOT_FOUND", &format!("CryptoKey {KEY} not found."), ""),
        _ if there.is_some() => Reply::Dropped,
        _ => refusal(503, "UNAVAILABLE", "no", ""),
    })
}

#[tokio::test]
async fn a_key_that_is_there_after_a_lost_answer_is_ours_only_if_it_is_equal() {
    let primary = format!(r#","primary":{}"#, version(1, "ENABLED", ""));
    let stub = creating(Some(crypto_key(KEY, &primary)));
    let created = kms(&stub).create_key(&key(), KeySpec::default()).await.unwrap();
    assert_eq!(created.primary, Some(1));
    assert_eq!(stub.count("cryptoKeyId="), 1);
    let labels = format!(r#"{primary},"labels":{{"team":"other"}}"#);
    let stub = creating(Some(crypto_key(KEY, &labels)));
    let error = kms(&stub)
        .create_key(&key(), KeySpec::default())
        .await
        .unwrap_err();
    assert_eq!(error.code, KmsCode::AlreadyExists);
    assert!(error.message.contains("labels"), "{error}");
}

#[tokio::test]
async fn a_key_that_exists_already_is_no_success() {
    let stub = Stub::new(|_, _| refusal(409, "ALREADY_EXISTS", "CryptoKey already exists.", ""));
    let error = kms(&stub)
        .create_key(&key(), KeySpec::default())
        .await
        .unwrap_err();
    assert_eq!(error.code, KmsCode::AlreadyExists);
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_not_as_asked_is_an_error() {
    let stub = Stub::new(|_, _| json(crypto_key(KEY, r#","labels":{"a":"b"}"#)));
    let error = kms(&stub)
        .create_key(&key(), KeySpec::default())
        .await
        .unwrap_err();
    assert!(
        error.code == KmsCode::Internal && error.message.contains("labels"),
        "{error}"
    );
}

fn versions(numbers: &[u64]) -> Reply {
    let versions: Vec<_> = numbers.iter().map(|n| version(*n, "ENABLED", "")).collect();
    json(format!(r#"{{"cryptoKeyVersions":[{}]}}"#, versions.join(",")))
}

#[tokio::test]
async fn a_version_is_asked_for_once_and_adopted() {
    for (after, adopted) in [
        (vec![1, 2, 3], Some(3)),
        (vec![1, 2], None),
        (vec![1, 2, 3, 4], None),
    ] {
        let stub = Stub::new(move |before, asked| match (before, asked.method.as_str()) {
            (0, "GET") => versions(&[1, 2]),
            (_, "GET") => versions(&after),
            _ => Reply::Dropped,
        });
        let made = kms(&stub).create_version(&key()).await;
        let posts = stub.asked().iter().filter(|asked| asked.method == "POST").count();
        assert_eq!(posts, 1, "never blindly repeated");
        match adopted {
            Some(number) => assert_eq!(made.unwrap().name.number(), number),
            None => {
                let error = made.unwrap_err();
                assert_eq!(error.code, KmsCode::Unavailable, "{error}");
                assert!(error.hint.unwrap().contains("keyward key show"));
            }
        }
    }
}

#[tokio::test]
async fn a_version_refused_for_its_quota_is_asked_for_again() {
    let stub = Stub::new(|before, asked| match (before, asked.method.as_str()) {
        (_, "GET") => versions(&[1]),
        (1, _) => refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded", ""),
        _ => json(version(2, "ENABLED", "")),
    });
    assert_eq!(kms(&stub).create_version(&key()).await.unwrap().name.number(), 2);
}

#[tokio::test]
async fn a_version_that_is_being_generated_is_waited_for() {
    let stub = Stub::new(|before, asked| match (before, asked.method.as_str()) {
        (0, _) => versions(&[1]),
        (1 | 2, _) => json(version(2, "PENDING_GENERATION", "")),
        _ => json(version(2, "ENABLED", "")),
    });
    let made = kms(&stub).create_version(&key()).await.unwrap();
    assert_eq!(made.state, VersionState::Enabled);
}

#[tokio::test]
async fn what_became_of_a_change_is_not_guessed() {
    let stub = Stub::new(|_, asked| match asked.method.as_str() {
        "GET" => refusal(403, "PERMISSION_DENIED", "no", ""),
        _ => Reply::Dropped,
    });
    let error = kms(&stub).disable(&key().version(3)).await.unwrap_err();
    assert_eq!(error.code, KmsCode::Unavailable);
    assert!(error.message.contains("lost"), "{error}");
    assert_eq!(
        stub.asked()
            .iter()
            .filter(|asked| asked.method == "PATCH")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_look_after_a_rescue_is_the_rescuers_where_the_reader_may_not() {
    let done = AtomicBool::new(false);
    let stub = Stub::new(move |_, asked| {
        let is_reader = asked.authorization.as_deref() == Some("Bearer reader@p");
        match asked.method.as_str() {
            "GET" if is_reader || asked.path.contains(":testIam") => {
                refusal(403, "PERMISSION_DENIED", "no", "")
            }
            "GET" => json(version(3, "DISABLED", "")),
            _ if !done.swap(true, Ordering::SeqCst) => Reply::Dropped,
            _ => refusal(400, "FAILED_PRECONDITION", "no", ""),
        }
    });
    let mut settings = settings(&stub);
    settings.impersonate = Impersonate {
        read: Some("reader@p".to_owned()),
        rescue: Some("rescuer@p".to_owned()),
        ..Impersonate::default()
    };
    let kms = kms_with(settings, CredentialSource::ApplicationDefault);
    let version = kms.restore(&key().version(3)).await.unwrap();
    assert_eq!(version.state, VersionState::Disabled);
}
