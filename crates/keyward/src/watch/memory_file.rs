//! The guard's memory on disk: read whole, replaced whole, by one process at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_core::error::Result;
use keyward_core::limits;
use keyward_core::watch::Memory;

use crate::atomic_file::{self, Access, Existing, folder_of};
use crate::file_lock::lock_within;
use crate::io_error::io_error;
use crate::text_file::read_text;

/// How long another process may be busy with it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the memory is.
pub struct MemoryFile(PathBuf);

impl MemoryFile {
    /// The memory in `path`, which need not exist. Its folder must.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Changes the memory so that no change of another process gets lost. A memory that cannot be read is begun anew: what
    /// goes on is then told again.
    ///
    /// # Errors
    /// It cannot be written, or another process does not finish.
    pub fn update<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> Result<T> {
        let folder = folder_of(&self.0);
        let alone = File::open(folder).map_err(|error| io_error("open the folder", folder, error))?;
        lock_within(&alone, PATIENCE).map_err(|error| io_error("change the memory in it", folder, error))?;
        let (mut memory, existing) = self.read()?;
        let before = memory.clone();
        let answer = change(&mut memory);
        if memory != before {
            atomic_file::write(&self.0, memory.encode().as_bytes(), Access::Private, existing)?;
        }
        Ok(answer)
    }

    fn read(&self) -> Result<(Memory, Existing)> {
        match self.0.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok((Memory::default(), Existing::Refuse));
            }
            _ => {}
        }
        let (text, snapshot) = read_text(&self.0, limits::LOCK_LEN)?;
        Ok((
            Memory::parse(&text).unwrap_or_default(),
            Existing::Replace(snapshot),
        ))
    }
}
