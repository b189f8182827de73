//! Ids and secrets that are version 4 UUIDs (RFC 9562).

use rand_core::CryptoRng;
use uuid::Builder;
use zeroize::Zeroizing;

use crate::secret::SecretBytes;

/// A fresh id, lower case with hyphens.
pub(super) fn fresh(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// The same, when it serves as a secret: 122 random bits.
pub(super) fn fresh_secret(rng: &mut dyn CryptoRng) -> SecretBytes {
    let mut bytes = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *bytes);
    let mut text = vec![0; 36];
    Builder::from_random_bytes(*bytes)
        .into_uuid()
        .hyphenated()
        .encode_lower(&mut text);
    SecretBytes::new(text)
}
