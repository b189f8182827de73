//! A file that has no name before it is whole: however the process ends, nothing is left of it.
//!
//! Where the file system has no such files (O_TMPFILE, open(2)), or `/proc` is not there to give them a name later, it
//! has a temporary name from the start; a process that is killed then leaves it behind.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};
use tempfile::{NamedTempFile, TempPath};

/// A file being written.
#[derive(Debug)]
pub(super) struct Temporary {
    file: File,
    path: PathBuf,
    name: Option<TempPath>,
}

impl Temporary {
    /// An empty file in `folder`, on its file system, with `mode` less the process' mask.
    pub(super) fn create(folder: &Path, mode: u32) -> io::Result<Self> {
        match nameless(folder, mode) {
            Some((file, path)) => Ok(Self {
                file,
                path,
                name: None,
            }),
            None => Self::named(folder, mode),
        }
    }

    pub(super) fn named(folder: &Path, mode: u32) -> io::Result<Self> {
        let (file, name) = beside(folder, |name| new_file(name, mode))?.into_parts();
        Ok(Self {
            file,
            path: name.to_path_buf(),
            name: Some(name),
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it can be opened again, by this process, until it is moved.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it `target`, unless there is such a file.
    pub(super) fn become_new(self, target: &Path) -> io::Result<()> {
        match self.name {
            Some(name) => name.persist_noclobber(target).map_err(|failed| failed.error),
            None => link(&self.path, target),
        }
    }

    /// Gives it a name in `folder`, to be moved from at once.
    pub(super) fn into_named(self, folder: &Path) -> io::Result<TempPath> {
        match self.name {
            Some(name) => Ok(name),
            None => Ok(beside(folder, |name| link(&self.path, name))?.into_temp_path()),
        }
    }
}

/// A file without a name, and the path that leads this process to it.
fn nameless(folder: &Path, mode: u32) -> Option<(File, PathBuf)> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(folder, flags, Mode::from_raw_mode(mode)).ok()?);
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.exists().then_some((file, path))
}

/// The way of open(2) to give such a file a name; the other one needs a capability.
fn link(nameless: &Path, name: &Path) -> io::Result<()> {
    linkat(CWD, nameless, CWD, name, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
}

fn beside<T>(folder: &Path, make: impl FnMut(&Path) -> io::Result<T>) -> io::Result<NamedTempFile<T>> {
    tempfile::Builder::new()
        .prefix(".keyward-")
        .suffix(".tmp")
        .make_in(folder, make)
}

/// Made here and not by `tempfile`, whose errors tell the temporary name, which says nothing to anyone.
fn new_file(name: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(name)
}
