//! What the provider has logged about keys.

use crate::clock::Timestamp;

/// A change of a key, a version or a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminEvent {
    /// When.
    pub at: Timestamp,
    /// What was called, without the name of its service: `DestroyCryptoKeyVersion`.
    pub method: String,
    /// On what, by its full name.
    pub resource: String,
    /// By whom, where that is said.
    pub principal: Option<String>,
    /// Whether it was refused, so that nothing changed.
    pub failed: bool,
}

/// A use of a key that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedUse {
    /// When.
    pub at: Timestamp,
    /// What was called: `Decrypt`.
    pub method: String,
    /// On what, by its full name.
    pub resource: String,
    /// By whom, where that is said.
    pub principal: Option<String>,
    /// The canonical code, as a number: 9 is FAILED_PRECONDITION, of a version that cannot be used.
    pub code: i64,
    /// What the provider said.
    pub message: String,
}
