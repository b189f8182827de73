//! Folders for tests, removed when they are dropped.

use std::path::Path;

use tempfile::TempDir;

/// A folder in memory where there is such a thing. A process that dies loses nothing that it handed to the kernel, so
/// that memory shows the same as a disk, and no slow disk makes a wait for a lock too long.
pub fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.unwrap()
}
