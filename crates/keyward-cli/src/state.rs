//! The state folder: audit log, and the embedded KMS with its root key. Never needed to open what a cloud key wrapped.

use std::env;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use keyward::io_error;
use keyward::project::Project;
use keyward_core::error::{Error, Result};

use crate::args::Globals;

/// Where the state of a checkout, or of a user, is kept. It need not exist.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// `--state`, else `.keyward` beside the manifest, else the user's own state folder (XDG base directories).
    ///
    /// # Errors
    /// A usage error when there is none of them: no manifest, and no home.
    pub(crate) fn choose(globals: &Globals, project: Option<&Project>) -> Result<Self> {
        if let Some(folder) = &globals.state {
            return Ok(Self(folder.clone()));
        }
        if let Some(project) = project {
            return Ok(Self(project.root.join(".keyward")));
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

    /// The root key of the embedded KMS.
    pub(crate) fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }

    /// The audit log.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    /// Makes the folder (0700) if it is not there, invisible to git.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn make(&self) -> Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.and_then(|()| fs::write(self.0.join(".gitignore"), "*\n"))
            .map_err(|why| io_error("make the state folder", &self.0, why))
    }
}

/// A folder named by a variable; a relative one is ignored, as the XDG specification says.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}
