//! A key version and the states it can be in.

use std::fmt;

use super::{Algorithm, ProtectionLevel};
use crate::clock::Timestamp;
use crate::name::KeyVersionName;

/// State of a key version, as Cloud KMS names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// Being generated.
    PendingGeneration,
    /// Usable.
    Enabled,
    /// Not usable; can be enabled again.
    Disabled,
    /// Not usable, and destroyed for good at [`KeyVersion::destroy_at`] unless it is restored before.
    DestroyScheduled,
    /// The material is gone.
    Destroyed,
    /// A state that this release does not know, or a failed generation or import.
    Other,
}

impl VersionState {
    /// Cloud KMS' own word for the state.
    pub fn id(self) -> &'static str {
        match self {
            Self::PendingGeneration => "PENDING_GENERATION",
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
            Self::DestroyScheduled => "DESTROY_SCHEDULED",
            Self::Destroyed => "DESTROYED",
            Self::Other => "CRYPTO_KEY_VERSION_STATE_UNSPECIFIED",
        }
    }

    /// The state with this word; [`Self::Other`] for one that this release does not know.
    pub fn from_id(id: &str) -> Self {
        [
            Self::PendingGeneration,
            Self::Enabled,
            Self::Disabled,
            Self::DestroyScheduled,
            Self::Destroyed,
        ]
        .into_iter()
        .find(|state| state.id() == id)
        .unwrap_or(Self::Other)
    }
}

impl fmt::Display for VersionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One numbered piece of key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyVersion {
    /// Full name.
    pub name: KeyVersionName,
    /// Its state.
    pub state: VersionState,
    /// What it computes.
    pub algorithm: Algorithm,
    /// Where its material is.
    pub protection: ProtectionLevel,
    /// When it was created.
    pub created: Timestamp,
    /// When it will be destroyed; only in [`VersionState::DestroyScheduled`].
    pub destroy_at: Option<Timestamp>,
    /// When it was destroyed; only in [`VersionState::Destroyed`].
    pub destroyed_at: Option<Timestamp>,
}
