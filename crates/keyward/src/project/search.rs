//! Where a manifest is looked for.

use std::fs::Metadata;
use std::io::ErrorKind as Io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use keyward_core::error::{Error, Result};
use keyward_core::manifest::FILE_NAME;

use super::resolve;
use crate::io_error::io_error;

/// What the search starts from. Nothing is taken from the process: a face says where it works and where home is.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// `--manifest FILE`: this one and no other.
    pub manifest: Option<&'a Path>,
    /// The file worked on, whose folder and the folders above it come first.
    pub file: Option<&'a Path>,
    /// The working folder, which comes next.
    pub folder: &'a Path,
    /// The user's home: the search does not leave it.
    pub home: Option<&'a Path>,
}

impl Search<'_> {
    /// The manifest file, if there is one. It is not read.
    ///
    /// # Errors
    /// One that cannot be looked at, or that somebody else may have put there.
    pub fn run(&self) -> Result<Option<PathBuf>> {
        if let Some(named) = self.manifest {
            return Ok(Some(named.to_owned()));
        }
        let beside = match self.file {
            Some(file) => resolve(file)?.parent().map(Path::to_owned),
            None => None,
        };
        let working = self
            .folder
            .canonicalize()
            .map_err(|error| io_error("find the folder", self.folder, error))?;
        // A home that is not there ends no search.
        let home = self.home.and_then(|home| home.canonicalize().ok());
        for start in beside.into_iter().chain([working]) {
            if let Some(found) = upward(&start, home.as_deref())? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// The first manifest in `start` or above it, no further than a folder with `.git`, or home.
fn upward(start: &Path, home: Option<&Path>) -> Result<Option<PathBuf>> {
    for folder in start.ancestors() {
        let candidate = folder.join(FILE_NAME);
        // The entry itself, not what it may link to: a link that leads nowhere is a manifest that cannot be read.
        match candidate.symlink_metadata() {
            Ok(found) => return trusted(folder, candidate, &found).map(Some),
            Err(error) if error.kind() == Io::NotFound => {}
            Err(error) => return Err(io_error("read it", &candidate, error)),
        }
        if Some(folder) == home || folder.join(".git").symlink_metadata().is_ok() {
            break;
        }
    }
    Ok(None)
}

/// A manifest says who can open what is sealed. In a folder where everybody may write (`/tmp`) only an own one is
/// taken without being named.
fn trusted(folder: &Path, candidate: PathBuf, found: &Metadata) -> Result<PathBuf> {
    let examined = folder
        .metadata()
        .map_err(|error| io_error("examine the folder", folder, error))?;
    if !is_planted(examined.mode(), found.uid(), rustix::process::geteuid().as_raw()) {
        return Ok(candidate);
    }
    let named = format!("if it is the one you mean: --manifest {}", candidate.display());
    Err(
        Error::usage("another user put this manifest into a folder where everybody may write")
            .on(candidate.display())
            .hint(named),
    )
}

fn is_planted(folder_mode: u32, owner: u32, me: u32) -> bool {
    folder_mode & 0o002 != 0 && owner != me
}

#[cfg(test)]
mod tests {
    use super::is_planted;

    #[test]
    fn only_a_foreign_manifest_in_a_shared_folder_is_planted() {
        assert!(is_planted(0o1777, 1001, 1000));
        assert!(!is_planted(0o1777, 1000, 1000));
        assert!(
            !is_planted(0o755, 1001, 1000),
            "a checkout of another user, as pipelines have it"
        );
    }
}
