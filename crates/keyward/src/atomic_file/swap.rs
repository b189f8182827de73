//! Taking another file's place, if it is still the one that was read.
//!
//! Looking and then renaming would lose what somebody else wrote in between. So the two files change places, and what
//! came out is looked at: if it is not what was read, they change back.

use std::path::Path;

use keyward_core::error::{Error, Result};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tempfile::TempPath;

use super::Snapshot;
use crate::io_error::io_error;

/// Moves the file at `new` to `target`, in the place of `old`.
pub(super) fn replace(new: TempPath, target: &Path, old: &Snapshot) -> Result<()> {
    if look(target)? != *old {
        return Err(changed(target));
    }
    exchange(new, target, old)
}

/// The same without a look beforehand.
pub(super) fn exchange(mut new: TempPath, target: &Path, old: &Snapshot) -> Result<()> {
    let ours = look(&new)?;
    match change_places(&new, target) {
        // A file system that cannot do that.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            let moved = new.persist(target);
            return moved.map_err(|failed| io_error("move it into place", target, failed.error));
        }
        done => done.map_err(|error| io_error("move it into place", target, error.into()))?,
    }
    if look(&new).is_ok_and(|out| old.is_moved(&out)) {
        return new
            .close()
            .map_err(|error| io_error("remove the file that was replaced", target, error));
    }
    let back = change_places(&new, target);
    if back.is_ok() && look(&new).is_ok_and(|out| out.is_same_file(&ours)) {
        return Err(changed(target));
    }
    // Somebody else's file is under the temporary name, and stays there.
    new.disable_cleanup(true);
    Err(changed(target).hint(format!("a file that was here meanwhile is now {}", new.display())))
}

fn change_places(one: &Path, other: &Path) -> rustix::io::Result<()> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

fn look(path: &Path) -> Result<Snapshot> {
    let metadata = path.symlink_metadata();
    metadata
        .map(|metadata| Snapshot::from(&metadata))
        .map_err(|error| io_error("find the file to replace", path, error))
}

fn changed(target: &Path) -> Error {
    Error::unavailable("it changed while it was being replaced, and is left as it is")
        .on(target.display())
        .hint("run the command again")
}
