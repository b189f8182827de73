//! The material of key versions, and what is sealed under it. The whole of this provider's cryptography.
//!
//! A ciphertext is the number of the version (8 bytes, big-endian), a nonce (12), and AES-256-GCM of the plaintext with
//! its tag (16). The associated data is the version's full name with its length, and the caller's.

use std::collections::BTreeMap;

use keyward_core::key::{Effect, decryption_failed};
use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::name::KeyVersionName;
use keyward_core::secret::SecretBytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

const NUMBER_LEN: usize = 8;

/// One key for each version that is not destroyed.
#[derive(Default)]
pub(crate) struct Material(BTreeMap<KeyVersionName, LessSafeKey>);

impl Material {
    /// Makes or wipes what the key machine asked for.
    pub(crate) fn carry_out(&mut self, effect: Effect) -> Result<(), KmsError> {
        match effect {
            Effect::MakeMaterial(version) => self.0.insert(version, fresh_key()?),
            Effect::WipeMaterial(version) => self.0.remove(&version),
        };
        Ok(())
    }

    pub(crate) fn seal(
        &self,
        version: &KeyVersionName,
        plaintext: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, KmsError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = plaintext.to_vec();
        self.key(version)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                bound(version, aad),
                &mut sealed,
            )
            .map_err(|_| broken("sealing failed"))?;
        Ok([&version.number().to_be_bytes()[..], &nonce, &sealed].concat())
    }

    pub(crate) fn open(
        &self,
        version: &KeyVersionName,
        ciphertext: &[u8],
        aad: &[u8],
    ) -> Result<SecretBytes, KmsError> {
        let sealed = ciphertext.get(NUMBER_LEN..).unwrap_or_default();
        let (nonce, sealed) = sealed.split_first_chunk().ok_or_else(decryption_failed)?;
        let mut buffer = sealed.to_vec();
        let opened = self
            .key(version)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                bound(version, aad),
                &mut buffer,
            )
            .map_err(|_| decryption_failed())?;
        let len = opened.len();
        buffer.truncate(len);
        Ok(SecretBytes::new(buffer))
    }

    fn key(&self, version: &KeyVersionName) -> Result<&LessSafeKey, KmsError> {
        self.0
            .get(version)
            .ok_or_else(|| broken(&format!("{version} has no material")))
    }
}

/// The number of the version that made a ciphertext, as it claims.
pub(crate) fn claimed_version(ciphertext: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*ciphertext.first_chunk()?))
}

fn bound(version: &KeyVersionName, aad: &[u8]) -> Aad<Vec<u8>> {
    let name = version.to_string();
    let length = (name.len() as u64).to_be_bytes();
    Aad::from([&length[..], name.as_bytes(), aad].concat())
}

fn fresh_key() -> Result<LessSafeKey, KmsError> {
    let bytes: [u8; 32] = random()?;
    let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| broken("no key"))?;
    Ok(LessSafeKey::new(key))
}

fn random<const N: usize>() -> Result<[u8; N], KmsError> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| broken("no randomness"))?;
    Ok(bytes)
}

fn broken(what: &str) -> KmsError {
    KmsError::new(KmsCode::Internal, what)
}
