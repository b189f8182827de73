//! The state folder: audit log, and the embedded KMS with its root key. Never needed to open what a cloud key wrapped.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use keyward::atomic_file::{self, Access, Existing};
use keyward::io_error;
use keyward::project::STATE_FOLDER;
use keyward_core::error::{Error, Result};
use keyward_core::manifest::FILE_NAME;
use keyward_core::name::{KeyRef, Provider};

use crate::args::Globals;

const GITIGNORE: &str = ".gitignore";

/// Where the state of a checkout, or of a user, is kept. It need not exist.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// `--state`, else `.keyward` beside the manifest, whether that can be read or not, else the user's own state
    /// folder (XDG base directories).
    ///
    /// # Errors
    /// A usage error when there is none of them: no manifest, and no home.
    pub(crate) fn choose(globals: &Globals, manifest: Option<&Path>) -> Result<Self> {
        if let Some(folder) = &globals.state {
            return Ok(Self(folder.clone()));
        }
        if let Some(manifest) = manifest {
            return Ok(Self(folder_of(manifest).join(STATE_FOLDER)));
        }
        let base =
            absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
        base.map(|base| Self(base.join("keyward"))).ok_or_else(|| {
            Error::usage("no place for state: no manifest, no HOME").hint("name one with `--state DIR`")
        })
    }

    /// Where the embedded KMS keeps one file a location.
    pub(crate) fn kms(&self) -> PathBuf {
        self.0.join("kms")
    }

    /// Whether no key of the embedded KMS was ever kept here in the location of `key`: there is no file for it. A file
    /// that is there and cannot be read may hold the key.
    pub(crate) fn never_held(&self, key: &KeyRef) -> bool {
        let file = self.kms().join(format!("{}.db", key.name.location()));
        let is_missing = |why: io::Error| why.kind() == io::ErrorKind::NotFound;
        key.provider == Provider::Embedded && file.symlink_metadata().is_err_and(is_missing)
    }

    /// The root key of the embedded KMS.
    pub(crate) fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }

    /// The root key and the files of the embedded KMS that others than their owner may read or write.
    pub(crate) fn open_to_others(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.kms()).into_iter().flatten().flatten();
        let stores = entries
            .map(|entry| entry.path())
            .filter(|file| file.extension().is_some_and(|end| end == "db"));
        let mut open: Vec<_> = stores
            .chain([self.root_key()])
            .filter(|file| is_open(file))
            .collect();
        open.sort();
        open
    }

    /// The audit log.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    /// Makes the folder (0700) if it is not there, and makes it invisible to git.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn make(&self) -> Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|why| io_error("make the state folder", &self.0, why))?;
        self.hide_from_git()
    }

    /// The folder, if it is there.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn existing(self) -> Result<Self> {
        if self.0.is_dir() {
            return Ok(self);
        }
        Err(Error::unavailable("the state folder is not there").on(self.0.display()))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A folder that holds a checkout is left visible: somebody keeps state among other files.
    fn hide_from_git(&self) -> Result<()> {
        let has = |name: &str| self.0.join(name).symlink_metadata().is_ok();
        if [GITIGNORE, ".git", FILE_NAME].into_iter().any(has) {
            return Ok(());
        }
        let written = atomic_file::write(&self.0.join(GITIGNORE), b"*\n", Access::Shared, Existing::Refuse);
        // Another process may have been faster.
        written.or_else(|why| if has(GITIGNORE) { Ok(()) } else { Err(why) })
    }
}

fn is_open(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

fn folder_of(manifest: &Path) -> PathBuf {
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or(folder.to_owned())
}

/// A folder named by a variable; a relative one is ignored, as the XDG specification says.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}
