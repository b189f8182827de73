//! Replacing wraps: the data key and the body stay, the keys that open it change.
//!
//! This is not revocation. Whoever has an old copy of the file and the right to use an old key still opens the content.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use keyward_core::envelope::{BodyOpener, Header};
use keyward_core::error::{Error, Result};

use super::EnvelopeFile;
use super::file::detached_path;
use crate::atomic_file::{self, Access, Existing, NewFile, Snapshot};
use crate::body::BodyReader;
use crate::io_error::io_error;
use crate::keyring::{Attempt, Sealer, Unlocked};

/// New wraps, each of which opened by itself.
pub struct Rewrapped {
    /// The header that carries them.
    pub header: Header,
    /// The locations whose wrap is missing. Not empty: the envelope still wants repair.
    pub missing: Vec<Attempt>,
}

/// Wraps the data key of an unlocked envelope for the sealer's keyring, and opens every new wrap alone.
///
/// # Errors
/// As [`Sealer::wrap`] and [`Sealer::prove`]. Nothing has been written then.
pub async fn rewrap(header: &Header, unlocked: &Unlocked, sealer: &Sealer<'_>) -> Result<Rewrapped> {
    let wrapped = sealer.wrap(&unlocked.data_key, header.binding()).await?;
    sealer
        .prove(&wrapped.wraps, &unlocked.data_key, header.binding())
        .await?;
    let header = header.replace_wraps(&unlocked.data_key, wrapped.wraps)?;
    Ok(Rewrapped {
        header,
        missing: wrapped.missing,
    })
}

impl EnvelopeFile {
    /// Replaces the file by one with `header` and the same body, read back before it takes the old one's place.
    ///
    /// # Errors
    /// A bug when `header` is another envelope's; those of reading and writing. The old file is whole then.
    pub fn replace_header(&self, header: &Header, unlocked: &Unlocked) -> Result<()> {
        self.must_be_mine(header)?;
        let new = NewFile::create(&self.path, Access::Shared, Existing::Replace(self.snapshot))?;
        self.copy_with(header, new.file())
            .map_err(|error| io_error("write it", &self.path, error))?;
        self.read_back(&EnvelopeFile::open(new.path())?, header, unlocked)?;
        new.commit()
    }

    /// Writes `header` as detached wraps beside the file, for bodies too large to write anew.
    ///
    /// # Errors
    /// As [`Self::replace_header`].
    pub fn write_detached(&self, header: &Header) -> Result<()> {
        self.must_be_mine(header)?;
        let path = detached_path(&self.path);
        let existing = match File::open(&path) {
            Ok(file) => Existing::Replace(Snapshot::of(&file, &path)?),
            Err(_) => Existing::Refuse,
        };
        atomic_file::write(&path, &header.encode(), Access::Shared, existing)
    }

    fn must_be_mine(&self, header: &Header) -> Result<()> {
        if self.header().has_same_core(header) {
            return Ok(());
        }
        Err(Error::bug("a header of another envelope was to replace this one's").on(self.path.display()))
    }

    fn copy_with(&self, header: &Header, mut target: &File) -> io::Result<()> {
        target.write_all(&header.encode())?;
        let mut body = &self.file;
        body.seek(SeekFrom::Start(self.header().len() as u64))?;
        // Between two files this is copy_file_range: the body does not pass through this process.
        io::copy(&mut body, &mut target).map(drop)
    }

    /// The new file has the new header, a body of the old one's length, and its last chunk opens.
    fn read_back(&self, new: &EnvelopeFile, header: &Header, unlocked: &Unlocked) -> Result<()> {
        let wrong = |what: &str| {
            Err(Error::unavailable(format!("{what}; the file is as it was")).on(self.path.display()))
        };
        if new.header().encode() != header.encode() {
            return wrong("the new header was not read back as it was written");
        }
        let body_len = |envelope: &Self| envelope.snapshot.len() - envelope.header().len() as u64;
        if body_len(new) != body_len(self) {
            return wrong("the body was not copied whole");
        }
        let opener = BodyOpener::new(&unlocked.data_key, &header.binding().body_context(), &new.head())?;
        let file = new
            .file
            .try_clone()
            .map_err(|error| io_error("read it back", &self.path, error))?;
        BodyReader::new(file, header.len() as u64, opener).map(drop)
    }
}
