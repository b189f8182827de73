//! Opening files that may be something else: never waiting for a pipe.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use keyward_core::error::Result;
use rustix::fs::OFlags;

use crate::atomic_file::Snapshot;
use crate::io_error::io_error;

/// Opens a regular file for reading. A pipe that somebody put in its place would be waited for until somebody else
/// writes to it; here it is refused.
///
/// # Errors
/// A usage error when it is missing or no regular file; else what opening met.
pub(crate) fn open_regular(path: &Path) -> Result<(File, Snapshot)> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path);
    let file = opened.map_err(|error| io_error("read it", path, error))?;
    let snapshot = Snapshot::of(&file, path)?;
    Ok((file, snapshot))
}
