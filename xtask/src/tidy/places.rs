//! Nothing in the project names the machine it was written on.

use std::path::Path;

use keyward_core::error::Result;

use super::Complaint;
use crate::repository::Repository;

/// The one source that `Cargo.lock` may name: the index under its public address, whatever mirror answered.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Complains about paths of this machine in any file, and about foreign registries in lock files.
pub fn check(repository: &Repository) -> Result<Vec<Complaint>> {
    let local = local_paths(
        repository.root(),
        std::env::var_os("HOME").as_deref().map(Path::new),
    );
    let mut complaints = Vec::new();
    for file in repository.files() {
        let bytes = repository.bytes(file)?;
        let text = String::from_utf8_lossy(&bytes);
        complaints.extend(mentions_of(file, &text, &local));
        if file.ends_with("Cargo.lock") {
            complaints.extend(foreign_sources(file, &text));
        }
    }
    Ok(complaints)
}

/// The checkout's folder, the folder above it, and the home folder, as far as they are telling.
fn local_paths(root: &Path, home: Option<&Path>) -> Vec<String> {
    let candidates = [Some(root), root.parent(), home];
    let shared = [
        "/", "/tmp", "/home", "/usr", "/var", "/opt", "/srv", "/mnt", "/root",
    ];
    let mut paths: Vec<String> = candidates
        .into_iter()
        .flatten()
        .filter_map(Path::to_str)
        .filter(|path| !path.is_empty() && !shared.contains(path))
        .map(|path| format!("{path}/"))
        .collect();
    paths.dedup();
    paths
}

fn mentions_of(file: &str, text: &str, local: &[String]) -> Vec<Complaint> {
    let lines = (1..).zip(text.lines());
    let named =
        lines.filter_map(|(number, line)| Some((number, local.iter().find(|path| line.contains(*path))?)));
    named
        .map(|(number, path)| {
            Complaint::line(file, number, format!("names a folder of this machine: {path}"))
        })
        .collect()
}

fn foreign_sources(file: &str, lock: &str) -> Vec<Complaint> {
    let sources = (1..).zip(lock.lines()).filter_map(|(number, line)| {
        let source = line.strip_prefix("source = \"")?.trim_end_matches('"');
        (source != REGISTRY).then_some((number, source))
    });
    sources
        .map(|(number, source)| Complaint::line(file, number, format!("comes from {source}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_folders_tell_nothing() {
        let paths = local_paths(Path::new("/tmp/clone"), Some(Path::new("/root")));
        assert_eq!(paths, ["/tmp/clone/"]);
    }

    #[test]
    fn a_local_path_is_found_with_its_line() {
        let local = ["/srv/build/keyward/".to_owned()];
        let found = mentions_of("a.md", "fine\nsee /srv/build/keyward/docs\n", &local);
        assert_eq!(
            found,
            [Complaint::line(
                "a.md",
                2,
                "names a folder of this machine: /srv/build/keyward/"
            )]
        );
    }

    #[test]
    fn only_the_public_registry() {
        let lock = format!("source = \"{REGISTRY}\"\nsource = \"sparse+https://mirror.invalid/\"\n");
        assert_eq!(foreign_sources("Cargo.lock", &lock).len(), 1);
    }
}
