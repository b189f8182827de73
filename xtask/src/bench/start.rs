//! What a script waits for: the start of the process, and one small secret opened.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use keyward_core::error::{Error, Result};

use super::contest::contest;
use super::files::recipient;
use super::programs::Program;
use super::row::Row;
use super::scratch::Scratch;
use crate::repository::Repository;

const START: Duration = Duration::from_micros(2500);
const SMALL: Duration = Duration::from_millis(5);

/// Measures both. The floor is a process that does nothing, or age for the secret.
pub(super) fn rows(
    repository: &Repository,
    keyward: Program,
    scratch: &Scratch,
    rounds: usize,
) -> Result<Vec<Row>> {
    let nothing = Program::peer(repository, "true").ok_or_else(|| Error::usage("there is no `true`"))?;
    let folder = scratch.path("");
    seal_small(&keyward, scratch)?;
    let age = Program::peer(repository, "age");
    let peer = match &age {
        Some(age) => {
            let to = recipient(&scratch.path("identity.txt"))?;
            age.run(&folder, ["-r", &to, "-o", "secret.age", "secret.txt"])?;
            Some((age, ["-d", "-i", "identity.txt", "-o", "-", "secret.age"]))
        }
        None => None,
    };
    let [version, small, bare, theirs] = contest(
        rounds * 20,
        [
            Box::new(|| keyward.run(&folder, ["--version"])),
            Box::new(|| keyward.run(&folder, ["decrypt", "secret.txt.kw"])),
            Box::new(|| nothing.run(&folder, [""; 0])),
            Box::new(|| match peer {
                Some((age, words)) => age.run(&folder, words),
                None => nothing.run(&folder, [""; 0]),
            }),
        ],
    )?;
    let name = if age.is_some() {
        "age"
    } else {
        "a process that does nothing"
    };
    Ok(vec![
        Row::limit(
            "keyward --version",
            &version,
            START,
            ("a process that does nothing", &bare),
        ),
        Row::limit(
            "decrypt 40 bytes, embedded KMS, key file",
            &small,
            SMALL,
            (name, &theirs),
        ),
    ])
}

/// A folder with a manifest, an embedded KMS in two locations and one sealed file.
fn seal_small(keyward: &Program, scratch: &Scratch) -> Result<()> {
    let folder = scratch.path("");
    scratch.write("secret.txt", &[b's'; 40])?;
    keyward.run(&folder, ["escrow", "new", "--output", "identity.txt"])?;
    keyward.run(&folder, ["init", "--provider", "embedded"])?;
    keyward.run(&folder, ["key", "create", "app"])?;
    keyward.run(&folder, ["encrypt", "--quiet", "secret.txt"])?;
    let sealed = folder.join("secret.txt.kw");
    exists(&sealed)
}

fn exists(file: &Path) -> Result<()> {
    File::open(file)
        .map(drop)
        .map_err(|error| super::scratch::failed(file, error))
}
