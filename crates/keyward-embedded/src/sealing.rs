//! AES-256-GCM with a random nonce in front: how everything in this crate is sealed.

use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};

use crate::fault::{Result, bug};

/// Bytes that sealing adds.
pub(crate) const OVERHEAD: usize = NONCE_LEN + MAX_TAG_LEN;

/// A key that seals at most 2^32 messages (NIST SP 800-38D, 8.3: random 96-bit nonces). ring wipes no key schedule
/// (docs/threat-model.md).
pub(crate) struct SealingKey(LessSafeKey);

impl SealingKey {
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| bug("a key that is not 32 bytes long"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Appends nonce, ciphertext and tag to `out`. The plaintext is copied once, into the place of the ciphertext.
    pub(crate) fn seal(&self, plain: &[u8], aad: &[u8], out: &mut Vec<u8>, nonce: Nonce) -> Result<()> {
        out.reserve_exact(OVERHEAD + plain.len());
        out.extend_from_slice(nonce.as_ref());
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out[start..]);
        out.extend_from_slice(tag.map_err(|_| bug("a plaintext of 64 GiB"))?.as_ref());
        Ok(())
    }

    /// Opens nonce, ciphertext and tag; `None` when they do not authenticate.
    pub(crate) fn open(&self, sealed: &[u8], aad: &[u8]) -> Option<SecretBytes> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut buffer = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain_len = self
            .0
            .open_in_place(nonce, Aad::from(aad), &mut buffer)
            .ok()?
            .len();
        buffer.truncate(plain_len);
        Some(SecretBytes::new(buffer))
    }
}

/// A fresh nonce. It can be used once, as its type says.
pub(crate) fn nonce(rng: &mut dyn CryptoRng) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    Nonce::assume_unique_for_key(nonce)
}
