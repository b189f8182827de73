//! An envelope in a regular file, with the detached wraps that may stand beside it.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, Detached, HEADER_LEN_MAX, Header};
use keyward_core::error::Result;

use super::read_header;
use crate::atomic_file::Snapshot;
use crate::body::{self, BodyReader, Progress, Workers};
use crate::io_error::io_error;
use crate::keyring::{Opener, Unlocked};
use crate::regular_file::open_regular;

/// A binary envelope (`NAME.kw`) whose header has been read.
pub struct EnvelopeFile {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) snapshot: Snapshot,
    header: Header,
    head: [u8; BODY_HEAD_LEN],
    detached: Option<Detached>,
}

impl EnvelopeFile {
    /// Reads the header of the envelope at `path`, and the detached wraps beside it if there are any.
    ///
    /// # Errors
    /// The file cannot be read, or is no envelope. Detached wraps that cannot be used are no error: they are reported
    /// when the envelope is unlocked.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, snapshot) = open_regular(path)?;
        let (header, head) = read_header(&mut &file).map_err(|error| error.on(path.display()))?;
        let detached = read_detached(&detached_path(path), &header);
        Ok(Self {
            path: path.to_owned(),
            file,
            snapshot,
            header,
            head,
            detached,
        })
    }

    /// The header in the file itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Salt and commitment of the body.
    pub fn head(&self) -> [u8; BODY_HEAD_LEN] {
        self.head
    }

    /// The wraps in `NAME.kw.wraps`, if that file exists.
    pub fn detached(&self) -> Option<&Detached> {
        self.detached.as_ref()
    }

    /// Gets at the data key.
    ///
    /// # Errors
    /// As [`Opener::unlock`].
    pub async fn unlock(&self, opener: &Opener<'_>) -> Result<Unlocked> {
        let unlocked = opener
            .unlock(&self.header, self.detached.as_ref(), &self.head)
            .await;
        unlocked.map_err(|error| error.on(self.path.display()))
    }

    /// Writes the content to `target`, an empty regular file, with all `workers`. The result counts only when this
    /// returned without an error.
    ///
    /// # Errors
    /// Damaged data when the body is cut, extended or changed; those of reading and writing.
    pub fn open_into(
        &self,
        target: &File,
        opener: &BodyOpener,
        workers: Workers,
        progress: Progress<'_>,
    ) -> Result<u64> {
        body::open_file(
            &self.file,
            self.header.len() as u64,
            target,
            opener,
            workers,
            progress,
        )
        .map_err(|error| error.on(self.path.display()))
    }

    /// Random access to the content. The last chunk is opened first, so that a cut file is found at once.
    ///
    /// # Errors
    /// Damaged data, as for [`Self::open_into`].
    pub fn reader(self, opener: BodyOpener) -> Result<BodyReader> {
        BodyReader::new(self.file, self.header.len() as u64, opener)
            .map_err(|error| error.on(self.path.display()))
    }
}

/// `NAME.kw.wraps` for `NAME.kw`.
pub(super) fn detached_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".wraps");
    name.into()
}

/// Whatever stands there never keeps the envelope itself from being opened.
fn read_detached(path: &Path, embedded: &Header) -> Option<Detached> {
    if let Err(error) = path.symlink_metadata()
        && error.kind() == std::io::ErrorKind::NotFound
    {
        return None;
    }
    Some(match read_capped(path) {
        Ok(bytes) => Detached::read(&bytes, embedded),
        Err(error) => Detached::Unreadable(error),
    })
}

fn read_capped(path: &Path) -> Result<Vec<u8>> {
    let (file, _) = open_regular(path)?;
    let mut bytes = Vec::new();
    file.take(HEADER_LEN_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| io_error("read the detached wraps", path, error))?;
    Ok(bytes)
}
