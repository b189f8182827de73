//! A process that dies at any write, or runs out of room at any write, loses nothing that it acknowledged and leaves
//! nothing half done.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Output;

use keyward_tests::embedded::Embedded;
use keyward_tests::fault::{Faults, How};
use keyward_tests::folder::in_memory;
use keyward_tests::operation::{Answer, Operation};
use keyward_tests::picture::{KEYS, View};
use keyward_tests::pure::Pure;
use keyward_tests::story::story;
use rusqlite::Connection;

const WORKER: &str = env!("CARGO_BIN_EXE_kms-worker");

/// Far more calls than the story makes: a test that ends here has not found its end.
const MOST_CALLS: u32 = 10_000;

#[test]
fn killed_before_any_write() {
    killed_at_every_call(How::KillBefore);
}

#[test]
fn killed_in_the_middle_of_any_write() {
    killed_at_every_call(How::KillHalf);
}

#[test]
fn killed_after_any_write() {
    killed_at_every_call(How::KillAfter);
}

fn killed_at_every_call(how: How) {
    let tools = in_memory();
    let faults = Faults::compile(tools.path());
    for at in 1..MOST_CALLS {
        let folder = in_memory();
        let output = tell_story(&faults, folder.path(), how, at);
        let acknowledged = lines(&output).len();
        if output.status.success() {
            assert_eq!(acknowledged, story().len());
            assert!(at > 200, "the story makes {at} calls: is the library preloaded?");
            return;
        }
        let done = assert_consistent(folder.path(), acknowledged, &format!("{how:?} {at}"));
        finish_story(folder.path(), done);
    }
    panic!("the story never ends");
}

#[test]
fn out_of_room_at_any_write() {
    let tools = in_memory();
    let faults = Faults::compile(tools.path());
    for at in 1..MOST_CALLS {
        let folder = in_memory();
        let output = tell_story(&faults, folder.path(), How::DiskFull, at);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lines = lines(&output);
        let Some(failed) = lines.iter().position(|line| line.starts_with("UNAVAILABLE")) else {
            assert!(at > 200, "the story makes {at} calls: is the library preloaded?");
            assert_eq!(lines, lines_of_story());
            return;
        };
        let expected = lines_of_story();
        assert_eq!(lines[..failed], expected[..failed], "{at}");
        let done = assert_consistent(folder.path(), failed, &format!("disk full {at}"));
        finish_story(folder.path(), done);
    }
    panic!("the story never ends");
}

/// Runs the story in another process.
fn tell_story(faults: &Faults, folder: &Path, how: How, at: u32) -> Output {
    let arguments = [folder.as_os_str(), OsStr::new("story"), OsStr::new("0")];
    faults.run(WORKER, &arguments, how, at)
}

fn lines(output: &Output) -> Vec<String> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What the worker prints when nothing fails.
fn lines_of_story() -> Vec<String> {
    let mut pure = Pure::new();
    let line = |operation| match pure.apply(operation) {
        Ok(answer) => format!("ok {:?}", answer.number()),
        Err(error) => error.to_string(),
    };
    story().iter().map(line).collect()
}

/// Looks at what a dead process left: every acknowledged operation is there, and the next one whole or not at all.
/// Returns how many operations are done.
fn assert_consistent(folder: &Path, acknowledged: usize, when: &str) -> usize {
    let story = story();
    let before = told(&story[..acknowledged]);
    let after = told(&story[..(acknowledged + 1).min(story.len())]);
    let mut left = Embedded::new(folder);
    for operation in story[..acknowledged].iter().filter(|operation| waits(operation)) {
        left.apply(operation).unwrap();
    }
    let picture = left.picture();
    assert_sound(folder, when);
    if picture == before.picture() {
        return acknowledged;
    }
    assert_eq!(picture, after.picture(), "{when}, {acknowledged} acknowledged");
    acknowledged + 1
}

fn told(operations: &[Operation]) -> Pure {
    let mut pure = Pure::new();
    for operation in operations {
        let _ = pure.apply(operation);
    }
    pure
}

fn waits(operation: &Operation) -> bool {
    matches!(operation, Operation::Wait(_))
}

/// SQLite finds nothing wrong.
fn assert_sound(folder: &Path, when: &str) {
    let file = folder.join("kms/global.db");
    if !file.exists() {
        return;
    }
    let database = Connection::open(file).unwrap();
    let verdict: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok", "{when}");
    let mut violations = database.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!violations.exists([]).unwrap(), "{when}");
}

/// Whoever comes next can go on: the rest of the story, and every version that is left works.
fn finish_story(folder: &Path, done: usize) {
    let (story, mut kms) = (story(), Embedded::new(folder));
    for (index, operation) in story.iter().enumerate() {
        if index >= done || waits(operation) {
            let _ = kms.apply(operation);
        }
    }
    let whole = told(&story);
    assert_eq!(kms.picture(), whole.picture());
    assert_eq!(
        files(folder),
        ["global.db"],
        "nothing is left but new files that never got their name"
    );
    for key in KEYS {
        for version in whole.versions(key) {
            let number = version.name.number();
            if kms.apply(&Operation::EncryptWith(key, number)) == Ok(Answer::Used(version.name.clone())) {
                let opened = kms.apply(&Operation::Decrypt(key, 0));
                assert_eq!(opened, Ok(Answer::Used(version.name)));
            }
        }
    }
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("kms")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}
