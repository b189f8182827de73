//! Canaries: small secrets that are sealed under a key and opened again.

use keyward_core::error::{Error, Result};
use keyward_core::kms::{EncryptWith, KmsCode, KmsCrypt, KmsError};
use keyward_core::name::{KeyVersionName, Provider};
use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;

use super::patience::{Patience, Silence};

/// What a canary is bound to, so that none is ever taken for the wrap of an envelope.
const AAD: &[u8] = b"keyward canary, format 1";
/// Length of a canary, that of a data key.
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
    let key = with.key();
    let sealing = crypt.encrypt(with, secret.expose(), AAD);
    let sealed = patience.wait(provider, key.location(), sealing).await;
    let sealed = sealed.map_err(silent)?.map_err(failure)?;
    let answered = match with {
        EncryptWith::Key(_) => sealed.version.key() == key,
        EncryptWith::Version(version) => sealed.version == *version,
    };
    if !answered {
        let other = format!("{} answered instead of what was asked", sealed.version);
        return Err(Failure::Failed(Error::damaged(other)));
    }
    let opening = crypt.decrypt(key, &sealed.ciphertext, AAD);
    let opened = patience.wait(provider, key.location(), opening).await;
    let opened = opened.map_err(silent)?.map_err(unopened)?;
    if opened.same_as(secret.expose()) {
        Ok(sealed.version)
    } else {
        Err(Failure::Failed(Error::damaged(
            "a canary opened as something else",
        )))
    }
}

impl Failure {
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
