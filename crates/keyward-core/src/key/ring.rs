//! A key ring.

use crate::clock::Timestamp;
use crate::name::KeyRingName;

/// A place for crypto keys, with a name and a location. It has no state and nothing that could be updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    /// Full name.
    pub name: KeyRingName,
    /// When it was created.
    pub created: Timestamp,
}
