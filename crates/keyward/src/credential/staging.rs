//! The staging folder: halves are written here, and moved into place when both are there and on disk.

use std::fs::{self, DirEntry, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use keyward_core::credential::{CLIENT_FILE, SERVER_FILE, Site};
use keyward_core::error::{Error, Result};
use rustix::fs::{Mode, OFlags, RenameFlags, fsync, mkdirat, openat, renameat, renameat_with, syncfs};
use rustix::io::Errno;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::folder::SEALED_CLIENT_FILE;
use super::place::Halves;
use crate::io_error::io_error;

const PREFIX: &str = ".keyward-credentials-";
/// Letters and digits after the prefix.
const SUFFIX_LEN: usize = 6;
/// The empty file that tells a staging folder from one that a user gave a similar name.
const MARK: &str = "left-by-keyward";

/// What makes a group durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durable {
    /// Each file and folder is synced as it is written: least work for a few.
    Each,
    /// One sync of the file system for all: least work for many.
    Together,
}

/// A staging folder of this process. What was not published is removed with it.
pub(super) struct Staging {
    // Removed before the lock on it is given up.
    folder: TempDir,
    handle: File,
    out: File,
    out_path: PathBuf,
    durable: Durable,
}

impl Staging {
    /// Begins in `out`, and removes what runs that did not end left there: nothing of it was ever reported.
    pub(super) fn begin(out: &Path, durable: Durable) -> Result<Self> {
        let out_handle = File::open(out).map_err(|error| io_error("open the folder", out, error))?;
        remove_stale(out)?;
        let (folder, handle) = locked_folder(out)?;
        Ok(Self {
            folder,
            handle,
            out: out_handle,
            out_path: out.to_owned(),
            durable,
        })
    }

    /// Writes the folder of a site, here still, and reads it back. Threads may do so for different sites at once.
    pub(super) fn stage(&self, halves: &Halves<'_>) -> Result<()> {
        let name = halves.site.folder_name();
        mkdirat(&self.handle, name.as_str(), Mode::RWXU)
            .map_err(|errno| self.failed("make the folder", &name, errno))?;
        for (file, bytes) in halves.files() {
            let path = format!("{name}/{file}");
            self.write(&path, bytes)
                .map_err(|error| self.failed("write it", &path, error))?;
        }
        if self.durable == Durable::Each {
            self.sync_folder(&name)
                .map_err(|errno| self.failed("write the folder to disk", &name, errno))?;
        }
        Ok(())
    }

    /// Makes everything that was staged durable.
    pub(super) fn sync(&self) -> Result<()> {
        match self.durable {
            Durable::Each => Ok(()),
            Durable::Together => {
                syncfs(&self.handle).map_err(|errno| self.failed("write to disk", "", errno))
            }
        }
    }

    /// Moves a site's folder into place. `false`: something of that name is there, and stays.
    pub(super) fn publish(&self, site: &Site) -> Result<bool> {
        let name = site.folder_name();
        match self.rename(&name) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(self.failed("move it into place", &name, errno)),
        }
    }

    /// Makes everything that was published durable.
    pub(super) fn sync_published(&self) -> Result<()> {
        fsync(&self.out).map_err(|errno| self.failed("write the folder to disk", "", errno))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.handle, path, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(bytes)?;
        if self.durable == Durable::Each {
            file.sync_all()?;
        }
        let mut read_back = Zeroizing::new(vec![0; bytes.len()]);
        file.read_exact_at(&mut read_back, 0)?;
        match *read_back == bytes {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "what was read back is not what was written",
            )),
        }
    }

    fn sync_folder(&self, name: &str) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        fsync(openat(&self.handle, name, flags, Mode::empty())?)?;
        fsync(&self.handle)
    }

    fn rename(&self, name: &str) -> Result<(), Errno> {
        match renameat_with(&self.handle, name, &self.out, name, RenameFlags::NOREPLACE) {
            // The file system has no such rename. A plain one of a folder can replace nothing but an empty folder.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                if self.out_path.join(name).symlink_metadata().is_ok() {
                    return Err(Errno::EXIST);
                }
                renameat(&self.handle, name, &self.out, name)
            }
            done => done,
        }
    }

    /// An error, on the path that the user will look for.
    fn failed(&self, doing: &str, name: &str, error: impl Into<io::Error>) -> Error {
        io_error(doing, &self.out_path.join(name), error.into())
    }
}

impl Drop for Staging {
    /// A run that is killed while it clears up leaves a folder that is marked, or empty.
    fn drop(&mut self) {
        clear(self.folder.path(), &self.folder.path().join(MARK));
    }
}

/// A folder that no other run takes for left behind, since this process holds its lock.
fn locked_folder(out: &Path) -> Result<(TempDir, File)> {
    for _ in 0..16 {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(SUFFIX_LEN)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(out)
            .map_err(|error| io_error("make a folder in it", out, error))?;
        let handle = match File::open(folder.path()) {
            // Another run has taken it for one that was left behind.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened.map_err(|error| io_error("open the folder", folder.path(), error))?,
        };
        let is_ours =
            handle.try_lock().is_ok() && handle.metadata().is_ok_and(|metadata| metadata.nlink() > 0);
        if is_ours {
            let mark = folder.path().join(MARK);
            File::create_new(&mark).map_err(|error| io_error("write it", &mark, error))?;
            return Ok((folder, handle));
        }
    }
    Err(Error::unavailable("other runs keep removing the folder that this one works in").on(out.display()))
}

/// Removes the staging folders that nobody holds the lock of.
fn remove_stale(out: &Path) -> Result<()> {
    let entries = fs::read_dir(out).map_err(|error| io_error("read the folder", out, error))?;
    for entry in entries.flatten() {
        if is_staging(entry.file_name().as_encoded_bytes()) && is_folder(&entry) {
            remove_if_stale(&entry.path());
        }
    }
    Ok(())
}

fn is_staging(name: &[u8]) -> bool {
    let suffix = name.strip_prefix(PREFIX.as_bytes());
    suffix.is_some_and(|suffix| suffix.len() == SUFFIX_LEN && suffix.iter().all(u8::is_ascii_alphanumeric))
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

/// Removes what a run makes and nothing else, so that a folder with anything else in it stays; the mark goes last.
/// Quietly leaves what cannot be removed: it is in nobody's way.
fn remove_if_stale(folder: &Path) {
    let Ok(handle) = File::open(folder) else { return };
    let mark = folder.join(MARK);
    if handle.try_lock().is_err() {
        return;
    }
    if mark.symlink_metadata().is_ok() {
        clear(folder, &mark);
    }
    // Killed before the mark was made, or after it was removed: such a folder is empty, and only then it goes.
    let _ = fs::remove_dir(folder);
}

fn clear(folder: &Path, mark: &Path) {
    let entries = || fs::read_dir(folder).into_iter().flatten().flatten();
    for site in entries().filter(is_folder) {
        for file in [CLIENT_FILE, SEALED_CLIENT_FILE, SERVER_FILE] {
            let _ = fs::remove_file(site.path().join(file));
        }
        let _ = fs::remove_dir(site.path());
    }
    if entries().count() == 1 {
        let _ = fs::remove_file(mark);
    }
}
