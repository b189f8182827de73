//! Runs a program that is killed, or whose calls fail, at a chosen write.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The library that is preloaded. `unsafe` is forbidden here, so it is C: every machine that builds SQLite has a
/// compiler for it.
const SOURCE: &str = include_str!("fault.c");

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The process dies before it.
    KillBefore,
    /// It writes half of what it should, and the process dies. Other calls than writes are made whole.
    KillHalf,
    /// The process dies after it.
    KillAfter,
    /// There is no room: this call and all later ones fail.
    DiskFull,
    /// The file system is read-only: this call and all later ones fail.
    ReadOnly,
}

impl How {
    fn text(self) -> &'static str {
        match self {
            Self::KillBefore => "kill-before",
            Self::KillHalf => "kill-half",
            Self::KillAfter => "kill-after",
            // ENOSPC and EROFS, the same number on every Linux.
            Self::DiskFull => "28",
            Self::ReadOnly => "30",
        }
    }
}

/// The compiled library.
pub struct Faults(PathBuf);

impl Faults {
    /// Compiles the library into `folder`.
    pub fn compile(folder: &Path) -> Self {
        let (source, library) = (folder.join("fault.c"), folder.join("fault.so"));
        std::fs::write(&source, SOURCE).unwrap();
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let done = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(done.expect("a C compiler").success());
        Self(library)
    }

    /// Runs `program`. Calls that change files are counted from 1, and number `at` is the one.
    pub fn run(&self, program: &str, arguments: &[&OsStr], how: How, at: u32) -> Output {
        let mut command = Command::new(program);
        command.args(arguments);
        self.apply(&mut command, how, at);
        command.output().unwrap()
    }

    /// Has a command, once it is started, meet the same.
    pub fn apply(&self, command: &mut Command, how: How, at: u32) {
        command
            .env("LD_PRELOAD", &self.0)
            .env("FAULT_AT", at.to_string())
            .env("FAULT_HOW", how.text());
    }
}
