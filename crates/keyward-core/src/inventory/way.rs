//! One way to open something, and all the ways of one thing.

use std::fmt;

use crate::envelope::{Wrap, WrapKind};
use crate::manifest::KeyringSpec;
use crate::name::KeyRef;

/// One way to open something: the claim of whoever wrote it, until it was tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// By a key of a KMS.
    Kms {
        /// The key.
        key: KeyRef,
        /// The version; `None` may be any of the key.
        version: Option<u64>,
    },
    /// By an age identity: the recipient, or its fingerprint when the recipient is longer than a name may be.
    Escrow(String),
    /// By something that this release knows no key of: a provider or a name that it does not understand.
    Other(String),
}

/// Every way to open one thing, sorted. Any one of them is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ways(Vec<Way>);

impl Way {
    /// The way that `wrap` is; none when it is wanted and missing.
    pub fn of(wrap: &Wrap) -> Option<Self> {
        if wrap.is_missing() {
            return None;
        }
        Some(match (wrap.kind, wrap.key_ref()) {
            (WrapKind::Kms, Some(key)) => Self::Kms {
                key,
                version: wrap.version_number(),
            },
            (WrapKind::Kms, None) => Self::Other(format!("{}://{}", wrap.provider, wrap.key)),
            (WrapKind::Age, _) => Self::Escrow(wrap.key.clone()),
        })
    }

    /// The key, if it is one of a KMS.
    pub fn key(&self) -> Option<&KeyRef> {
        match self {
            Self::Kms { key, .. } => Some(key),
            Self::Escrow(_) | Self::Other(_) => None,
        }
    }

    /// The full name of a key that `keyring` does not have; `None` for its own keys and for age.
    pub fn outside_of(&self, keyring: &KeyringSpec) -> Option<String> {
        match self {
            Self::Kms { key, .. } => (!keyring.keys().contains(key)).then(|| key.to_string()),
            Self::Other(name) => Some(name.clone()),
            Self::Escrow(_) => None,
        }
    }

    /// Whether this way needs `key`, or `version` of it: one that names no version may need any.
    pub fn needs(&self, wanted: &KeyRef, number: Option<u64>) -> bool {
        match self {
            Self::Kms { key, version } => {
                key == wanted && (version.is_none() || number.is_none() || *version == number)
            }
            Self::Escrow(_) | Self::Other(_) => false,
        }
    }
}

impl Ways {
    /// No way at all.
    pub const NONE: Self = Self(Vec::new());

    /// These ways, sorted.
    pub fn new(ways: impl IntoIterator<Item = Way>) -> Self {
        let mut ways: Vec<_> = ways.into_iter().collect();
        ways.sort();
        Self(ways)
    }

    /// The ways that an envelope with `wraps` has.
    pub fn of(wraps: &[Wrap]) -> Self {
        Self::new(wraps.iter().filter_map(Way::of))
    }

    /// One after another.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Way> {
        self.0.iter()
    }

    /// Whether one of them needs `key`, or `version` of it.
    pub fn need(&self, key: &KeyRef, version: Option<u64>) -> bool {
        self.iter().any(|way| way.needs(key, version))
    }
}

/// The full name of a key or version, or the recipient.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kms { key, version: None } => key.fmt(f),
            Self::Kms {
                key,
                version: Some(number),
            } => key.version(*number).fmt(f),
            Self::Escrow(name) | Self::Other(name) => f.write_str(name),
        }
    }
}
