//! Random access: any place of a message, without opening what is before it.

use std::fs::File;
use std::io::IoSliceMut;

use keyward_core::envelope::{
    BodyOpener, CHUNK_LEN, SEALED_CHUNK_LEN, TAG_LEN, plain_len, sealed_len, sealed_offset,
};
use keyward_core::error::Result;
use zeroize::Zeroizing;

use super::positioned::read_at;
use super::{failure, group};

/// Reads a message at any place. Each read opens only the chunks that it touches.
pub struct BodyReader {
    source: File,
    opener: BodyOpener,
    extent: Extent,
}

impl BodyReader {
    /// A reader of the body that begins at `body_offset` of `source` and goes to its end. The last chunk is opened
    /// first: only it proves where the message ends.
    ///
    /// # Errors
    /// Damaged, when the body was cut or extended.
    pub fn new(source: File, body_offset: u64, opener: BodyOpener) -> Result<Self> {
        let extent = Extent::of(&source, body_offset)?;
        extent.check_end(&source, &opener)?;
        Ok(Self {
            source,
            opener,
            extent,
        })
    }

    /// Length of the message in bytes.
    pub fn len(&self) -> u64 {
        self.extent.plain_len
    }

    /// Whether the message is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `target` with the message from `offset` on, and returns how many bytes that were: fewer than asked for
    /// only at the end of the message.
    ///
    /// # Errors
    /// Damaged, when a chunk does not authenticate; `target` then holds nothing of it.
    pub fn read_at(&self, offset: u64, target: &mut [u8]) -> Result<usize> {
        let mut chunk = Zeroizing::new([0; SEALED_CHUNK_LEN]);
        let mut done = 0;
        while done < target.len() && offset.saturating_add(done as u64) < self.len() {
            let (number, skip) = place(offset + done as u64);
            let plain = self
                .extent
                .open(&self.source, &self.opener, number, chunk.as_mut_slice())?;
            let part = &chunk[skip..plain];
            let len = part.len().min(target.len() - done);
            target[done..done + len].copy_from_slice(&part[..len]);
            done += len;
        }
        Ok(done)
    }
}

/// The chunk that holds byte `offset` of a message, and the byte's place in it.
#[expect(clippy::cast_possible_truncation, reason = "a remainder by 16 KiB fits")]
fn place(offset: u64) -> (u64, usize) {
    (offset / CHUNK_LEN as u64, (offset % CHUNK_LEN as u64) as usize)
}

/// Where a body lies in its file. The lengths follow from the file's length alone.
pub(super) struct Extent {
    body_offset: u64,
    pub(super) plain_len: u64,
}

impl Extent {
    /// The body from `body_offset` of `file` to its end.
    pub(super) fn of(file: &File, body_offset: u64) -> Result<Self> {
        let len = file.metadata().map_err(failure::reading)?.len();
        Ok(Self {
            body_offset,
            plain_len: plain_len(len.saturating_sub(body_offset))?,
        })
    }

    /// Opens the last chunk, which shows that the message ends where the file does.
    pub(super) fn check_end(&self, file: &File, opener: &BodyOpener) -> Result<()> {
        let mut chunk = Zeroizing::new([0; SEALED_CHUNK_LEN]);
        let (last, _) = place(self.plain_len);
        self.open(file, opener, last, chunk.as_mut_slice()).map(drop)
    }

    /// Position in the file and length of the group that begins with chunk `first`; none behind the end.
    pub(super) fn group(&self, first: u64) -> Option<(u64, usize)> {
        self.span(first, group::SEALED_LEN)
    }

    fn open(&self, file: &File, opener: &BodyOpener, number: u64, chunk: &mut [u8]) -> Result<usize> {
        let (offset, len) = self
            .span(number, SEALED_CHUNK_LEN)
            .ok_or_else(failure::truncated)?;
        let chunk = &mut chunk[..len];
        let read = read_at(file, &mut [IoSliceMut::new(chunk)], offset).map_err(failure::reading)?;
        if read < len || len < TAG_LEN {
            return Err(failure::truncated());
        }
        opener.open_chunk(number, chunk)
    }

    /// Position in the file of chunk `first`, and how many of at most `most` bytes the body has from there.
    fn span(&self, first: u64, most: usize) -> Option<(u64, usize)> {
        let start = sealed_offset(first);
        let rest = sealed_len(self.plain_len)
            .checked_sub(start)
            .filter(|rest| *rest > 0)?;
        let len = usize::try_from(rest).map_or(most, |rest| rest.min(most));
        Some((self.body_offset + start, len))
    }
}
