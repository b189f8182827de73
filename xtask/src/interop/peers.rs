//! The other implementations, at pinned versions, installed below `target/interop` by their own package managers, each
//! in a folder that names its version: what was installed for another version is never taken for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keyward_core::error::{Error, Result};

use crate::repository::Repository;

/// The reference implementation of age, in Go.
const AGE: &str = "filippo.io/age/cmd/...";
const AGE_VERSION: &str = "v1.3.1";
const CRYPTOGRAPHY: &str = "cryptography";
/// The first release with `Cobblestone256Decryptor` is 50.
const CRYPTOGRAPHY_VERSION: &str = "50.0.2";

/// What could be had on this machine.
pub struct Peers {
    /// The folder with `age` and `age-keygen`, when Go is installed.
    pub age: Option<PathBuf>,
    /// A Python with `cryptography`, when Python 3 with its `venv` is installed.
    pub python: Option<PathBuf>,
}

impl Peers {
    /// Installs what the tools of this machine allow. A tool that is there and fails is an error; one that is absent
    /// is not.
    pub fn install(repository: &Repository) -> Result<Self> {
        let python = versioned(repository, CRYPTOGRAPHY, CRYPTOGRAPHY_VERSION);
        Ok(Self {
            age: install_age(&age_folder(repository))?,
            python: install_python(&python)?,
        })
    }

    /// Says which peers take part, so that a comparison that did not run is never mistaken for one that passed.
    pub fn report(&self) {
        tell("age", self.age.as_deref(), "Go is not installed");
        tell(
            "python",
            self.python.as_deref(),
            "Python 3 with venv is not installed",
        );
    }

    /// A command that finds the pinned `age` before any other.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.age.iter().cloned().chain(std::env::split_paths(&usual));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }
}

/// Where the pinned `age` and `age-keygen` are, once installed.
pub fn age_folder(repository: &Repository) -> PathBuf {
    versioned(repository, "age", AGE_VERSION)
}

fn versioned(repository: &Repository, name: &str, version: &str) -> PathBuf {
    repository
        .root()
        .join("target/interop")
        .join(format!("{name}-{version}"))
}

fn tell(name: &str, place: Option<&Path>, absence: &str) {
    match place {
        Some(_) => println!("peer {name}: installed"),
        None => println!("peer {name}: NOT RUN, {absence}"),
    }
}

fn install_age(bin: &Path) -> Result<Option<PathBuf>> {
    if bin.join("age").is_file() && bin.join("age-keygen").is_file() {
        return Ok(Some(bin.to_path_buf()));
    }
    if !answers("go", &["version"]) {
        return Ok(None);
    }
    let package = format!("{AGE}@{AGE_VERSION}");
    run(Command::new("go").args(["install", &package]).env("GOBIN", bin))?;
    Ok(Some(bin.to_path_buf()))
}

fn install_python(folder: &Path) -> Result<Option<PathBuf>> {
    let python = folder.join("bin/python");
    let ready = folder.join("ready");
    if ready.is_file() {
        return Ok(Some(python));
    }
    if !answers("python3", &["-c", "import ensurepip, venv"]) {
        return Ok(None);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let package = format!("{CRYPTOGRAPHY}=={CRYPTOGRAPHY_VERSION}");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &package]))?;
    std::fs::write(&ready, &package).map_err(|cause| {
        Error::unavailable("cannot be written")
            .on(ready.display())
            .because(cause)
    })?;
    Ok(Some(python))
}

pub(super) fn answers(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

pub(super) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command
        .status()
        .map_err(|cause| Error::unavailable("cannot be started").on(&shown).because(cause))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::unavailable(format!("ended with {status}")).on(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_another_place() {
        let repository = Repository::here().unwrap();
        assert!(age_folder(&repository).ends_with(format!("target/interop/age-{AGE_VERSION}")));
        let next = versioned(&repository, "age", "v1.3.2");
        assert_ne!(age_folder(&repository), next);
    }
}
