//! What a canary in the lock opens to, and what it is bound to.

use ring::digest::{SHA256, digest};

use crate::name::VersionRef;

/// The canary of one version. Everything about it but the ciphertext can be computed from the version's full name,
/// location included, so that a lock needs no secret, and a canary of another version is none of this one. That its
/// content is known does no harm: it is sealed by an authenticated cipher under a key that never leaves the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockCanary {
    /// What it opens to.
    pub plaintext: [u8; 32],
    /// What it is bound to, so that it is never taken for the wrap of an envelope.
    pub aad: Vec<u8>,
}

/// Canaries that are made and opened in one breath have format 1.
const FORMAT: &str = "keyward canary, format 2";

impl LockCanary {
    /// The canary of `version`.
    pub fn of(version: &VersionRef) -> Self {
        let mut plaintext = [0; 32];
        plaintext.copy_from_slice(digest(&SHA256, format!("{FORMAT}\n{version}").as_bytes()).as_ref());
        Self {
            plaintext,
            aad: format!("{FORMAT} {version}").into_bytes(),
        }
    }
}
