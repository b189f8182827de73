//! A folder for the files that are measured, on memory where the system has that, and removed in the end.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use keyward_core::error::{Error, Result};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Where Linux keeps a file system in memory.
const MEMORY: &str = "/dev/shm";

/// The folder; dropped, it is gone.
pub(super) struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    /// A new folder in `parent`, or on memory, or where temporary files go.
    pub(super) fn new(parent: Option<&Path>) -> Result<Self> {
        let memory = Path::new(MEMORY);
        let temporary = std::env::temp_dir();
        let parent = parent.unwrap_or(if memory.is_dir() { memory } else { &temporary });
        let folder = tempfile::Builder::new()
            .prefix("keyward-bench-")
            .tempdir_in(parent);
        Ok(Self {
            folder: folder.map_err(|error| failed(parent, error))?,
        })
    }

    /// Where a file of the folder is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `len` bytes that no file system can compress or leave out.
    pub(super) fn random(&self, name: &str, len: u64) -> Result<PathBuf> {
        let path = self.path(name);
        write_random(&path, len).map_err(|error| failed(&path, error))?;
        Ok(path)
    }

    /// Writes a small file.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf> {
        let path = self.path(name);
        fs::write(&path, content).map_err(|error| failed(&path, error))?;
        Ok(path)
    }
}

/// Removes what an earlier round left at `path`, file or folder.
pub(super) fn clear(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, error)),
        _ => Ok(()),
    }
}

/// The error of a file operation in the folder.
pub(super) fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::unavailable(error.to_string())
        .on(path.display())
        .because(error)
}

fn write_random(path: &Path, len: u64) -> std::io::Result<()> {
    let mut rng = StdRng::seed_from_u64(len);
    let mut file = BufWriter::new(File::create(path)?);
    let mut block = vec![0; 1 << 20];
    let mut left = len;
    while left > 0 {
        let part = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        rng.fill_bytes(&mut block[..part]);
        file.write_all(&block[..part])?;
        left -= part as u64;
    }
    file.flush()
}
