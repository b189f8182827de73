//! Contents under customer-managed keys: sealed part by part with a data key of their own (AES-256-GCM); the data key,
//! together with the checksums, wrapped by the key machine. What is on the shelf opens for nobody without that machine.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_core::kms::{EncryptWith, KmsCode, KmsError};
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_core::secret::{DATA_KEY_LEN, DataKey, SecretBytes};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::hash::Hashes;
use super::key_refusal;
use super::object::Protection;
use super::refusal::Refusal;
use crate::state::State;

/// What is unsealed: checksums, and the key of the parts where there is one.
pub(crate) struct Opened {
    /// The checksums.
    pub(crate) hashes: Hashes,
    /// The key of the parts.
    pub(crate) seal: Option<Seal>,
}

/// The key of the parts of one content.
pub(crate) struct Seal {
    key: LessSafeKey,
    size: u64,
}

/// Protects a content of `size` bytes that is kept as `content`.
///
/// # Errors
/// What the service says when the key does not encrypt.
pub(crate) fn protect(
    state: &State,
    key: Option<&CryptoKeyName>,
    content: &str,
    size: u64,
    hashes: Hashes,
) -> Result<(Protection, Option<Seal>), Refusal> {
    let Some(key) = key else {
        return Ok((Protection::Plain(hashes), None));
    };
    let data_key = DataKey::generate(&mut *super::rng(state));
    let secret = SecretBytes::new([data_key.expose().as_slice(), &hashes.to_bytes()].concat());
    let wrapped = state
        .trouble
        .encrypt(EncryptWith::Key(key), secret.expose(), content.as_bytes())
        .map_err(|error| key_refusal::encrypting(&error))?;
    let protection = Protection::Key {
        version: wrapped.version.to_string(),
        wrapped: STANDARD.encode(&wrapped.ciphertext),
    };
    Ok((protection, Some(Seal::new(data_key.expose(), size)?)))
}

/// Opens the protection of a content.
///
/// # Errors
/// What the service says when the version does not decrypt.
pub(crate) fn open(
    state: &State,
    protection: &Protection,
    content: &str,
    size: u64,
) -> Result<Opened, Refusal> {
    match protection {
        Protection::Plain(hashes) => Ok(Opened {
            hashes: *hashes,
            seal: None,
        }),
        Protection::Key { version, wrapped } => {
            let version: KeyVersionName = version.parse().map_err(|_| key_refusal::bad_name(version))?;
            let wrapped = STANDARD.decode(wrapped).map_err(|_| damaged())?;
            let secret = decrypt(state, version.key(), &wrapped, content)?;
            let (data_key, hashes) = secret.expose().split_first_chunk().ok_or_else(damaged)?;
            Ok(Opened {
                hashes: Hashes::from_bytes(hashes).ok_or_else(damaged)?,
                seal: Some(Seal::new(data_key, size)?),
            })
        }
    }
}

fn decrypt(
    state: &State,
    key: &CryptoKeyName,
    wrapped: &[u8],
    content: &str,
) -> Result<SecretBytes, Refusal> {
    let decrypted = state.trouble.decrypt(key, wrapped, content.as_bytes());
    let decrypted = decrypted.map_err(|error| key_refusal::decrypting(&error))?;
    Ok(decrypted.plaintext)
}

impl Seal {
    fn new(key: &[u8; DATA_KEY_LEN], size: u64) -> Result<Self, Refusal> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| damaged())?;
        Ok(Self {
            key: LessSafeKey::new(key),
            size,
        })
    }

    /// Seals part number `index`. The key is used for one content, so that the number is a nonce.
    pub(crate) fn seal(&self, index: u32, part: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut sealed = Vec::with_capacity(part.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(part);
        let aad = Aad::from(self.size.to_be_bytes());
        let done = self.key.seal_in_place_append_tag(nonce(index), aad, &mut sealed);
        done.map(|()| sealed).map_err(|_| damaged())
    }

    /// Opens part number `index`.
    pub(crate) fn open(&self, index: u32, sealed: &mut Vec<u8>) -> Result<(), Refusal> {
        let aad = Aad::from(self.size.to_be_bytes());
        let opened = self
            .key
            .open_in_place(nonce(index), aad, sealed)
            .map(|part| part.len());
        sealed.truncate(opened.map_err(|_| damaged())?);
        Ok(())
    }
}

fn nonce(index: u32) -> Nonce {
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// The error of a content that is not what was written.
pub(crate) fn damaged() -> Refusal {
    KmsError::new(KmsCode::Internal, "The content of this object is damaged.").into()
}
