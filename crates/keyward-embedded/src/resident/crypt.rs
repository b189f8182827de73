//! Using keys. Versions are picked under the lock, and bytes sealed and opened outside of it.

use std::sync::Arc;

use keyward_core::key::{
    KeyRecord, KeyVersion, ProtectionLevel, VersionState, decryption_failed, refusal, usable,
};
use keyward_core::kms::{EncryptWith, Encrypted, KmsCode, KmsError};
use keyward_core::limits;
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_core::secret::SecretBytes;

use super::holdings::HeldKey;
use super::{Place, Resident};
use crate::ciphertext;
use crate::fault::{Result, bug};
use crate::sealing::nonce;
use crate::service::check_size;

/// What decrypting answered.
pub struct Decrypted {
    /// The plaintext.
    pub plaintext: SecretBytes,
    /// The version that it was encrypted under.
    pub version: KeyVersionName,
}

/// Whether the state of a version counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    Enabled,
    NotDestroyed,
}

/// A version that is going to be used.
struct Picked {
    version: KeyVersionName,
    protection: ProtectionLevel,
    material: Arc<SecretBytes>,
}

impl Resident {
    /// Encrypts at most 64 KiB, bound to `aad` of at most as much; with a key in hardware, 8 KiB together.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when the version is not enabled or the key has no primary;
    /// `INVALID_ARGUMENT` for more bytes.
    pub fn encrypt(&self, with: EncryptWith<'_>, plaintext: &[u8], aad: &[u8]) -> Result<Encrypted> {
        self.seal(with, plaintext, aad, Care::Enabled)
    }

    /// Decrypts with whichever version of `key` encrypted.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when the version is not enabled; `INVALID_ARGUMENT` when the ciphertext does
    /// not open under this key and `aad`.
    pub fn decrypt(&self, key: &CryptoKeyName, ciphertext: &[u8], aad: &[u8]) -> Result<Decrypted> {
        self.open_with(key, ciphertext, aad, Care::Enabled)
    }

    /// Like [`Self::encrypt`], with a version in any state but destroyed: what a backend that has not heard of a disable
    /// yet would do. For simulated eventual consistency only.
    ///
    /// # Errors
    /// Those of [`Self::encrypt`].
    pub fn encrypt_unchecked(
        &self,
        with: EncryptWith<'_>,
        plaintext: &[u8],
        aad: &[u8],
    ) -> Result<Encrypted> {
        self.seal(with, plaintext, aad, Care::NotDestroyed)
    }

    /// Like [`Self::decrypt`], with a version in any state but destroyed. For simulated eventual consistency only.
    ///
    /// # Errors
    /// Those of [`Self::decrypt`].
    pub fn decrypt_unchecked(&self, key: &CryptoKeyName, ciphertext: &[u8], aad: &[u8]) -> Result<Decrypted> {
        self.open_with(key, ciphertext, aad, Care::NotDestroyed)
    }

    fn seal(&self, with: EncryptWith<'_>, plaintext: &[u8], aad: &[u8], care: Care) -> Result<Encrypted> {
        let picked = self.pick(with.key(), care, |record| record.asked(with))?;
        check_sizes(picked.protection, plaintext, aad)?;
        let nonce = nonce(&mut **self.rng());
        let Picked {
            version, material, ..
        } = picked;
        let ciphertext = ciphertext::seal(&version, &material, plaintext, aad, nonce)?;
        Ok(Encrypted { ciphertext, version })
    }

    fn open_with(&self, key: &CryptoKeyName, ciphertext: &[u8], aad: &[u8], care: Care) -> Result<Decrypted> {
        let claimed = ciphertext::claimed_version(ciphertext, key);
        let picked = self.pick(key, care, |record| record.claimed(claimed))?;
        check_sizes(picked.protection, &[], aad)?;
        let Picked {
            version, material, ..
        } = picked;
        let opened = ciphertext::open(&version, &material, ciphertext, aad)?;
        let plaintext = opened.ok_or_else(decryption_failed)?;
        Ok(Decrypted { plaintext, version })
    }

    fn pick(
        &self,
        key: &CryptoKeyName,
        care: Care,
        choose: impl FnOnce(&KeyRecord) -> Result<&KeyVersion>,
    ) -> Result<Picked> {
        if matches!(self.0.place, Place::Frozen) {
            return Err(bug("a copy for looking was to be used"));
        }
        self.settle_key(key)?;
        let holdings = self.holdings();
        let held = holdings.key(key)?;
        let version = choose(&held.record)?;
        match care {
            Care::Enabled => usable(version)?,
            Care::NotDestroyed => existing(version)?,
        };
        picked(held, version)
    }
}

fn picked(held: &HeldKey, version: &KeyVersion) -> Result<Picked> {
    let material = held.material.get(&version.name.number());
    Ok(Picked {
        version: version.name.clone(),
        protection: version.protection,
        material: Arc::clone(material.ok_or_else(|| bug("a version without material"))?),
    })
}

fn existing(version: &KeyVersion) -> Result<&KeyVersion> {
    match version.state {
        VersionState::Destroyed => Err(refusal::not_enabled(&version.name, version.state)),
        _ => Ok(version),
    }
}

/// Keys in hardware take less (Cloud KMS API, Encrypt).
fn check_sizes(protection: ProtectionLevel, plaintext: &[u8], aad: &[u8]) -> Result<()> {
    check_size("plaintext", plaintext)?;
    check_size("additional_authenticated_data", aad)?;
    let hardware = matches!(
        protection,
        ProtectionLevel::Hsm | ProtectionLevel::HsmSingleTenant
    );
    let (length, limit) = (plaintext.len() + aad.len(), limits::KMS_HSM_LEN);
    if !hardware || length <= limit {
        return Ok(());
    }
    let message = format!(
        "The plaintext and additional_authenticated_data are {length} bytes long; at most {limit} are allowed."
    );
    Err(KmsError::new(KmsCode::InvalidArgument, message))
}
