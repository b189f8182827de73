//! A folder that cannot be written: looking and using go on, changing says why not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::ffi::OsStr;
use std::path::Path;

use keyward_tests::embedded::Embedded;
use keyward_tests::fault::{Faults, How};
use keyward_tests::story::story;

const WORKER: &str = env!("CARGO_BIN_EXE_kms-worker");

/// Has a worker look at the folder as if its file system were read-only, or else with nothing in the way.
fn look(faults: &Faults, folder: &Path, read_only: bool) -> Vec<String> {
    let arguments = [folder.as_os_str(), OsStr::new("look"), OsStr::new("0")];
    let at = if read_only { 1 } else { u32::MAX };
    let output = faults.run(WORKER, &arguments, How::ReadOnly, at);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn looking_and_using_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::compile(folder.path());
    let mut kms = Embedded::new(folder.path());
    for operation in &story()[..5] {
        kms.apply(operation).unwrap();
    }
    let said = look(&faults, folder.path(), true);
    assert_eq!(
        said[..3],
        ["present, primary Some(2)", "ok Some(2)", "ok Some(2)"]
    );
    assert!(said[3].starts_with("UNAVAILABLE"), "{said:#?}");
    assert!(
        said[3].contains("global.db: it, or its folder, cannot be written"),
        "{said:#?}"
    );
    assert_eq!(said[4], "ok Some(2)", "it is enabled: there is nothing to change");
}

#[test]
fn an_interrupted_change_is_unknown_until_it_can_be_undone() {
    let tools = tempfile::tempdir().unwrap();
    let faults = Faults::compile(tools.path());
    let mut interrupted = 0;
    for at in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [folder.path().as_os_str(), OsStr::new("story"), OsStr::new("4")];
        for operation in &story()[..4] {
            Embedded::new(folder.path()).apply(operation).unwrap();
        }
        let killed = faults.run(WORKER, &arguments, How::KillBefore, at);
        if !killed.stdout.is_empty() {
            break;
        }
        let said = look(&faults, folder.path(), true);
        let undone = said[0].contains("a change was interrupted");
        if undone {
            interrupted += 1;
            assert!(
                said.iter().all(|line| line.starts_with("UNAVAILABLE")),
                "{said:#?}"
            );
        } else {
            assert!(said[0].starts_with("present"), "{said:#?}");
        }
        let said = look(&faults, folder.path(), false);
        assert!(!undone || said[0] == "present, primary Some(1)", "{said:#?}");
        assert!(said[1..].iter().all(|line| line == "ok Some(2)"), "{said:#?}");
    }
    assert!(
        interrupted > 0,
        "no kill left a journal that has to be played back"
    );
}
