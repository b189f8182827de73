//! Several processes use one folder at once.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use keyward_core::key::VersionState;
use keyward_tests::embedded::Embedded;
use keyward_tests::folder::in_memory;
use keyward_tests::naive::Wish;
use keyward_tests::operation::{Key, Operation};
use keyward_tests::picture::{KEYS, RINGS, View};

const WORKER: &str = env!("CARGO_BIN_EXE_kms-worker");
const KEY: Key = KEYS[0];

/// Starts a worker, which waits to be told to go.
fn worker(folder: &Path, task: &str, number: u32) -> Child {
    Command::new(WORKER)
        .arg(folder)
        .args([task, &number.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lets all go at once, and returns what each said.
fn race(mut workers: Vec<Child>) -> Vec<Vec<String>> {
    for worker in &mut workers {
        worker.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }
    let outputs = workers
        .into_iter()
        .map(|worker| worker.wait_with_output().unwrap());
    outputs
        .map(|output| {
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().map(str::to_owned).collect()
        })
        .collect()
}

fn kms_with_ring(folder: &Path) -> Embedded {
    let mut kms = Embedded::new(folder);
    kms.apply(&Operation::CreateRing(KEY.0)).unwrap();
    kms
}

#[test]
fn one_of_two_that_create_the_same_key_wins() {
    for _ in 0..10 {
        let folder = in_memory();
        let kms = kms_with_ring(folder.path());
        let racers = (0..2).map(|_| worker(folder.path(), "create-key", 0)).collect();
        let mut said = race(racers).concat();
        said.sort();
        let refusal = format!("ALREADY_EXISTS: CryptoKey {} already exists.", KEY.name());
        assert_eq!(said, [refusal, "ok None".to_owned()]);
        assert_eq!(kms.versions(KEY).len(), 1);
    }
}

#[test]
fn a_location_that_several_make_at_once_is_made_once() {
    for _ in 0..10 {
        let folder = in_memory();
        let racers = (0..4).map(|_| worker(folder.path(), "create-ring", 1)).collect();
        let mut said = race(racers).concat();
        said.sort();
        assert_eq!(
            said.iter().filter(|line| *line == "ok None").count(),
            1,
            "{said:?}"
        );
        assert!(
            said[..3].iter().all(|line| line.starts_with("ALREADY_EXISTS")),
            "{said:?}"
        );
    }
}

#[test]
fn a_root_key_that_several_make_at_once_is_made_once() {
    for _ in 0..10 {
        let folder = in_memory();
        let mut kms = Embedded::new(folder.path());
        for ring in RINGS {
            kms.apply(&Operation::CreateRing(ring)).unwrap();
        }
        let said = race(
            (0..4)
                .map(|index| worker(folder.path(), "create-key", index))
                .collect(),
        );
        assert!(said.concat().iter().all(|line| line == "ok None"), "{said:?}");
        for key in KEYS {
            kms.apply(&Operation::Encrypt(key)).unwrap();
            kms.apply(&Operation::Decrypt(key, 0)).unwrap();
        }
    }
}

#[test]
fn writers_and_readers_wait_for_each_other() {
    let folder = in_memory();
    let mut kms = kms_with_ring(folder.path());
    let wish = Wish {
        window: 24,
        rotation: None,
        bare: false,
    };
    kms.apply(&Operation::CreateKey(KEY, wish)).unwrap();
    let tasks = [
        "create-version",
        "create-version",
        "encrypt",
        "encrypt",
        "create-version",
    ];
    let said = race(tasks.map(|task| worker(folder.path(), task, 20)).into());

    let mut made: Vec<String> = Vec::new();
    for (task, lines) in tasks.iter().zip(said) {
        assert_eq!(lines.len(), 20);
        match *task {
            "encrypt" => assert!(lines.iter().all(|line| line == "ok Some(1)"), "{lines:?}"),
            _ => made.extend(lines),
        }
    }
    let mut expected: Vec<String> = (2..=61).map(|number| format!("ok Some({number})")).collect();
    made.sort();
    expected.sort();
    assert_eq!(made, expected, "every number once");
    let versions = kms.versions(KEY);
    assert_eq!(versions.len(), 61);
    assert!(
        versions
            .iter()
            .all(|version| version.state == VersionState::Enabled)
    );
}

#[test]
fn a_writer_that_is_killed_keeps_nobody_out() {
    let folder = in_memory();
    let mut kms = kms_with_ring(folder.path());
    let wish = Wish {
        window: 24,
        rotation: None,
        bare: false,
    };
    kms.apply(&Operation::CreateKey(KEY, wish)).unwrap();
    for _ in 0..10 {
        let mut victim = worker(folder.path(), "create-version", u32::MAX);
        let mut other = worker(folder.path(), "create-version", 5);
        for racer in [&mut victim, &mut other] {
            racer.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
        }
        // The victim dies when the other is done: in the middle of something, wherever that is.
        let said = String::from_utf8(other.wait_with_output().unwrap().stdout).unwrap();
        victim.kill().unwrap();
        let died = String::from_utf8(victim.wait_with_output().unwrap().stdout).unwrap();
        let acknowledged = |text: &str| text.lines().filter(|line| line.starts_with("ok")).count();
        assert_eq!(acknowledged(&said), 5, "{said}");
        let versions = kms.versions(KEY).len();
        let last = kms.apply(&Operation::CreateVersion(KEY)).unwrap();
        assert_eq!(last.number(), Some(versions as u64 + 1));
        for line in said.lines().chain(died.lines()) {
            let number: usize = line
                .trim_start_matches("ok Some(")
                .trim_end_matches(')')
                .parse()
                .unwrap();
            assert!(number <= versions, "{line} was acknowledged");
        }
    }
}
