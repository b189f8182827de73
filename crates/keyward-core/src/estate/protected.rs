//! What the provider itself keeps under keys, and which keys are gone.

use crate::clock::Timestamp;

/// Resources under a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected {
    /// Each of them.
    pub resources: Vec<ProtectedResource>,
    /// Why more may be under it that are not seen. Empty when this is all that the provider tracks.
    pub warnings: Vec<String>,
}

/// A resource under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedResource {
    /// Its full name.
    pub name: String,
    /// What it is: `storage.googleapis.com/Bucket`.
    pub kind: String,
    /// Where it is.
    pub location: String,
    /// The versions that it is under, by their full names.
    pub versions: Vec<String>,
}

/// A key that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// What its full name was.
    pub resource: String,
    /// When it was deleted, where that is said.
    pub at: Option<Timestamp>,
}
