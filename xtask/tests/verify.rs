//! `cargo xtask verify` is the gate of a pipeline: 0 when all is well, 1 for a finding, 3 for what could not be seen.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = "\
version: 1
environments:
  stg: {protected: false}
  prd: {protected: false}
keyrings:
  staging: {env: stg, provider: embedded, locations: [europe-west1], ring: a, key: staging, destroy_after: 30d}
  live: {env: prd, provider: embedded, locations: [europe-west1, us-central1], ring: a, key: live, destroy_after: 30d}
rules:
  - {path: \"stg/**\", keyring: staging}
  - {path: \"**\", keyring: live}
";

struct Demo(tempfile::TempDir);

impl Demo {
    /// A manifest whose keys exist.
    fn new() -> Self {
        let demo = Self(tempfile::tempdir().unwrap());
        fs::write(demo.manifest(), MANIFEST).unwrap();
        assert_eq!(demo.keyward(&["--env", "stg", "key", "create", "staging"]), 0);
        assert_eq!(demo.keyward(&["--env", "prd", "key", "create", "live"]), 0);
        demo
    }

    fn manifest(&self) -> PathBuf {
        self.0.path().join("keyward.yaml")
    }

    fn keyward(&self, verb: &[&str]) -> u8 {
        let manifest = self.manifest();
        let start = ["keyward", "--manifest", manifest.to_str().unwrap()];
        keyward_cli::run(start.iter().chain(verb).map(Into::into))
    }

    /// The exit code of the gate, called from elsewhere.
    fn verify(&self, more: &[&str]) -> i32 {
        self.gate(more).status().unwrap().code().unwrap()
    }

    fn gate(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["verify", "--manifest"]).arg(self.manifest());
        command.args(more).current_dir("/").env("HOME", self.0.path());
        command
    }

    fn location(&self, name: &str) -> PathBuf {
        self.0.path().join(".keyward/kms").join(name)
    }
}

fn hide(file: &Path) {
    fs::rename(file, file.with_extension("away")).unwrap();
}

#[test]
fn all_is_well_in_every_environment() {
    let demo = Demo::new();
    assert_eq!(demo.verify(&["--env", "stg", "--env", "prd"]), 0);
}

#[test]
fn a_finding_in_one_environment_is_the_answer() {
    let demo = Demo::new();
    assert_eq!(
        demo.keyward(&["--env", "prd", "key", "disable", "live/us-central1@1"]),
        0
    );
    assert_eq!(demo.verify(&["--env", "stg"]), 0);
    assert_eq!(demo.verify(&["--env", "prd", "--env", "stg"]), 1);
}

#[test]
fn what_cannot_be_seen_is_not_fine() {
    let demo = Demo::new();
    hide(&demo.location("us-central1.db"));
    assert_eq!(demo.verify(&["--env", "stg", "--env", "prd"]), 3);
}

#[test]
fn a_wrong_call_is_neither() {
    let demo = Demo::new();
    assert_eq!(demo.verify(&["--env", "nowhere"]), 2);
    fs::remove_file(demo.manifest()).unwrap();
    assert_eq!(demo.verify(&[]), 2);
}

#[test]
fn a_variable_does_not_narrow_it() {
    let demo = Demo::new();
    hide(&demo.location("us-central1.db"));
    let narrowed = demo.gate(&[]).env("KEYWARD_ENV", "stg").status();
    assert_eq!(narrowed.unwrap().code(), Some(3));
}

#[test]
fn nothing_else_is_taken_for_a_verification() {
    let demo = Demo::new();
    assert_eq!(demo.verify(&["--", "--help"]), 2);
    assert_eq!(demo.verify(&["--env", "stg", "--env", "prd", "--", "--json"]), 2);
}
