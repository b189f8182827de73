//! A key that is lost, or cannot be seen, is neither made again under its name nor written over in the lock.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::process::Stdio;

use demo::Demo;

mod demo;

const A: &str = "europe-west1";

/// The lock without its entry for `A`.
fn without_a(lock: &str) -> String {
    let (mut kept, mut inside) = (String::new(), false);
    for line in lock.lines() {
        if line.starts_with("  embedded-kms") {
            inside = line.contains(A);
        }
        if !inside {
            kept += line;
            kept += "\n";
        }
    }
    kept
}

#[test]
fn a_key_that_files_name_is_not_made_again() {
    let demo = Demo::sealed();
    let lock = fs::read_to_string(demo.path("keyward.lock")).unwrap();
    fs::rename(demo.location(A), demo.path("away")).unwrap();
    for left in [None, Some(without_a(&lock))] {
        fs::remove_file(demo.path("keyward.lock")).unwrap();
        if let Some(left) = &left {
            demo.write("keyward.lock", left.as_bytes());
        }
        for name in ["app", "app/europe-west1"] {
            let ran = demo.run(&["key", "create", name]);
            assert_eq!(ran.code, 1, "{}", ran.stderr);
            assert!(ran.stderr.contains("needed by token.kw"), "{}", ran.stderr);
        }
        assert!(!demo.location(A).exists());
        let now = fs::read_to_string(demo.path("keyward.lock")).ok();
        assert_eq!(now, left, "the lock is as it was");
        demo.write("keyward.lock", b"version: 1\nkeys: {}\n");
    }
    fs::rename(demo.path("away"), demo.location(A)).unwrap();
    let found = demo.run(&["key", "create", "app"]);
    assert!(
        found.stderr.contains("app/europe-west1: found"),
        "{}",
        found.stderr
    );
    demo.ok(&["verify"]);
}

#[test]
fn what_cannot_be_seen_is_not_taken_for_new() {
    let demo = Demo::sealed();
    fs::remove_file(demo.path("keyward.lock")).unwrap();
    fs::write(demo.location(A), "not a database").unwrap();
    let ran = demo.run(&["key", "create", "app"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(fs::read(demo.location(A)).unwrap(), b"not a database");
    // A file that cannot be read may name any key.
    let sealed = fs::read(demo.path("token.kw")).unwrap();
    demo.write("token.kw", &sealed[..40]);
    fs::remove_file(demo.location(A)).unwrap();
    let ran = demo.run(&["key", "create", "app"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("token.kw") && !demo.location(A).exists(),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_location_that_is_away_gets_no_new_file_for_another_key() {
    let demo = Demo::sealed();
    let manifest = fs::read_to_string(demo.path("keyward.yaml")).unwrap();
    let app = manifest.find("  app:").unwrap();
    let rules = manifest.find("rules:").unwrap();
    let other = manifest[app..rules]
        .replacen("app:", "other:", 1)
        .replacen("key: app", "key: other", 1);
    let both = [&manifest[..rules], &other, &manifest[rules..]].concat();
    demo.write("keyward.yaml", both.as_bytes());
    fs::rename(demo.location(A), demo.path("away")).unwrap();

    let ran = demo.run(&["key", "create", "other"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("put it back"), "{}", ran.stderr);
    assert!(!demo.location(A).exists());
    fs::rename(demo.path("away"), demo.location(A)).unwrap();
    demo.ok(&["key", "create", "other"]);
    demo.ok(&["verify"]);
}

#[test]
fn a_replaced_key_is_not_blessed_by_changing_its_state() {
    let demo = Demo::sealed();
    let lock = fs::read(demo.path("keyward.lock")).unwrap();
    for gone in [demo.path("keyward.lock"), demo.path("token.kw"), demo.location(A)] {
        fs::remove_file(gone).unwrap();
    }
    demo.ok(&["key", "create", "app"]);
    demo.write("keyward.lock", &lock);
    for words in [
        &["key", "enable", "app/europe-west1@1"][..],
        &["key", "restore", "app/europe-west1@1"],
        &["key", "disable", "app/europe-west1@1"],
        &["key", "enable", "app/europe-west1@1"],
    ] {
        let ran = demo.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("another one of this name"),
            "{words:?}: {}",
            ran.stderr
        );
        assert_eq!(fs::read(demo.path("keyward.lock")).unwrap(), lock, "{words:?}");
    }
    let verify = demo.run(&["verify"]);
    assert!(
        verify.code == 1 && verify.stdout.contains("V10"),
        "{}",
        verify.stdout
    );
}

#[test]
fn a_run_that_made_nothing_leaves_no_lock() {
    let demo = Demo::empty();
    demo.ok(&["init", "--provider", "embedded"]);
    fs::create_dir_all(demo.path(".keyward/root.key")).unwrap();
    assert_ne!(demo.run(&["key", "create", "app"]).code, 0);
    assert!(!demo.path("keyward.lock").exists());
}

#[test]
fn keys_made_at_once_are_all_recorded() {
    for _ in 0..8 {
        let demo = Demo::empty();
        demo.ok(&["init", "--provider", "embedded"]);
        let children = ["app/europe-west1", "app/us-central1", "app"].map(|name| {
            let mut command = demo.keyward(&["key", "create", name]);
            command
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        });
        for child in children {
            let ran = demo::ran(&child.wait_with_output().unwrap());
            // The last one may find everything done.
            assert!(matches!(ran.code, 0 | 2), "{}", ran.stderr);
        }
        demo.ok(&["verify"]);
    }
}

#[test]
fn a_changed_location_makes_no_key_unless_that_is_meant() {
    let demo = Demo::sealed();
    demo.edit("[europe-west1, us-central1]", "[europe-west4, us-central1]");
    for name in ["app", "app/europe-west4"] {
        let ran = demo.run(&["key", "create", name]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains("the manifest has it in europe-west4, and keyward.lock in europe-west1"),
            "{}",
            ran.stderr
        );
    }
    assert!(!demo.location("europe-west4").exists());
    let verify = demo.run(&["verify"]).stdout;
    assert!(
        verify.contains("next: git log -p -- keyward.yaml") && !verify.contains("key create"),
        "{verify}"
    );
    demo.ok(&["key", "create", "app", "--even-if-recorded-elsewhere"]);
    assert!(demo.location("europe-west4").exists());
    // Beside the old ones, a location more is nothing to be asked about.
    demo.edit(
        "[europe-west4, us-central1]",
        "[europe-west1, europe-west4, us-central1, us-east1]",
    );
    demo.ok(&["key", "create", "app"]);
    demo.ok(&["verify"]);
}
