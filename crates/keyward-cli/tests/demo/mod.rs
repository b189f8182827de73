//! A folder with a manifest and keys in two locations, and the program to run in it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A project in a folder of its own, removed afterwards.
pub(crate) struct Demo {
    folder: tempfile::TempDir,
}

/// What a run left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Demo {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A project with keys in `europe-west1` and `us-central1`, an escrow identity in `escrow.txt`, and the file
    /// `token` sealed as `token.kw`.
    pub(crate) fn sealed() -> Self {
        let demo = Self::empty();
        let made = demo.ok(&["escrow", "new", "-o", "escrow.txt"]);
        let recipient = made
            .split_whitespace()
            .find(|word| word.starts_with("age1"))
            .unwrap()
            .to_owned();
        demo.ok(&["init", "--provider", "embedded", "--escrow", &recipient]);
        demo.ok(&["key", "create", "app"]);
        demo.write("token", b"hunter2\n");
        demo.ok(&["encrypt", "token"]);
        demo
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Replaces `from`, which must be there, in the manifest.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("keyward.yaml")).unwrap();
        assert!(text.contains(from), "{text}");
        self.write("keyward.yaml", text.replacen(from, to, 1).as_bytes());
    }

    /// The store of one location.
    pub(crate) fn location(&self, name: &str) -> PathBuf {
        self.path(&format!(".keyward/kms/{name}.db"))
    }

    /// The program, about to run in the folder, with nothing of this environment.
    pub(crate) fn keyward(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        ran(&self.keyward(words).output().unwrap())
    }

    /// Runs what must succeed, and gives what it printed.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
        ran.stdout
    }

    /// A line of shell, in which `keyward` is the program.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_keyward"));
        let path = format!(
            "{}:{}",
            program.parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env_clear();
        command
            .envs([("PATH", path.as_str()), ("LC_ALL", "C.UTF-8")])
            .env("HOME", self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a line of shell.
    pub(crate) fn sh(&self, line: &str) -> Ran {
        ran(&self.shell(line).output().unwrap())
    }

    /// Everything in the folder, hidden temporary files included.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
