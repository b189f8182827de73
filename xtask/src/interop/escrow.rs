//! The keyward command and stock age, each on what the other made.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_core::error::{Error, Result};
use tempfile::TempDir;

use super::Peers;
use crate::repository::Repository;

/// More than one chunk, not a whole number of them, and short enough for the text form.
const CONTENT_LEN: usize = 40_000;

/// An envelope that keyward sealed opens by age and `recover.py`; a plain age file opens by keyward.
pub fn run(repository: &Repository, peers: &Peers) -> Result<()> {
    let (Some(python), Some(age)) = (&peers.python, &peers.age) else {
        println!("escrow: NOT RUN, a peer is missing");
        return Ok(());
    };
    let bench = Bench::new(repository, age)?;
    for form in [
        &["--output", "secret.kw"][..],
        &["--text", "--output", "secret.kw"],
    ] {
        bench.seal(form)?;
        bench.open_by_recover_py(repository, python)?;
        bench.open_by_hand(repository, python)?;
        fs::remove_file(bench.at("secret.kw")).map_err(unusable)?;
    }
    for armor in [&[][..], &["--armor"]] {
        bench.open_plain_age(armor)?;
    }
    println!("escrow: age and recover.py open what keyward sealed, keyward opens what age sealed");
    Ok(())
}

/// A folder with an identity of age, a content, and both commands.
struct Bench {
    folder: TempDir,
    keyward: PathBuf,
    age: PathBuf,
    recipient: String,
}

impl Bench {
    fn new(repository: &Repository, age: &Path) -> Result<Self> {
        let mut bench = Self {
            folder: tempfile::tempdir().map_err(unusable)?,
            keyward: build(repository)?,
            age: age.join("age"),
            recipient: String::new(),
        };
        let content: Vec<u8> = (0..CONTENT_LEN).map(|at| (at % 253).to_be_bytes()[7]).collect();
        fs::write(bench.at("content"), content).map_err(unusable)?;
        let keygen = age.join("age-keygen");
        bench.done(Command::new(&keygen).args(["-o", "id.txt"]))?;
        bench.recipient = bench
            .done(Command::new(&keygen).args(["-y", "id.txt"]))?
            .trim()
            .to_owned();
        Ok(bench)
    }

    fn seal(&self, form: &[&str]) -> Result<()> {
        self.keyward(["encrypt", "content", "--to", &self.recipient].iter().chain(form))
    }

    /// `recover.py --identity`, which calls age.
    fn open_by_recover_py(&self, repository: &Repository, python: &Path) -> Result<()> {
        let age = self.age.parent().unwrap_or(&self.age);
        let path = std::env::join_paths([age, Path::new("/usr/bin"), Path::new("/bin")]).map_err(unusable)?;
        let script = repository.root().join("recover.py");
        self.done(
            Command::new(python)
                .arg(script)
                .args(["secret.kw", "--identity", "id.txt", "--output", "opened"])
                .env("PATH", path),
        )?;
        self.opened("recover.py --identity")
    }

    /// The wrap is taken out, age opens it, and `recover.py` takes the data key.
    fn open_by_hand(&self, repository: &Repository, python: &Path) -> Result<()> {
        let script = repository.root().join("recover.py");
        let recover = || {
            let mut command = Command::new(python);
            command.arg(&script).arg("secret.kw");
            command
        };
        self.done(recover().args(["--extract", "wraps"]))?;
        self.done(Command::new(&self.age).args([
            "-d",
            "-i",
            "id.txt",
            "-o",
            "data.key",
            "wraps/wrap-1.age",
        ]))?;
        self.done(recover().args(["--data-key-file", "data.key", "--output", "opened"]))?;
        // recover.py writes over nothing.
        fs::remove_dir_all(self.at("wraps")).map_err(unusable)?;
        self.opened("age and recover.py")
    }

    fn open_plain_age(&self, armor: &[&str]) -> Result<()> {
        let seal = ["-r", &self.recipient, "-o", "plain.age"];
        self.done(Command::new(&self.age).args(seal).args(armor).arg("content"))?;
        self.keyward([
            "decrypt",
            "plain.age",
            "--identity",
            "id.txt",
            "--output",
            "opened",
        ])?;
        self.opened("keyward, of an age file")
    }

    fn opened(&self, by: &str) -> Result<()> {
        let read = |name| fs::read(self.at(name)).map_err(unusable);
        if read("opened")? != read("content")? {
            return Err(Error::refused("another content").on(by));
        }
        fs::remove_file(self.at("opened")).map_err(unusable)
    }

    fn keyward(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<()> {
        self.done(
            Command::new(&self.keyward)
                .args(arguments)
                .env("HOME", self.folder.path()),
        )
        .map(drop)
    }

    /// Runs a command in the folder, which must succeed, and returns its stdout.
    fn done(&self, command: &mut Command) -> Result<String> {
        let output = command.current_dir(&self.folder).output().map_err(unusable)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::refused(said).on(command.get_program().display()))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Builds the command, beside the folder that this xtask was built in.
fn build(repository: &Repository) -> Result<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "keyward-cli"])
        .current_dir(repository.root())
        .status()
        .map_err(unusable)?;
    let xtask = std::env::current_exe().map_err(unusable)?;
    let keyward = xtask.with_file_name("../debug/keyward");
    if built.success() && keyward.is_file() {
        return Ok(keyward);
    }
    Err(Error::unavailable("the command could not be built").on("keyward-cli"))
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("the escrow test cannot run").because(error)
}
