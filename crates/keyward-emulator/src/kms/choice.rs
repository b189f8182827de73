//! Which version answers, and whether its state counts: the one place where trouble may change either.

use keyward_core::kms::{EncryptWith, Encrypted, KmsError};
use keyward_core::name::CryptoKeyName;
use keyward_embedded::Decrypted;

use crate::rpc::Call;

/// Encrypts under the version that answers now for what was asked.
pub(super) fn encrypt(
    call: &Call<'_>,
    with: EncryptWith<'_>,
    plaintext: &[u8],
    aad: &[u8],
) -> Result<Encrypted, KmsError> {
    call.state.keys.encrypt(with, plaintext, aad)
}

/// Decrypts under the version that the ciphertext names.
pub(super) fn decrypt(
    call: &Call<'_>,
    key: &CryptoKeyName,
    ciphertext: &[u8],
    aad: &[u8],
) -> Result<Decrypted, KmsError> {
    call.state.keys.decrypt(key, ciphertext, aad)
}
