//! Whole-file writes that happen entirely or not at all.
//!
//! The new content is written to a file without a name on the target's file system, synced, and only then put into
//! place; then the folder is synced. A crash at any point leaves the old file, or the new one, whole. A process that is
//! killed leaves no other file behind, except in the moment in which a new file and the one that it replaces change
//! places: then one of them is left beside the target as `.keyward-….tmp`.

mod snapshot;
mod swap;
mod temporary;
#[cfg(test)]
mod tests;

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use keyward_core::error::{Error, Result};
use rustix::fs::{Gid, Uid, fchown};

use crate::io_error::io_error;
pub use snapshot::Snapshot;
use temporary::Temporary;

/// Who may read a file. A file that replaces another keeps that one's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only: plaintext, secrets, key material. 0600, or what the replaced file lets its owner do.
    Private,
    /// Ciphertext, manifests, locks: whoever may read the replaced file, or whoever the process' umask lets (0666 less
    /// the mask).
    Shared,
}

/// What to do about a file that is there already.
#[derive(Debug)]
pub enum Existing {
    /// Leave it and fail.
    Refuse,
    /// Replace it, if it is still the file that was read.
    Replace(Snapshot),
}

/// A file being written. Dropped without [`NewFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    temporary: Temporary,
    target: PathBuf,
    access: Access,
    existing: Existing,
}

impl NewFile {
    /// Begins a new content for `target`. Links in `target` are followed when a file is replaced.
    ///
    /// # Errors
    /// A usage error when the target exists and is not to be replaced, or its folder cannot be written.
    pub fn create(target: &Path, access: Access, existing: Existing) -> Result<Self> {
        let target = match existing {
            Existing::Refuse => refuse_existing(target)?,
            Existing::Replace(_) => target
                .canonicalize()
                .map_err(|error| io_error("find the file to replace", target, error))?,
        };
        // Until it replaces another one, it is nobody else's business.
        let mode = match (access, &existing) {
            (Access::Shared, Existing::Refuse) => 0o666,
            _ => 0o600,
        };
        let temporary = Temporary::create(folder_of(&target), mode)
            .map_err(|error| io_error("write beside it", &target, error))?;
        if let Existing::Replace(old) = &existing {
            keep_owner(temporary.file(), old).map_err(|error| owned_by_another(&target, error))?;
        }
        Ok(Self {
            temporary,
            target,
            access,
            existing,
        })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        self.temporary.file()
    }

    /// The file that it becomes.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Where this process finds it until it is committed, to read it back.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Syncs the content, moves it into place and syncs the folder.
    ///
    /// # Errors
    /// The disk is full, the target appeared or changed meanwhile: then the target is as it was. When only the folder
    /// cannot be synced the new content is in place, and a crash may still bring the old one back.
    pub fn commit(self) -> Result<()> {
        let Self {
            temporary,
            target,
            access,
            existing,
        } = self;
        let target = &target;
        let failed = |doing| move |error| io_error(doing, target, error);
        let folder = folder_of(target);
        if let Existing::Replace(old) = &existing {
            keep_mode(temporary.file(), old, access).map_err(failed("keep its mode"))?;
        }
        temporary.file().sync_all().map_err(failed("write it to disk"))?;
        match &existing {
            Existing::Refuse => temporary
                .become_new(target)
                .map_err(failed("move it into place"))?,
            Existing::Replace(old) => {
                let named = temporary.into_named(folder).map_err(failed("write beside it"))?;
                swap::replace(named, target, old)?;
            }
        }
        sync_folder(folder)
    }
}

/// Writes `bytes` as the whole content of `target`.
///
/// # Errors
/// As [`NewFile::create`] and [`NewFile::commit`].
pub fn write(target: &Path, bytes: &[u8], access: Access, existing: Existing) -> Result<()> {
    let new = NewFile::create(target, access, existing)?;
    new.file()
        .write_all(bytes)
        .map_err(|error| io_error("write it", target, error))?;
    new.commit()
}

/// Makes the names in `folder` durable.
///
/// # Errors
/// The folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|handle| handle.sync_all())
        .map_err(|error| io_error("write the folder to disk", folder, error))
}

fn refuse_existing(target: &Path) -> Result<PathBuf> {
    match target.symlink_metadata() {
        Ok(_) => Err(Error::usage("it exists already, and is left as it is")
            .on(target.display())
            .hint("choose another name, or move it away first")),
        Err(_) => Ok(target.to_owned()),
    }
}

/// The folder that holds `target`.
pub(crate) fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn keep_owner(file: &File, old: &Snapshot) -> io::Result<()> {
    if Snapshot::from(&file.metadata()?).owner == old.owner {
        return Ok(());
    }
    let (user, group) = old.owner;
    fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group))).map_err(io::Error::from)
}

fn owned_by_another(target: &Path, error: io::Error) -> Error {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return io_error("keep the owner of the file to replace", target, error);
    }
    Error::usage("it belongs to another user, and what replaces it must too")
        .on(target.display())
        .because(error)
        .hint("write a new file instead, or run it as that user")
}

fn keep_mode(file: &File, old: &Snapshot, access: Access) -> io::Result<()> {
    let mode = match access {
        Access::Private => old.mode & 0o700,
        Access::Shared => old.mode,
    };
    file.set_permissions(Permissions::from_mode(mode))
}
