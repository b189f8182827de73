//! Google's own clients of Cloud KMS, at the versions that `tests/interop/` pins, installed below `target/interop` by
//! their package managers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_core::error::{Error, Result};

use super::peers::{answers, run};
use crate::repository::Repository;

/// Where the programs are that use the clients, in one folder for each language.
pub const PROGRAMS: &str = "tests/interop";
const REQUIREMENTS: &str = "requirements.txt";
const PACKAGE: &str = "package.json";
const LOCK: &str = "package-lock.json";

/// What could be had on this machine.
pub struct Clients {
    /// A Python with `google-cloud-kms` and `google-api-python-client`.
    pub python: Option<PathBuf>,
    /// The folder `node_modules` with `@google-cloud/kms`.
    pub node: Option<PathBuf>,
    /// The program of `tests/interop/go`, with `cloud.google.com/go/kms` and `google.golang.org/api/cloudkms` in it.
    pub go: Option<PathBuf>,
}

impl Clients {
    /// Installs what the tools of this machine allow. A tool that is there and fails is an error; one that is absent
    /// is not.
    pub fn install(repository: &Repository) -> Result<Self> {
        let source = repository.root().join(PROGRAMS);
        let target = repository.root().join("target/interop");
        Ok(Self {
            python: install_python(&source.join("python"), &target.join("google-python"))?,
            node: install_node(&source.join("node"), &target.join("google-node"))?,
            go: build_go(&source.join("go"), &target.join("google-go"))?,
        })
    }
}

fn install_python(source: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    if !answers("python3", &["-c", "import ensurepip, venv"]) {
        return Ok(None);
    }
    let python = folder.join("bin/python");
    let requirements = source.join(REQUIREMENTS);
    install(folder, &[&requirements], || {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--requirement"]);
        run(pip.arg(&requirements))
    })?;
    Ok(Some(python))
}

fn install_node(source: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    if !answers("node", &["--version"]) || !answers("npm", &["--version"]) {
        return Ok(None);
    }
    let (package, lock) = (source.join(PACKAGE), source.join(LOCK));
    install(folder, &[&package, &lock], || {
        fs::copy(&package, folder.join(PACKAGE)).map_err(unusable)?;
        fs::copy(&lock, folder.join(LOCK)).map_err(unusable)?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
        run(npm.current_dir(folder))
    })?;
    Ok(Some(folder.join("node_modules")))
}

/// Go tells by itself what has to be built anew, from a cache that lies beside the program.
fn build_go(source: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    if !answers("go", &["version"]) {
        return Ok(None);
    }
    let program = folder.join("interop");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(".");
    go.env("GOFLAGS", "-mod=readonly -buildvcs=false");
    run(go.env("GOCACHE", folder.join("cache")).current_dir(source))?;
    Ok(Some(program))
}

/// Fills `folder` by `fill`, unless it was filled for exactly these pins. A folder that was half filled, or filled for
/// other pins, is emptied first.
fn install(folder: &Path, pins: &[&Path], fill: impl FnOnce() -> Result<()>) -> Result<()> {
    let pins: Vec<String> = pins
        .iter()
        .map(|pin| fs::read_to_string(pin).map_err(unusable))
        .collect::<Result<_>>()?;
    let (pins, ready) = (pins.concat(), folder.join("ready"));
    if fs::read_to_string(&ready).is_ok_and(|installed| installed == pins) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(unusable)?;
    }
    fs::create_dir_all(folder).map_err(unusable)?;
    fill()?;
    fs::write(ready, pins).map_err(unusable)
}

fn unusable(cause: std::io::Error) -> Error {
    Error::unavailable("a client cannot be installed").because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_pins_are_installed_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let (pin, folder) = (scratch.path().join("pin"), scratch.path().join("folder"));
        let filled = |pins: &str| {
            let mut filled = false;
            fs::write(&pin, pins).unwrap();
            install(&folder, &[&pin], || {
                filled = !folder.join("left").exists();
                fs::write(folder.join("left"), "").map_err(unusable)
            })
            .unwrap();
            filled
        };
        assert!(filled("1"));
        assert!(!filled("1"), "it was there");
        assert!(filled("2"), "the folder was emptied");
    }

    #[test]
    fn what_failed_half_way_is_not_taken_for_installed() {
        let scratch = tempfile::tempdir().unwrap();
        let (pin, folder) = (scratch.path().join("pin"), scratch.path().join("folder"));
        fs::write(&pin, "1").unwrap();
        install(&folder, &[&pin], || Err(Error::unavailable("no network"))).unwrap_err();
        let mut filled = false;
        install(&folder, &[&pin], || {
            filled = true;
            Ok(())
        })
        .unwrap();
        assert!(filled);
    }
}
