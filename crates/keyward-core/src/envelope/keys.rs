//! What binds wraps and body to the core, and the key that authenticates the wraps.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{digest, hkdf, hmac};

use super::prefix;
use crate::error::{Error, Result};
use crate::secret::DataKey;

const WRAP_LABEL: &[u8] = b"keyward/wrap/v1";
const BODY_LABEL: &[u8] = b"keyward/envelope/v1";
const WRAPS_KEY_LABEL: &[u8] = b"keyward/wraps/v1";

/// SHA-512 over the first 8 bytes of the prefix and the core: what a wrap and a body belong to.
///
/// Its length does not depend on the core's, so that every provider can take it (HSM keys of Cloud KMS take 8 KiB of
/// plaintext and additional authenticated data together).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding([u8; 64]);

impl Binding {
    /// The binding of a core section.
    pub(super) fn of(core: &[u8]) -> Self {
        let mut hash = digest::Context::new(&digest::SHA512);
        hash.update(&prefix::BOUND);
        hash.update(core);
        let mut binding = [0; 64];
        binding.copy_from_slice(hash.finish().as_ref());
        Self(binding)
    }

    /// The 64 bytes, to bind something else to them under a label of its own.
    pub(crate) fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The additional authenticated data of every KMS wrap: 79 bytes, the same in every location.
    pub fn wrap_aad(&self) -> Vec<u8> {
        [WRAP_LABEL, &self.0].concat()
    }

    /// The context of the Cobblestone-256 body: 83 bytes.
    pub fn body_context(&self) -> Vec<u8> {
        [BODY_LABEL, &self.0].concat()
    }

    /// Key of the MAC over the header. ring keeps it, and has no way to wipe it.
    pub(super) fn mac_key(&self, key: &DataKey) -> Result<hmac::Key> {
        hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, key.expose())
            .expand(&[WRAPS_KEY_LABEL, &self.0], hmac::HMAC_SHA256)
            .map(hmac::Key::from)
            .map_err(|_| Error::bug("HKDF refused to make 32 bytes"))
    }
}

/// A name of fixed length for an age recipient that is too long to stand in a wrap.
pub(super) fn fingerprint(recipient: &str) -> String {
    let hash = digest::digest(&digest::SHA512, recipient.as_bytes());
    format!("sha512:{}", URL_SAFE_NO_PAD.encode(hash))
}
