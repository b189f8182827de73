//! Files that appear whole or not at all, private, and never in the place of another.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile, TempPath};

/// Makes `folder` and what is missing above it, mode 0700.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    sync_folder_of(folder)
}

/// An empty file beside `target`, mode 0600, that is removed unless it is placed. A process that is killed in between
/// leaves it behind: its name starts with a dot, and nobody reads it.
pub(crate) fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    Builder::new()
        .prefix(&prefix)
        .suffix(".new")
        .tempfile_in(folder_of(target))
}

/// Gives a complete, synced file its name. `false` when that name is taken: then nothing has changed.
pub(crate) fn place(temporary: TempPath, target: &Path) -> io::Result<bool> {
    match temporary.persist_noclobber(target) {
        Ok(()) => sync_folder_of(target).map(|()| true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(refused.error),
    }
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
