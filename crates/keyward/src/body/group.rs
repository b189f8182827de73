//! The unit of work: a buffer of chunks, each with room for its tag.

use std::io::{IoSlice, IoSliceMut};

use keyward_core::envelope::{BodyOpener, CHUNK_LEN, SEALED_CHUNK_LEN, TAG_LEN, plain_slots};
use keyward_core::error::Result;
use zeroize::Zeroizing;

use super::failure;

/// Chunks in a group, as a rule.
pub(super) const CHUNKS: usize = 16;
/// Plaintext bytes in such a group.
pub(super) const PLAIN_LEN: usize = CHUNKS * CHUNK_LEN;
/// Bytes of such a group in the body.
pub(super) const SEALED_LEN: usize = CHUNKS * SEALED_CHUNK_LEN;

/// Room for one group, wiped when dropped. Chunk `i` stands at `i` × [`SEALED_CHUNK_LEN`], sealed or not.
pub(super) struct Group(Zeroizing<Vec<u8>>);

impl Group {
    /// Room for at most `chunks`. A small message gets a small group: wiping costs more than sealing it.
    pub(super) fn new(chunks: u64) -> Self {
        let chunks = usize::try_from(chunks).map_or(CHUNKS, |chunks| chunks.min(CHUNKS));
        Self(Zeroizing::new(vec![0; chunks * SEALED_CHUNK_LEN]))
    }

    /// How many chunks there is room for.
    pub(super) fn chunks(&self) -> usize {
        self.0.len() / SEALED_CHUNK_LEN
    }

    /// The group as it stands in a body.
    pub(super) fn sealed(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The places for `len` bytes of plaintext, to read into.
    pub(super) fn plain_mut(&mut self, len: usize) -> Vec<IoSliceMut<'_>> {
        plain_slots(&mut self.0)
            .zip(chunk_lens(len))
            .map(|(slot, len)| IoSliceMut::new(&mut slot[..len]))
            .collect()
    }

    /// The `len` bytes of plaintext, to write out.
    pub(super) fn plain(&self, len: usize) -> Vec<IoSlice<'_>> {
        self.0
            .chunks(SEALED_CHUNK_LEN)
            .zip(chunk_lens(len))
            .map(|(slot, len)| IoSlice::new(&slot[..len]))
            .collect()
    }

    /// Opens the chunks in the first `sealed_len` bytes, of which the first has the number `first`, and returns the
    /// length of their plaintext. A group that is not full must end with a chunk that is not full.
    pub(super) fn open(&mut self, opener: &BodyOpener, first: u64, sealed_len: usize) -> Result<usize> {
        if sealed_len < self.0.len() && sealed_len % SEALED_CHUNK_LEN < TAG_LEN {
            return Err(failure::truncated());
        }
        let chunks = self.0[..sealed_len].chunks_mut(SEALED_CHUNK_LEN);
        (first..).zip(chunks).try_fold(0, |plain, (number, chunk)| {
            Ok(plain + opener.open_chunk(number, chunk)?)
        })
    }
}

/// The lengths of the pieces that `len` bytes of plaintext are cut into.
fn chunk_lens(len: usize) -> impl Iterator<Item = usize> {
    (0..len)
        .step_by(CHUNK_LEN)
        .map(move |start| (len - start).min(CHUNK_LEN))
}
