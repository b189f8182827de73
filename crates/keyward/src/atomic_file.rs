//! Whole-file writes that happen entirely or not at all.
//!
//! The new content is written to a temporary file beside the target, synced, and moved into place; then the folder is
//! synced. A crash at any point leaves the old file, or the new one, whole.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use keyward_core::error::{Error, Result};
use tempfile::NamedTempFile;

use crate::io_error::io_error;

/// Who may read a new file. A file that replaces another keeps that one's mode and owner, whatever is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only (0600): plaintext, secrets, key material.
    Private,
    /// Whoever the process' umask lets (0666 less the mask): ciphertext, manifests, locks.
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

/// Which file was read: if another has taken its place since, it is not overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    /// Set by the operating system alone, unlike the time of modification, which anyone may put back.
    changed: (i64, i64),
    mode: u32,
    owner: (u32, u32),
}

impl Snapshot {
    /// The snapshot of an open file.
    ///
    /// # Errors
    /// The file cannot be examined, or is not a regular file.
    pub fn of(file: &File, path: &Path) -> Result<Self> {
        let metadata = file
            .metadata()
            .map_err(|error| io_error("examine it", path, error))?;
        if !metadata.is_file() {
            return Err(not_regular(path));
        }
        Ok(Self::from(&metadata))
    }

    /// Length of the file in bytes.
    #[expect(
        clippy::len_without_is_empty,
        reason = "whether a file is empty is nobody's question here"
    )]
    pub fn len(&self) -> u64 {
        self.len
    }
}

impl From<&Metadata> for Snapshot {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
        }
    }
}

/// A file being written. Dropped without [`NewFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    temporary: NamedTempFile,
    target: PathBuf,
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
        let temporary = tempfile::Builder::new()
            .prefix(".keyward-")
            .suffix(".tmp")
            .make_in(folder_of(&target), |name| new_file(name, access))
            .map_err(|error| io_error("write beside it", &target, error))?;
        if let Existing::Replace(old) = &existing {
            keep_mode_and_owner(temporary.as_file(), old).map_err(|error| {
                io_error("keep the mode and owner of the file to replace", &target, error)
            })?;
        }
        Ok(Self {
            temporary,
            target,
            existing,
        })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// The file that it becomes.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Where it stands until it is committed, to read it back.
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
            existing,
        } = self;
        temporary
            .as_file()
            .sync_all()
            .map_err(|error| io_error("write it to disk", &target, error))?;
        let moved = match existing {
            Existing::Refuse => temporary.persist_noclobber(&target),
            Existing::Replace(old) => {
                still_the_same(&target, &old)?;
                temporary.persist(&target)
            }
        };
        moved.map_err(|failed| io_error("move it into place", &target, failed.error))?;
        sync_folder(folder_of(&target))
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

/// Made here and not by `tempfile`, whose errors tell the temporary name, which says nothing to anyone.
fn new_file(name: &Path, access: Access) -> std::io::Result<File> {
    let mode = match access {
        Access::Private => 0o600,
        Access::Shared => 0o666,
    };
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(name)
}

fn keep_mode_and_owner(file: &File, old: &Snapshot) -> std::io::Result<()> {
    let now = Snapshot::from(&file.metadata()?);
    if now.owner != old.owner {
        let (user, group) = (
            rustix::fs::Uid::from_raw(old.owner.0),
            rustix::fs::Gid::from_raw(old.owner.1),
        );
        rustix::fs::fchown(file, Some(user), Some(group))?;
    }
    file.set_permissions(Permissions::from_mode(old.mode))
}

fn still_the_same(target: &Path, old: &Snapshot) -> Result<()> {
    let now = target
        .symlink_metadata()
        .map_err(|error| io_error("find the file to replace", target, error))?;
    if Snapshot::from(&now) == *old {
        return Ok(());
    }
    Err(
        Error::unavailable("it changed while it was being replaced, and is left as it is")
            .on(target.display())
            .hint("run the command again"),
    )
}

fn not_regular(path: &Path) -> Error {
    Error::usage("it is not a regular file").on(path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::error::ErrorKind;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn an_existing_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        write(&target, b"one", Access::Private, Existing::Refuse).unwrap();
        let error = write(&target, b"two", Access::Private, Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(
            (std::fs::read(&target).unwrap(), mode(&target)),
            (b"one".to_vec(), 0o600)
        );
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let new = NewFile::create(&target, Access::Private, Existing::Refuse).unwrap();
        std::fs::write(&target, "theirs").unwrap();
        assert!(new.commit().is_err());
        assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        std::fs::write(&target, "old").unwrap();
        std::fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
        let snapshot = Snapshot::of(&File::open(&target).unwrap(), &target).unwrap();
        write(&target, b"new", Access::Private, Existing::Replace(snapshot)).unwrap();
        assert_eq!(
            (std::fs::read(&target).unwrap(), mode(&target)),
            (b"new".to_vec(), 0o640)
        );
    }

    #[test]
    fn a_file_that_changed_since_it_was_read_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        std::fs::write(&target, "old").unwrap();
        let snapshot = Snapshot::of(&File::open(&target).unwrap(), &target).unwrap();
        std::fs::write(&target, "edited by another").unwrap();
        let error = write(&target, b"new", Access::Private, Existing::Replace(snapshot)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(std::fs::read(&target).unwrap(), b"edited by another");
    }

    #[test]
    fn a_change_that_put_length_and_time_back_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        std::fs::write(&target, "one").unwrap();
        let file = File::options().read(true).write(true).open(&target).unwrap();
        let (snapshot, then) = (
            Snapshot::of(&file, &target).unwrap(),
            file.metadata().unwrap().modified().unwrap(),
        );
        // The clock of a file system is coarse: wait until it tells another time.
        while Snapshot::of(&file, &target).unwrap().changed == snapshot.changed {
            std::fs::write(&target, "two").unwrap();
            file.set_modified(then).unwrap();
        }
        assert_eq!(Snapshot::of(&file, &target).unwrap().modified, snapshot.modified);
        assert!(write(&target, b"new", Access::Private, Existing::Replace(snapshot)).is_err());
    }

    #[test]
    fn a_message_does_not_tell_the_temporary_name() {
        let folder = tempfile::tempdir().unwrap();
        let error =
            NewFile::create(&folder.path().join("no/a"), Access::Private, Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(!error.to_string().contains(".tmp\""), "{error}");
    }

    #[test]
    fn dropped_without_a_commit_it_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(NewFile::create(&folder.path().join("a"), Access::Shared, Existing::Refuse).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
