//! The programs that are measured: keyward as it is released, and those that people use for the same work.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use keyward_core::error::{Error, Result};

use super::contest::time;
use crate::interop::age_folder;
use crate::repository::Repository;

/// Where programs of others may stand besides `PATH` and what `cargo xtask interop` installed.
const PEERS: &str = "target/peers";

/// A program that can be started.
#[derive(Clone)]
pub(super) struct Program {
    path: PathBuf,
    /// Words before its arguments.
    before: Vec<OsString>,
}

impl Program {
    /// The given keyward, or the one of this checkout, built beside this program.
    pub(super) fn keyward(repository: &Repository, given: Option<&Path>) -> Result<Self> {
        let path = given.map_or_else(
            || build(repository, "keyward-cli", "keyward"),
            std::path::absolute,
        );
        path.map(Self::at)
            .map_err(|error| Error::unavailable("keyward could not be built").because(error))
    }

    /// The emulator of this checkout.
    pub(super) fn emulator(repository: &Repository) -> Result<Self> {
        let path = build(repository, "keyward-emulator", "keyward-emulator");
        path.map(Self::at)
            .map_err(|error| Error::unavailable("the emulator could not be built").because(error))
    }

    /// This very program.
    pub(super) fn this() -> Result<Self> {
        std::env::current_exe()
            .map(Self::at)
            .map_err(|error| Error::unavailable("this program cannot be found").because(error))
    }

    /// What messages call it.
    pub(super) fn name(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    fn at(path: PathBuf) -> Self {
        Self {
            path,
            before: Vec::new(),
        }
    }

    /// A program of others, when this machine has it.
    pub(super) fn peer(repository: &Repository, name: &str) -> Option<Self> {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let own = [repository.root().join(PEERS), age_folder(repository)];
        own.into_iter()
            .chain(std::env::split_paths(&usual))
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .map(Self::at)
    }

    /// How long a whole run takes, from starting the process to its end. It must succeed.
    pub(super) fn run<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Duration> {
        let mut command = self.command(folder, arguments);
        time(|| {
            let status = command.status().map_err(|error| self.failed(&error))?;
            if status.success() {
                Ok(())
            } else {
                Err(self.failed(&status))
            }
        })
    }

    /// Starts it, and leaves it running; what it prints can be read.
    pub(super) fn spawn<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Child> {
        let mut command = self.command(folder, arguments);
        command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.failed(&error))
    }

    /// The most memory that a run holds at once, in bytes.
    pub(super) fn peak_memory<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<u64> {
        let mut child = self
            .command(folder, arguments)
            .spawn()
            .map_err(|error| self.failed(&error))?;
        let mut peak = 0;
        loop {
            peak = peak.max(high_water(&child).unwrap_or(0));
            match child.try_wait().map_err(|error| self.failed(&error))? {
                Some(status) if status.success() => return Ok(peak),
                Some(status) => return Err(self.failed(&status)),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// The same program, kept to the first processor by `taskset`.
    pub(super) fn on_one_processor(&self, taskset: &Self) -> Self {
        let before = [OsStr::new("--cpu-list"), OsStr::new("0"), self.path.as_os_str()];
        Self {
            path: taskset.path.clone(),
            before: before.map(OsStr::to_owned).to_vec(),
        }
    }

    /// It sees nothing of its user: no configuration, no identities, and a home that is the working folder.
    fn command<S: AsRef<OsStr>>(&self, folder: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.before)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> Error {
        Error::unavailable(format!("it failed: {why}")).on(self.path.display())
    }
}

fn build(repository: &Repository, package: &str, binary: &str) -> std::io::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", package])
        .current_dir(repository.root())
        .status()?;
    let path = std::env::current_exe()?.with_file_name(binary);
    match built.success() {
        true => Ok(path),
        false => Err(std::io::Error::other("cargo build failed")),
    }
}

/// The kernel's high-water mark of a process' resident memory; none on other systems, or when it has ended.
fn high_water(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
