//! The body of an envelope: a complete Cobblestone-256 file (<https://c2sp.org/chunked-encryption> with SHA-512 and
//! AES-256-GCM).
//!
//! A message is cut into chunks of 16 KiB, the last always shorter (it may be empty), so a body that ends with a full
//! chunk is truncated and no flag is needed. Chunk number `k` is sealed under a key of this one body, with the nonce
//! *base nonce XOR k* and no additional data. Offsets and nonces follow from the number alone: chunks are sealed and
//! opened in any order and by any number of threads.
//!
//! The one thing that must never happen is to seal two contents under one number. So a number comes only out of
//! [`BodySealer::claim`], which hands out each once, and [`Run::seal`] consumes what it got. Append, patch and resume
//! do not exist: they are new bodies.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand_core::CryptoRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA512, KeyType, Prk};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};
use crate::limits;
use crate::secret::{DATA_KEY_LEN, DataKey};

#[cfg(test)]
mod tests;

/// Plaintext bytes in every chunk but the last, which holds fewer.
pub const CHUNK_LEN: usize = 16 * 1024;
/// Bytes of the authentication tag behind each chunk's ciphertext.
pub const TAG_LEN: usize = MAX_TAG_LEN;
/// Bytes of a full chunk in the body: the distance from one chunk to the next.
pub const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;
/// Bytes of the random salt that opens a body.
pub const SALT_LEN: usize = 24;
/// Bytes before the first chunk: salt, then commitment.
pub const BODY_HEAD_LEN: usize = SALT_LEN + COMMITMENT_LEN;

const COMMITMENT_LEN: usize = 32;
const LABEL: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// Length of the whole body, head included, of a message of `plain` bytes.
pub const fn sealed_len(plain: u64) -> u64 {
    let chunks = plain / CHUNK_LEN as u64 + 1;
    plain
        .saturating_add(chunks * TAG_LEN as u64)
        .saturating_add(BODY_HEAD_LEN as u64)
}

/// Length of the message in a body of `sealed` bytes, head included.
///
/// # Errors
/// Damaged, when no message gives that length: the body was cut or extended.
pub fn plain_len(sealed: u64) -> Result<u64> {
    let chunks = sealed.checked_sub(BODY_HEAD_LEN as u64).ok_or_else(truncated)?;
    let full = chunks / SEALED_CHUNK_LEN as u64;
    let last = chunks % SEALED_CHUNK_LEN as u64;
    if full >= limits::CHUNKS {
        return Err(too_long());
    }
    let last = last.checked_sub(TAG_LEN as u64).ok_or_else(truncated)?;
    Ok(full * CHUNK_LEN as u64 + last)
}

/// Seals one message. Shared by reference between threads; there is no way to copy it.
pub struct BodySealer {
    chunks: ChunkKey,
    head: [u8; BODY_HEAD_LEN],
    next: AtomicU64,
    ended: AtomicBool,
}

impl BodySealer {
    /// A sealer under `key` for one message, bound to `context`; its salt comes from `rng`.
    pub fn draw(key: &DataKey, context: &[u8], rng: &mut dyn CryptoRng) -> Self {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        Self::new(key, context, salt)
    }

    /// A sealer with this `salt`, which must never have served with `key` before.
    pub(crate) fn new(key: &DataKey, context: &[u8], salt: [u8; SALT_LEN]) -> Self {
        let derived = Derived::new(key, context, &salt);
        let mut head = [0; BODY_HEAD_LEN];
        head[..SALT_LEN].copy_from_slice(&salt);
        head[SALT_LEN..].copy_from_slice(derived.commitment());
        Self {
            chunks: derived.chunk_key(),
            head,
            next: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        }
    }

    /// The bytes before the first chunk: salt and commitment.
    pub fn head(&self) -> [u8; BODY_HEAD_LEN] {
        self.head
    }

    /// Hands out the next `count` chunk numbers, to this caller only. A run that turns out to lie behind the end of
    /// the message is dropped unsealed.
    ///
    /// # Errors
    /// Refused, when the body would exceed 2^38 chunks (4 PiB).
    pub fn claim(&self, count: usize) -> Result<Run<'_>> {
        let end = |first: u64| {
            first
                .checked_add(count as u64)
                .filter(|end| *end <= limits::CHUNKS)
        };
        let first = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end);
        Ok(Run {
            sealer: self,
            first: first.map_err(|_| Error::refused("a message may not exceed 2^38 chunks (4 PiB)"))?,
            count,
        })
    }
}

/// A run of chunk numbers that nobody else has. Sealing consumes it.
#[must_use = "chunk numbers that are not sealed leave a hole in the body"]
pub struct Run<'a> {
    sealer: &'a BodySealer,
    first: u64,
    count: usize,
}

impl Run<'_> {
    /// The number of the first chunk.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Position of the run's first byte in the message.
    pub fn plain_offset(&self) -> u64 {
        self.first * CHUNK_LEN as u64
    }

    /// Position of the run's first byte in the body, head included.
    pub fn sealed_offset(&self) -> u64 {
        sealed_offset(self.first)
    }

    /// Seals `plain_len` bytes in place and returns how many bytes of `buffer` are now the body's.
    ///
    /// Chunk `i` of the run lies at `i ×` [`SEALED_CHUNK_LEN`] of `buffer`, up to [`CHUNK_LEN`] bytes of plaintext and
    /// room for its tag ([`plain_slots`] gives those places). A run that is not filled ends the message, with a chunk
    /// that is shorter than the others or empty.
    ///
    /// # Errors
    /// Bug, when `buffer` is too small for the run, or a second run of the same message is not filled.
    pub fn seal(self, buffer: &mut [u8], plain_len: usize) -> Result<usize> {
        let full = plain_len / CHUNK_LEN;
        let ends = full < self.count;
        let last = if ends { plain_len % CHUNK_LEN + TAG_LEN } else { 0 };
        let sealed = full * SEALED_CHUNK_LEN + last;
        if plain_len > self.count * CHUNK_LEN || sealed > buffer.len() {
            return Err(Error::bug("a run of chunks was given more than it holds"));
        }
        if ends && self.sealer.ended.swap(true, Ordering::Relaxed) {
            return Err(Error::bug("a message was ended twice"));
        }
        let chunks = buffer[..sealed].chunks_mut(SEALED_CHUNK_LEN);
        for (number, chunk) in (self.first..).zip(chunks) {
            self.sealer.chunks.seal(number, chunk)?;
        }
        Ok(sealed)
    }
}

/// The places in a buffer where [`Run::seal`] expects plaintext: what a scattered read fills.
pub fn plain_slots(buffer: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    buffer.chunks_mut(SEALED_CHUNK_LEN).map(|slot| {
        let plain = slot.len().saturating_sub(TAG_LEN);
        &mut slot[..plain]
    })
}

/// Position of chunk `number` in the body, head included.
pub const fn sealed_offset(number: u64) -> u64 {
    BODY_HEAD_LEN as u64 + number * SEALED_CHUNK_LEN as u64
}

/// Opens the chunks of one body. Shared by reference between threads.
pub struct BodyOpener {
    chunks: ChunkKey,
}

impl BodyOpener {
    /// Derives the body's keys and compares the commitment in constant time, before any chunk can be opened.
    ///
    /// # Errors
    /// Damaged, when `head` commits to another key or context.
    pub fn new(key: &DataKey, context: &[u8], head: &[u8; BODY_HEAD_LEN]) -> Result<Self> {
        let (salt, commitment) = head.split_at(SALT_LEN);
        let derived = Derived::new(key, context, salt);
        if !bool::from(derived.commitment().ct_eq(commitment)) {
            return Err(Error::damaged(
                "the data key is not the one that this body commits to",
            ));
        }
        Ok(Self {
            chunks: derived.chunk_key(),
        })
    }

    /// Opens chunk `number`, ciphertext and tag, in place and returns the length of its plaintext, which is then at
    /// the front of `chunk`. Less than [`CHUNK_LEN`] means that the message ends here; whether the body ends here too
    /// is for the caller to see.
    ///
    /// # Errors
    /// Damaged, when the chunk does not authenticate at this place. `chunk` is then all zero.
    pub fn open_chunk(&self, number: u64, chunk: &mut [u8]) -> Result<usize> {
        let opened = self.chunks.open(number, chunk);
        if opened.is_err() {
            chunk.zeroize();
        }
        opened
    }
}

/// Output of the key derivation: key, base nonce, commitment.
struct Derived(Zeroizing<[u8; Derived::LEN]>);

impl Derived {
    const NONCE_AT: usize = DATA_KEY_LEN;
    const COMMITMENT_AT: usize = Self::NONCE_AT + NONCE_LEN;
    const LEN: usize = Self::COMMITMENT_AT + COMMITMENT_LEN;

    #[expect(
        clippy::expect_used,
        reason = "76 bytes are less than the 16 KiB that HKDF-SHA-512 can expand to"
    )]
    fn new(key: &DataKey, context: &[u8], salt: &[u8]) -> Self {
        let mut output = Zeroizing::new([0; Self::LEN]);
        Prk::new_less_safe(HKDF_SHA512, key.expose())
            .expand(&[LABEL, salt, context], OutputLen(Self::LEN))
            .and_then(|okm| okm.fill(output.as_mut_slice()))
            .expect("the length is constant and small");
        Self(output)
    }

    fn commitment(&self) -> &[u8] {
        &self.0[Self::COMMITMENT_AT..]
    }

    #[expect(
        clippy::expect_used,
        reason = "the key has the algorithm's length by its type"
    )]
    fn chunk_key(&self) -> ChunkKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.0[..DATA_KEY_LEN]).expect("32 bytes");
        let mut base_nonce = [0; NONCE_LEN];
        base_nonce.copy_from_slice(&self.0[Self::NONCE_AT..Self::COMMITMENT_AT]);
        ChunkKey {
            key: LessSafeKey::new(key),
            base_nonce,
        }
    }
}

struct OutputLen(usize);

impl KeyType for OutputLen {
    fn len(&self) -> usize {
        self.0
    }
}

/// AES-256-GCM under the body's key and the nonces of its chunks.
struct ChunkKey {
    key: LessSafeKey,
    base_nonce: [u8; NONCE_LEN],
}

impl ChunkKey {
    /// Base nonce XOR `number`, a big-endian integer as wide as the nonce.
    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce[NONCE_LEN - 8..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= counter;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// `chunk` is plaintext and room for the tag.
    fn seal(&self, number: u64, chunk: &mut [u8]) -> Result<()> {
        let (plain, tag) = chunk.split_at_mut(chunk.len() - TAG_LEN);
        let sealed = self
            .key
            .seal_in_place_separate_tag(self.nonce(number), Aad::empty(), plain)
            .map_err(|_| Error::bug("a chunk of 16 KiB was too long to seal"))?;
        tag.copy_from_slice(sealed.as_ref());
        Ok(())
    }

    fn open(&self, number: u64, chunk: &mut [u8]) -> Result<usize> {
        if number >= limits::CHUNKS {
            return Err(too_long());
        }
        if chunk.len() < TAG_LEN {
            return Err(truncated());
        }
        if chunk.len() > SEALED_CHUNK_LEN {
            return Err(damaged(number));
        }
        match self.key.open_in_place(self.nonce(number), Aad::empty(), chunk) {
            Ok(plain) => Ok(plain.len()),
            Err(_) => Err(damaged(number)),
        }
    }
}

fn truncated() -> Error {
    Error::damaged("the body ends before its last chunk: it was cut or is still being written")
}

fn too_long() -> Error {
    Error::damaged("the body has more than 2^38 chunks")
}

fn damaged(number: u64) -> Error {
    Error::damaged(format!("chunk {number} of the body does not authenticate"))
}
