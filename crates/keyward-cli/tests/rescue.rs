//! The day on which keys are gone: what opens, what verify says, and how a key comes back.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use demo::Demo;
use keyward_core::clock::{Clock, Timestamp};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

mod demo;

const A: &str = "europe-west1";
const B: &str = "us-central1";

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

fn version(location: &str) -> String {
    format!("projects/local/locations/{location}/keyRings/secrets/cryptoKeys/app/cryptoKeyVersions/1")
}

/// What somebody with the right to destroy does, as no command of keyward can.
fn schedule_destruction(state: &Path, location: &str) {
    let root = RootKeySource::File(state.join("root.key"));
    let kms = EmbeddedKms::new(
        &state.join("kms"),
        root,
        Arc::new(Now),
        Box::new(UnwrapErr(SysRng)),
    );
    kms.schedule_destruction(&version(location).parse().unwrap())
        .unwrap();
}

/// A way to make the key of a location unusable, and whether verify then knows it for certain.
type Harm = (&'static str, fn(&Demo, &str), i32);

const HARMS: [Harm; 3] = [
    (
        "disabled",
        |demo, location| {
            demo.ok(&["key", "disable", &format!("app/{location}@1"), "--even-if-needed"]);
        },
        1,
    ),
    (
        "scheduled for destruction",
        |demo, location| schedule_destruction(&demo.path(".keyward"), location),
        1,
    ),
    (
        "gone",
        |demo, location| fs::remove_file(demo.location(location)).unwrap(),
        3,
    ),
];

#[test]
fn a_file_opens_with_any_one_of_its_locations() {
    for (what, harm, verdict) in HARMS {
        for (lost, other) in [(A, B), (B, A)] {
            let demo = Demo::sealed();
            harm(&demo, lost);
            assert_eq!(demo.ok(&["decrypt", "token.kw"]), "hunter2\n", "{lost} {what}");
            let verify = demo.run(&["verify"]);
            assert_eq!(verify.code, verdict, "{lost} {what}: {}", verify.stdout);
            assert!(
                verify.stdout.contains(&format!("app/{lost}")),
                "{}",
                verify.stdout
            );
            harm(&demo, other);
            let ran = demo.run(&["decrypt", "token.kw"]);
            assert!(matches!(ran.code, 1 | 3), "both {what}: {}", ran.code);
            assert_eq!(ran.stdout, "");
            let opened = demo.ok(&["decrypt", "token.kw", "--identity", "escrow.txt"]);
            assert_eq!(opened, "hunter2\n", "both {what}");
        }
    }
}

#[test]
fn the_nearest_location_is_degraded_when_it_is_lost() {
    let demo = Demo::sealed();
    assert_eq!(demo.run(&["decrypt", "token.kw"]).stderr, "");
    fs::remove_file(demo.location(A)).unwrap();
    let ran = demo.run(&["decrypt", "token.kw"]);
    assert!(
        ran.stderr.contains("degraded: opened by") && ran.stderr.contains(B),
        "{}",
        ran.stderr
    );
    assert_eq!(demo.run(&["decrypt", "token.kw", "--near", B]).stderr, "");
}

#[test]
fn a_scheduled_version_comes_back_from_an_empty_folder() {
    let demo = Demo::sealed();
    let state = demo.path(".keyward");
    schedule_destruction(&state, A);
    let empty = Demo::empty();
    // The audit log cannot be written: a folder stands where it should be.
    fs::remove_file(state.join("audit.jsonl")).unwrap();
    fs::create_dir(state.join("audit.jsonl")).unwrap();
    let name = format!("embedded-kms://{}", version(A));
    let ran = empty.run(&["key", "restore", &name, "--state", state.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stderr.matches("could not be recorded").count(),
        1,
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("ENABLED, was DESTROY_SCHEDULED"),
        "{}",
        ran.stderr
    );
    assert!(empty.names().is_empty());
    demo.ok(&["verify"]);
    // The same log stands in the way of a change that could make something harder to open.
    let refused = demo.run(&["key", "disable", &format!("app/{A}@1"), "--even-if-needed"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("audit log cannot be written"),
        "{}",
        refused.stderr
    );
    demo.ok(&["verify"]);
}

#[test]
fn a_broken_manifest_does_not_stand_in_the_way_of_a_full_name() {
    let demo = Demo::sealed();
    schedule_destruction(&demo.path(".keyward"), B);
    demo.write("keyward.yaml", b"version: nonsense");
    let name = format!("embedded-kms://{}", version(B));
    let ran = demo.run(&["key", "restore", &name]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("left out of account"), "{}", ran.stderr);
    assert!(
        !demo.path(".local").exists(),
        "the state is the one beside the manifest"
    );
}

#[test]
fn a_broken_manifest_does_not_stand_in_the_way_of_opening_and_looking() {
    let demo = Demo::sealed();
    demo.write("keyward.yaml", b"version: nonsense");
    let name = format!("embedded-kms://{}", version(B));
    for means in [
        &["--identity", "escrow.txt"],
        &["--allow", "embedded-kms://projects/local/*"],
    ] {
        let ran = demo.run(&[&["decrypt", "token.kw"], &means[..]].concat());
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, "hunter2\n"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("left out of account"), "{}", ran.stderr);
    }
    assert!(demo.ok(&["key", "list", &name]).contains("ENABLED"));
    assert!(demo.ok(&["key", "show", &name]).contains("ENABLED"));
    // Without means of its own, or with a demand that only the manifest can meet, it is an error with a way out.
    for words in [
        &["decrypt", "token.kw"][..],
        &["decrypt", "token.kw", "--identity", "escrow.txt", "--env", "demo"],
        &["key", "restore", "app/us-central1@1"],
    ] {
        let ran = demo.run(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}");
        assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
}

#[test]
fn a_state_folder_that_is_not_there_is_named_and_not_made() {
    let demo = Demo::empty();
    let name = format!("embedded-kms://{}", version(A));
    for words in [
        &["key", "restore", &name][..],
        &["key", "restore", &name, "--state", "wrong"],
    ] {
        let ran = demo.run(words);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(ran.stderr.contains("--state DIR"), "{}", ran.stderr);
        assert!(demo.names().is_empty());
    }
}

#[test]
fn a_restored_version_that_cannot_be_proven_is_restored_all_the_same() {
    let demo = Demo::sealed();
    let (root_key, away) = (demo.path(".keyward/root.key"), demo.path("away"));
    schedule_destruction(&demo.path(".keyward"), A);
    fs::rename(&root_key, &away).unwrap();
    let ran = demo.run(&["key", "restore", &format!("app/{A}@1")]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("it is ENABLED"), "{}", ran.stderr);
    let log = fs::read_to_string(demo.path(".keyward/audit.jsonl")).unwrap();
    assert!(log.trim_end().ends_with(r#""outcome":"done"}"#), "{log}");
    fs::rename(&away, &root_key).unwrap();
    demo.ok(&["verify"]);
}

#[test]
fn enable_does_not_restore() {
    let demo = Demo::sealed();
    schedule_destruction(&demo.path(".keyward"), A);
    let ran = demo.run(&["key", "enable", &format!("app/{A}@1")]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("keyward key restore"), "{}", ran.stderr);
    let list = demo.ok(&["key", "list"]);
    assert!(
        list.contains("DESTROY_SCHEDULED") && list.contains("destroyed at ") && list.contains(", in 719 h"),
        "{list}"
    );
}
