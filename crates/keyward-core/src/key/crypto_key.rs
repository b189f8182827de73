//! A crypto key: purpose, policy, and which version is primary.

use std::collections::BTreeMap;
use std::fmt;

use super::schedule::{DestroyWindow, RotationSchedule};
use super::{Algorithm, ProtectionLevel};
use crate::clock::Timestamp;
use crate::name::{CryptoKeyName, KeyVersionName};

/// What a key is for. Immutable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Symmetric encryption (`ENCRYPT_DECRYPT`), the only purpose with a primary version.
    #[default]
    EncryptDecrypt,
    /// A purpose that keyward does not use.
    Other,
}

impl Purpose {
    /// Cloud KMS' own word for the purpose.
    pub fn id(self) -> &'static str {
        match self {
            Self::EncryptDecrypt => "ENCRYPT_DECRYPT",
            Self::Other => "CRYPTO_KEY_PURPOSE_UNSPECIFIED",
        }
    }

    /// The purpose with this word; [`Self::Other`] for every other word.
    pub fn from_id(id: &str) -> Self {
        match id {
            "ENCRYPT_DECRYPT" => Self::EncryptDecrypt,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A named key. It may have no version, or none that is enabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoKey {
    /// Full name.
    pub name: CryptoKeyName,
    /// What it is for; immutable.
    pub purpose: Purpose,
    /// The algorithm of versions that are made from now on.
    pub algorithm: Algorithm,
    /// Where its material is; immutable.
    pub protection: ProtectionLevel,
    /// When it was created.
    pub created: Timestamp,
    /// Automatic rotation, if any.
    pub rotation: Option<RotationSchedule>,
    /// How long a version waits between the order to destroy it and its end; immutable.
    pub destroy_window: DestroyWindow,
    /// Number of the version that new wraps use. It may be disabled or gone: the provider does not protect it.
    pub primary: Option<u64>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The reasons for which it may be used (Key Access Justifications); `None` when no policy asks for one. A policy that
    /// allows none denies every use.
    pub access_reasons: Option<Vec<String>>,
}

impl CryptoKey {
    /// Full name of the primary version.
    pub fn primary_name(&self) -> Option<KeyVersionName> {
        self.primary.map(|number| self.name.version(number))
    }
}

/// What to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySpec {
    /// What the key is for.
    pub purpose: Purpose,
    /// Where its material is to be.
    pub protection: ProtectionLevel,
    /// Automatic rotation, if wanted.
    pub rotation: Option<RotationSchedule>,
    /// The destroy window; 30 days unless given.
    pub destroy_window: DestroyWindow,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Create no version 1, and so no primary.
    pub skip_initial_version: bool,
}

/// What to change about a key; the rest stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUpdate {
    /// All its labels from now on.
    pub labels: Option<BTreeMap<String, String>>,
    /// Its rotation schedule from now on: another one, or none.
    pub rotation: Option<Option<RotationSchedule>>,
}
