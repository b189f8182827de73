//! A canary: a small random secret sealed under one version and opened again.

use keyward::registry::Crypters;
use keyward_core::error::{Error, Result};
use keyward_core::kms::EncryptWith;
use keyward_core::name::VersionRef;
use keyward_core::secret::SecretBytes;
use rand::rand_core::CryptoRng;

/// What a canary is bound to, so that it can be taken for nothing else.
const AAD: &[u8] = b"keyward/canary/v1";
const LEN: usize = 32;

/// Proves that `version` seals and opens now.
///
/// # Errors
/// What the provider answered; damaged when another version answered, or something else came back.
pub(super) async fn prove(crypters: &Crypters, version: &VersionRef, rng: &mut dyn CryptoRng) -> Result<()> {
    let crypt = crypters.get(version.provider)?;
    let secret = SecretBytes::random(LEN, rng);
    let sealed = crypt
        .encrypt(EncryptWith::Version(&version.name), secret.expose(), AAD)
        .await?;
    if sealed.version != version.name {
        return Err(Error::damaged(format!("{} answered for it", sealed.version)).on(version));
    }
    let opened = crypt.decrypt(version.name.key(), &sealed.ciphertext, AAD).await?;
    if opened.same_as(secret.expose()) {
        Ok(())
    } else {
        Err(Error::damaged("a canary came back as something else").on(version))
    }
}
