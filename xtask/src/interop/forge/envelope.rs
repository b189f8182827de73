//! An envelope put together by hand from docs/format.md, so that every rule of it can be broken alone.
//!
//! Nothing here uses keyward's own writer: what this makes, and keyward reads, is what the document says.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::{digest, hkdf, hmac};

use super::seed::Seed;

const CHUNK: usize = 16 * 1024;

/// A wrap as its fields.
#[derive(Clone)]
pub struct ForgedWrap {
    pub kind: u8,
    pub group: u8,
    pub provider: Vec<u8>,
    pub location: Vec<u8>,
    pub key: Vec<u8>,
    pub version: Vec<u8>,
    pub wrapped: Vec<u8>,
}

/// Everything an envelope is made from. A vector that breaks one rule changes one field.
pub struct Plan {
    pub start: [u8; 8],
    pub id: [u8; 32],
    pub pairs: Vec<(Vec<u8>, Vec<u8>)>,
    pub pair_count: Option<u16>,
    pub core_tail: Vec<u8>,
    pub wraps: Vec<ForgedWrap>,
    pub wrap_count: Option<u8>,
    pub wraps_tail: Vec<u8>,
    pub key: [u8; 32],
    pub salt: [u8; 24],
    pub content: Vec<u8>,
}

/// The sections of a finished envelope.
#[derive(Clone)]
pub struct Sections {
    pub prefix: Vec<u8>,
    pub core: Vec<u8>,
    pub wraps: Vec<u8>,
    pub mac: Vec<u8>,
    pub body: Vec<u8>,
}

impl Plan {
    /// A sound envelope with this content, no pair and no wrap. Id, data key and salt are drawn in this order, as
    /// keyward does.
    pub fn new(seed: &mut Seed, content: &[u8]) -> Self {
        Self {
            start: [0x93, 0x4B, 0x57, 0x31, 1, 1, 0, 0],
            id: seed.array(),
            key: seed.array(),
            salt: seed.array(),
            pairs: Vec::new(),
            pair_count: None,
            core_tail: Vec::new(),
            wraps: Vec::new(),
            wrap_count: None,
            wraps_tail: Vec::new(),
            content: content.to_vec(),
        }
    }

    /// SHA-512(prefix[0..8] ‖ core).
    pub fn binding(&self) -> Vec<u8> {
        let bytes = [&self.start[..], &self.core()].concat();
        digest::digest(&digest::SHA512, &bytes).as_ref().to_vec()
    }

    /// Lays out and seals.
    pub fn seal(&self) -> Result<Sections, Unspecified> {
        let mut sections = Sections {
            prefix: Vec::new(),
            core: self.core(),
            wraps: self.wraps(),
            mac: Vec::new(),
            body: self.body()?,
        };
        sections.prefix = [&self.start[..], &sections.lengths()].concat();
        sections.mac = self.mac(&[&sections.prefix[..], &sections.core, &sections.wraps].concat())?;
        Ok(sections)
    }

    fn core(&self) -> Vec<u8> {
        let count = self.pair_count.unwrap_or(short(self.pairs.len()));
        let mut core = [&self.id[..], &count.to_be_bytes()].concat();
        for (name, value) in &self.pairs {
            put(&mut core, name);
            put(&mut core, value);
        }
        core.extend_from_slice(&self.core_tail);
        core
    }

    fn wraps(&self) -> Vec<u8> {
        let count = short(self.wraps.len()).to_be_bytes()[1];
        let mut section = vec![self.wrap_count.unwrap_or(count)];
        for wrap in &self.wraps {
            section.extend_from_slice(&[wrap.kind, wrap.group]);
            for field in [
                &wrap.provider,
                &wrap.location,
                &wrap.key,
                &wrap.version,
                &wrap.wrapped,
            ] {
                put(&mut section, field);
            }
        }
        section.extend_from_slice(&self.wraps_tail);
        section
    }

    fn mac(&self, authenticated: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let info = [b"keyward/wraps/v1", &self.binding()[..]].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.expand(&info, 32)?);
        Ok(hmac::sign(&key, authenticated).as_ref().to_vec())
    }

    /// Cobblestone-256.
    fn body(&self) -> Result<Vec<u8>, Unspecified> {
        let label = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";
        let info = [&label[..], &self.salt, b"keyward/envelope/v1", &self.binding()].concat();
        let derived = self.expand(&info, 32 + 12 + 32)?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derived[..32])?);
        let mut body = [&self.salt[..], &derived[44..]].concat();
        for number in 0..=self.content.len() / CHUNK {
            let rest = &self.content[number * CHUNK..];
            let mut chunk = rest[..rest.len().min(CHUNK)].to_vec();
            key.seal_in_place_append_tag(nonce(&derived[32..44], number), Aad::empty(), &mut chunk)?;
            body.append(&mut chunk);
        }
        Ok(body)
    }

    fn expand(&self, info: &[u8], len: usize) -> Result<Vec<u8>, Unspecified> {
        let mut output = vec![0; len];
        hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, &self.key)
            .expand(&[info], Len(len))?
            .fill(&mut output)?;
        Ok(output)
    }
}

impl Sections {
    /// The binary form.
    pub fn bytes(&self) -> Vec<u8> {
        [self.header(), self.body.clone()].concat()
    }

    /// Prefix, core and wraps: what a file of detached wraps holds.
    pub fn header(&self) -> Vec<u8> {
        [&self.prefix[..], &self.core, &self.wraps, &self.mac].concat()
    }

    fn lengths(&self) -> [u8; 8] {
        let (core, wraps) = (self.core.len() as u64, self.wraps.len() as u64 + 32);
        (core << 32 | wraps).to_be_bytes()
    }
}

struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

fn nonce(base: &[u8], number: usize) -> Nonce {
    let mut nonce = [0; 12];
    nonce.copy_from_slice(base);
    for (byte, counter) in nonce[4..].iter_mut().zip((number as u64).to_be_bytes()) {
        *byte ^= counter;
    }
    Nonce::assume_unique_for_key(nonce)
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&short(field.len()).to_be_bytes());
    out.extend_from_slice(field);
}

fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}
