//! tests/vectors/ against its generator, and against the reader in Python.

use std::collections::BTreeSet;
use std::path::Path;

use keyward_core::error::{Error, Result};
use serde_json::Value;

use super::{Peers, forge};
use crate::repository::Repository;

const FOLDER: &str = "tests/vectors";

/// Writes the vectors anew.
pub fn generate(repository: &Repository) -> Result<()> {
    let folder = repository.root().join(FOLDER);
    let write = |name: &str, content: &str| {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), content)
    };
    for (name, content) in forge::files()? {
        write(&name, &content).map_err(|error| Error::usage("cannot be written").on(&name).because(error))?;
        println!("wrote {FOLDER}/{name}");
    }
    Ok(())
}

/// The folder must be what the generator makes, and Python must reach the result that each vector states. The Rust
/// reader runs over the same files in keyward-core's tests, so that the two agree on every vector.
pub fn run(repository: &Repository, peers: &Peers) -> Result<()> {
    let stated = stated(repository)?;
    let (Some(python), Some(_)) = (&peers.python, &peers.age) else {
        println!("vectors: NOT RUN in Python, a peer is missing");
        return Ok(());
    };
    let output = peers
        .command(python)
        .arg(repository.root().join("recover.py"))
        .arg("--vectors")
        .arg(repository.root().join(FOLDER))
        .output()
        .map_err(|error| Error::unavailable("recover.py cannot be started").because(error))?;
    let reached: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    let differences: Vec<&str> = reached
        .symmetric_difference(&stated)
        .map(String::as_str)
        .collect();
    if output.status.success() && differences.is_empty() {
        println!(
            "vectors: recover.py reaches the stated result of all {}",
            stated.len()
        );
        return Ok(());
    }
    let first = &differences[..differences.len().min(10)];
    Err(
        Error::refused(format!("recover.py disagrees: {}", first.join(", ")))
            .hint(String::from_utf8_lossy(&output.stderr).trim()),
    )
}

/// `LEVEL NAME` of every vector in the folder, once it was compared with the generator.
fn stated(repository: &Repository) -> Result<BTreeSet<String>> {
    let mut stated = BTreeSet::new();
    for (name, made) in forge::files()? {
        let stored = std::fs::read_to_string(repository.root().join(FOLDER).join(&name))
            .map_err(|error| Error::unavailable("cannot be read").on(&name).because(error))?;
        if stored != made {
            return Err(Error::refused("differs from what its generator makes")
                .on(Path::new(FOLDER).join(&name).display())
                .hint("cargo xtask interop --generate"));
        }
        let document: Value = serde_json::from_str(&stored)
            .map_err(|error| Error::damaged("not JSON").on(&name).because(error))?;
        let vectors = document["vectors"].as_array().into_iter().flatten();
        let line = |vector: &Value| {
            Some(format!(
                "{} {}",
                document["level"].as_str()?,
                vector["name"].as_str()?
            ))
        };
        stated.extend(vectors.filter_map(line));
    }
    Ok(stated)
}
