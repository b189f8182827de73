//! What a drill proves with: an answer that only the identity can give, and a key that only a data key gives.

use rand_core::CryptoRng;
use ring::{hkdf, hmac};

use super::digest::Digest;
use crate::envelope::Binding;
use crate::error::{Error, Result};
use crate::name::AgeRecipient;
use crate::secret::DataKey;

const ANSWER_LABEL: &[u8] = b"keyward/drill/answer/v1";
const MAC_LABEL: &[u8] = b"keyward/drill/mac/v1";

/// Random bytes that no other bundle has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce(pub(super) [u8; 32]);

impl Nonce {
    /// Draws one.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// The answer to `challenge`: `HKDF-Expand-SHA-512(challenge, label ‖ nonce ‖ recipient, 32)`.
///
/// It is derived, and never the challenge itself, so that a bundle which passes off the wrap of an envelope as a
/// challenge learns nothing about the data key in it.
///
/// # Errors
/// Only a bug.
pub fn answer_to(challenge: &DataKey, nonce: &Nonce, recipient: &AgeRecipient) -> Result<[u8; 32]> {
    let mut answer = [0; 32];
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, challenge.expose())
        .expand(
            &[ANSWER_LABEL, &nonce.0, recipient.as_str().as_bytes()],
            hkdf::HKDF_SHA256,
        )
        .and_then(|okm| okm.fill(&mut answer))
        .map_err(|_| Error::bug("HKDF refused to make 32 bytes"))?;
    Ok(answer)
}

/// What a bundle says about the right answer, which does not give it away.
pub(super) fn check_of(answer: &[u8; 32]) -> Digest {
    Digest::of(answer)
}

/// The key of the MAC for one envelope. ring keeps it, and has no way to wipe it.
pub(super) fn mac_key(binding: &Binding, key: &DataKey) -> Result<hmac::Key> {
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, key.expose())
        .expand(&[MAC_LABEL, binding.as_bytes()], hmac::HMAC_SHA256)
        .map(hmac::Key::from)
        .map_err(|_| Error::bug("HKDF refused to make 32 bytes"))
}
