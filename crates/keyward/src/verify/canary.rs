//! Canaries: small secrets that are sealed under a key and opened again.

use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::kms::{EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError};
use keyward_core::manifest::LockCanary;
use keyward_core::name::{CryptoKeyName, KeyVersionName, Provider, VersionRef};
use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;

use super::patience::{Patience, Silence};

/// What a canary of the moment is bound to, so that none is ever taken for the wrap of an envelope.
const AAD: &[u8] = b"keyward canary, format 1";
/// Length of such a canary, that of a data key.
const LEN: usize = 32;

/// Why a canary came to nothing.
pub(super) enum Failure {
    /// The key did not do what it is for.
    Failed(Error),
    /// Whether it does could not be found out.
    Unknown(Error),
}

/// A fresh canary.
pub(super) fn secret(rng: &mut dyn CryptoRng) -> SecretBytes {
    SecretBytes::random(LEN, rng)
}

/// Seals `secret` and opens it. Answers the version that sealed, which is one of the key that was asked.
pub(super) async fn fly(
    crypt: &dyn KmsCrypt,
    (provider, with): (Provider, EncryptWith<'_>),
    secret: &SecretBytes,
    patience: &Patience,
) -> Result<KeyVersionName, Failure> {
    let place = Place {
        crypt,
        provider,
        patience,
    };
    let sealed = place.seal(with, secret.expose(), AAD).await?;
    place
        .open(with.key(), &sealed.ciphertext, AAD, secret.expose())
        .await?;
    Ok(sealed.version)
}

/// Seals the canary of `version` that the lock keeps, and opens it. Answers its ciphertext.
pub(super) async fn fly_for_lock(
    crypt: &dyn KmsCrypt,
    version: &VersionRef,
    patience: &Patience,
) -> Result<Vec<u8>, Failure> {
    let LockCanary { plaintext, aad } = LockCanary::of(version);
    let place = Place {
        crypt,
        provider: version.provider,
        patience,
    };
    let sealed = place
        .seal(EncryptWith::Version(&version.name), &plaintext, &aad)
        .await?;
    place
        .open(version.name.key(), &sealed.ciphertext, &aad, &plaintext)
        .await?;
    Ok(sealed.ciphertext)
}

/// Opens the canary of `version` that the lock keeps.
pub(super) async fn open_from_lock(
    crypt: &dyn KmsCrypt,
    version: &VersionRef,
    ciphertext: &[u8],
    patience: &Patience,
) -> Result<(), Failure> {
    let LockCanary { plaintext, aad } = LockCanary::of(version);
    let place = Place {
        crypt,
        provider: version.provider,
        patience,
    };
    place.open(version.name.key(), ciphertext, &aad, &plaintext).await
}

/// Where canaries fly.
struct Place<'a> {
    crypt: &'a dyn KmsCrypt,
    provider: Provider,
    patience: &'a Patience,
}

impl Place<'_> {
    async fn seal(&self, with: EncryptWith<'_>, secret: &[u8], aad: &[u8]) -> Result<Encrypted, Failure> {
        let key = with.key();
        let sealing = self.crypt.encrypt(with, secret, aad);
        let sealed = self.patience.wait(self.provider, key.location(), sealing).await;
        let sealed = sealed.map_err(silent)?.map_err(failure)?;
        let answered = match with {
            EncryptWith::Key(_) => sealed.version.key() == key,
            EncryptWith::Version(version) => sealed.version == *version,
        };
        match answered {
            true => Ok(sealed),
            false => {
                let other = format!("{} answered instead of what was asked", sealed.version);
                Err(Failure::Failed(Error::damaged(other)))
            }
        }
    }

    async fn open(
        &self,
        key: &CryptoKeyName,
        ciphertext: &[u8],
        aad: &[u8],
        secret: &[u8],
    ) -> Result<(), Failure> {
        let opening = self.crypt.decrypt(key, ciphertext, aad);
        let opened = self.patience.wait(self.provider, key.location(), opening).await;
        let opened = opened.map_err(silent)?.map_err(unopened)?;
        match opened.same_as(secret) {
            true => Ok(()),
            false => Err(Failure::Failed(Error::damaged(
                "a canary opened as something else",
            ))),
        }
    }
}

impl Failure {
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Failed(error) | Self::Unknown(error) => error.kind(),
        }
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Failed(error) | Self::Unknown(error) => error,
        }
    }
}

fn silent(silence: Silence) -> Failure {
    Failure::Unknown(Error::unavailable(silence.into_text()))
}

/// Denial may have many reasons, and says nothing about the key.
fn failure(error: KmsError) -> Failure {
    match error.code {
        KmsCode::PermissionDenied
        | KmsCode::ResourceExhausted
        | KmsCode::Unavailable
        | KmsCode::DeadlineExceeded => Failure::Unknown(error.into()),
        KmsCode::InvalidArgument
        | KmsCode::NotFound
        | KmsCode::AlreadyExists
        | KmsCode::FailedPrecondition
        | KmsCode::Internal
        | KmsCode::Bug => Failure::Failed(error.into()),
    }
}

/// A canary that was just sealed and does not open is damaged.
fn unopened(error: KmsError) -> Failure {
    match failure(error.clone()) {
        Failure::Failed(_) => Failure::Failed(error.of_decryption()),
        unknown => unknown,
    }
}
