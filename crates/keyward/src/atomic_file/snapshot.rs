//! Which file it was.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use keyward_core::error::{Error, Result};

use crate::io_error::io_error;

/// Which file was read: if another has taken its place since, it is not overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    device: u64,
    inode: u64,
    links: u64,
    len: u64,
    modified: (i64, i64),
    /// Set by the operating system alone, unlike the time of modification, which anyone may put back.
    changed: (i64, i64),
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
}

impl Snapshot {
    /// The snapshot of an open file.
    ///
    /// # Errors
    /// The file cannot be examined, or is not a regular file.
    pub fn of(file: &File, path: &Path) -> Result<Self> {
        Self::regular(file.metadata(), path)
    }

    /// The snapshot of the file at `path`, links followed. Nothing is opened, so that a pipe is not waited for.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn at(path: &Path) -> Result<Self> {
        Self::regular(path.metadata(), path)
    }

    fn regular(metadata: std::io::Result<Metadata>, path: &Path) -> Result<Self> {
        let metadata = metadata.map_err(|error| io_error("examine it", path, error))?;
        if !metadata.is_file() {
            return Err(Error::usage("it is not a regular file").on(path.display()));
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

    /// How many names the file has (hard links).
    pub fn links(&self) -> u64 {
        self.links
    }

    /// Whether anybody but its owner may do anything with it.
    pub fn is_private(&self) -> bool {
        self.mode & 0o7077 == 0
    }

    /// Whether it is the same file by another name, unchanged. To rename a file sets its time of change.
    pub(super) fn is_moved(&self, to: &Self) -> bool {
        let changed = self.changed;
        Self { changed, ..*to } == *self
    }

    /// Whether both are one file, whatever was done to it in between.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

impl From<&Metadata> for Snapshot {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            links: metadata.nlink(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
        }
    }
}
