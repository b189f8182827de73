//! Keys of Cloud KMS, over its emulator: every verb, the loss of a location, and what others did to the keys meanwhile.

#![cfg(feature = "gcp")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use cloud::{A, B, Cloud, version};
use demo::Demo;

mod cloud;
mod demo;

#[test]
fn the_tour_goes_to_its_end_again_and_again() {
    let cloud = Cloud::start();
    for folder in ["one", "two"] {
        let demo = Demo::empty();
        let words = [
            "quickstart",
            folder,
            "--provider",
            "gcp",
            "--project",
            "demo",
            "--endpoint",
        ];
        let shown = demo.ok(&[&words[..], &[&cloud.endpoint()]].concat());
        let verdicts: Vec<_> = shown.lines().filter(|line| line.contains("2 keys in ")).collect();
        assert!(
            verdicts.len() == 2 && verdicts[0].starts_with("UNKNOWN") && verdicts[1].starts_with("PASS"),
            "{shown}"
        );
        let ran = demo.sh(&format!("cd {folder} && keyward verify"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            shown.contains(&format!(
                "keyward init --provider gcp --project demo --endpoint {}  a manifest of your own",
                cloud.endpoint()
            )),
            "{shown}"
        );
        assert!(
            !demo.path(&format!("{folder}/.keyward/kms")).exists(),
            "no embedded key"
        );
    }
}

#[test]
fn the_commands_of_the_tour_can_be_repeated() {
    let cloud = Cloud::start();
    let words = [
        "--json",
        "quickstart",
        "--provider",
        "gcp",
        "--project",
        "demo",
        "--endpoint",
    ];
    let object = Demo::empty().ok(&[&words[..], &[&cloud.endpoint()]].concat());
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    let by_hand = Demo::empty();
    for step in object["steps"].as_array().unwrap() {
        let command = step["command"].as_str().unwrap();
        let ran = by_hand.sh(command);
        assert_eq!(
            i64::from(ran.code),
            step["exit_code"].as_i64().unwrap(),
            "{command}: {}",
            ran.stderr
        );
    }
    assert!(by_hand.path("opened-degraded.txt").is_file());
}

#[test]
fn the_cloud_itself_is_not_used_without_a_yes() {
    let demo = Demo::empty();
    let ran = demo.run(&["quickstart", "--provider", "gcp", "--project", "demo"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("USD") && ran.stderr.contains("--yes"),
        "{}",
        ran.stderr
    );
    assert!(demo.names().is_empty());
}

#[test]
fn a_file_is_sealed_and_opened_without_manifest_home_and_state() {
    let cloud = Cloud::start();
    let project = cloud.project();
    project.ok(&["key", "create", "app"]);
    let container = Demo::empty();
    container.write("token", b"hunter2\n");
    let bare = |words: &[&str]| {
        let mut command = container.keyward(words);
        demo::ran(&command.env_remove("HOME").output().unwrap())
    };
    let (endpoint, key) = (cloud.endpoint(), format!("gcp-kms://{}", cloud::key(A)));
    let sealed = bare(&["--endpoint", &endpoint, "encrypt", "token", "--to", &key]);
    assert_eq!(sealed.code, 0, "{}", sealed.stderr);
    let opened = bare(&[
        "--endpoint",
        &endpoint,
        "decrypt",
        "token.kw",
        "--allow",
        "gcp-kms://projects/demo/*",
    ]);
    assert_eq!(
        (opened.code, opened.stdout.as_str()),
        (0, "hunter2\n"),
        "{}",
        opened.stderr
    );
    // A key that nobody allowed is not asked.
    let refused = bare(&["--endpoint", &endpoint, "decrypt", "token.kw"]);
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (2, ""),
        "{}",
        refused.stderr
    );
    // In the project, the manifest says how the key is reached.
    project.write("token", b"hunter2\n");
    project.ok(&["encrypt", "token", "--to", &key]);
}

#[test]
fn a_scheduled_version_comes_back_from_an_empty_folder() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    cloud.destroy(A);
    let ran = project.run(&["decrypt", "token.kw"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "hunter2\n"));
    assert!(ran.stderr.contains("degraded"), "{}", ran.stderr);
    let ran = project.run(&["verify"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let name = format!("gcp-kms://{}", version(A));
    assert!(
        ran.stdout.contains(&format!("keyward key restore {name}")),
        "{}",
        ran.stdout
    );
    let empty = Demo::empty();
    let restore = ["key", "restore", &name, "--endpoint", &cloud.endpoint()];
    let mut command = empty.keyward(&restore);
    let ran = demo::ran(&command.env_remove("HOME").output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("ENABLED, was DESTROY_SCHEDULED"),
        "{}",
        ran.stderr
    );
    assert!(empty.names().is_empty());
    project.ok(&["verify"]);
    let named = ["decrypt", "token.kw", "--endpoint", &cloud.endpoint()];
    assert_eq!(project.run(&named).stderr, "");
}

#[test]
fn verify_tells_what_is_wrong_from_what_cannot_be_seen() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    let verify = |project: &Demo| {
        let ran = project.run(&["verify"]);
        (ran.code, ran.stdout)
    };
    cloud.send_away(&project, A);
    let (code, shown) = verify(&project);
    assert_eq!(code, 3, "{shown}");
    cloud.disable(B);
    let (code, shown) = verify(&project);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("UNKNOWN") && shown.contains("FAIL"), "{shown}");
    let ran = project.run(&["decrypt", "token.kw"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
    cloud.bring_back(&project);
    let (code, shown) = verify(&project);
    assert_eq!(code, 1, "{shown}");
    project.ok(&["key", "enable", &format!("app/{B}@1")]);
    project.ok(&["verify"]);
}

#[test]
fn keys_are_listed_disabled_and_enabled_by_short_and_by_full_names() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    let short = format!("app/{A}@1");
    let refused = project.run(&["key", "disable", &short]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    project.ok(&["key", "disable", &short, "--even-if-needed"]);
    assert!(project.ok(&["key", "list"]).contains("DISABLED"));
    let full = format!("gcp-kms://{}", version(A));
    project.ok(&["key", "enable", &full]);
    let shown = project.ok(&["key", "show", &format!("app/{A}"), "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let key = &shown["keys"][0];
    assert_eq!(key["name"], format!("gcp-kms://{}", cloud::key(A)));
    assert_eq!(
        (&key["protection"], &key["versions"][0]["state"]),
        (&"SOFTWARE".into(), &"ENABLED".into())
    );
    let missing = project.run(&["key", "show", &format!("{full}2")]);
    assert_eq!(missing.code, 1, "{}", missing.stderr);
    let recover = project.ok(&["inspect", "--recover", "token.kw"]);
    assert!(
        recover.contains("gcloud kms decrypt") && recover.contains(A),
        "{recover}"
    );
    let explained = project.ok(&["explain", "token"]);
    assert!(explained.contains(&cloud.endpoint()), "{explained}");
}

#[test]
fn a_protection_level_is_made_and_verified_as_declared() {
    let cloud = Cloud::start();
    let project = cloud.project();
    project.edit("protection: software", "protection: hsm");
    project.ok(&["key", "create", "app"]);
    assert!(project.ok(&["key", "show", "app"]).contains("HSM"));
    project.ok(&["verify"]);
    project.edit("protection: hsm", "protection: software");
    let ran = project.run(&["verify"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("V15"), "{}", ran.stdout);
}

#[test]
fn whoever_may_not_look_sees_nothing_for_certain() {
    let cloud = Cloud::with_iam();
    let project = cloud.sealed();
    let stranger = ["--access-token-command", "echo stranger@example.com"];
    let ran = project.run(&[&stranger[..], &["verify"]].concat());
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains("FAIL"), "{}", ran.stdout);
    assert!(ran.stdout.contains("PERMISSION_DENIED"), "{}", ran.stdout);
    let full = format!("gcp-kms://{}", version(A));
    for words in [
        &["key", "list"][..],
        &["key", "show", "app"],
        &["decrypt", "token.kw"],
        &["key", "restore", &full],
        &["encrypt", "token", "-o", "again.kw"],
    ] {
        let ran = project.run(&[&stranger[..], words].concat());
        assert_eq!(ran.code, 3, "{words:?}: {}{}", ran.stdout, ran.stderr);
    }
    let failing = project.run(&["--access-token-command", "false", "verify"]);
    assert_eq!(failing.code, 3, "{}{}", failing.stdout, failing.stderr);
    // Nothing was made anew because it was not seen.
    without_lock(&project);
    let ran = project.run(&[&stranger[..], &["key", "create", "app"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.stderr);
}

/// Who makes keys need not see their rings, nor be one who may make rings.
#[test]
fn a_key_is_made_in_a_ring_that_the_caller_may_not_see() {
    let cloud = Cloud::with_iam();
    let project = cloud.project();
    let trouble = cloud.emulator().trouble();
    for location in [A, B] {
        let path = format!("/v1/projects/demo/locations/{location}/keyRings?keyRingId=secrets");
        assert_eq!(cloud.http("POST", &path, "application/json", b"{}").0, 200);
    }
    let may = [
        "cloudkms.cryptoKeys.create",
        "cloudkms.cryptoKeys.get",
        "cloudkms.cryptoKeyVersions.list",
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeyVersions.useToDecrypt",
    ];
    trouble.set_role("projects/demo/roles/maker", &may).unwrap();
    trouble
        .grant(
            "projects/demo",
            "projects/demo/roles/maker",
            "user:maker@example.com",
        )
        .unwrap();
    project.ok(&[
        "--access-token-command",
        "echo maker@example.com",
        "key",
        "create",
        "app",
    ]);
    let calls = trouble.calls();
    assert!(calls.iter().any(|call| call.method == "CreateCryptoKey"));
}

#[test]
fn a_changed_project_makes_no_key_unless_that_is_meant() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    project.edit("project: demo", "project: dmeo-1");
    let verify = project.run(&["verify"]);
    assert_eq!(verify.code, 1, "{}", verify.stdout);
    assert!(
        verify.stdout.contains("next: git log -p -- keyward.yaml") && !verify.stdout.contains("key create"),
        "{}",
        verify.stdout
    );
    let ran = project.run(&["key", "create", "app"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("the manifest has it in the project dmeo-1, and keyward.lock in demo"),
        "{}",
        ran.stderr
    );
    assert!(project.run(&["key", "list"]).stdout.contains("MISSING"));
    project.ok(&["key", "create", "app", "--even-if-recorded-elsewhere"]);
}

/// A checkout without its lock.
fn without_lock(project: &Demo) {
    std::fs::remove_file(project.path("keyward.lock")).unwrap();
}
