//! What a key is judged by: what is demanded, what was recorded, what is seen, and who needs it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Check, CheckId, Files, Uses, Verdict};
use crate::clock::Timestamp;
use crate::key::{CryptoKey, KeyRing, KeyVersion, ProtectionLevel, VersionState};
use crate::kms::Observed;
use crate::manifest::LockedKey;
use crate::name::{KeyRef, VersionRef};

/// Everything that is known about one key when it is judged.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// What the manifest demands.
    pub expected: &'a Expected,
    /// What the lock says about it.
    pub recorded: Recorded<'a>,
    /// What the provider shows now.
    pub seen: &'a Seen,
    /// Which files need which of its versions.
    pub uses: &'a Uses,
    /// Files that could not be looked into.
    pub unread: &'a Files,
    /// The instant of the verification.
    pub now: Timestamp,
}

/// What the manifest demands of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The keyring it belongs to.
    pub keyring: String,
    /// The key.
    pub key: KeyRef,
    /// The declared protection level; `None` when any will do.
    pub protection: Option<ProtectionLevel>,
    /// The declared rotation period; `None` when the provider must not rotate by itself.
    pub rotation: Option<Duration>,
    /// The declared destroy window: the floor below which the live one must not be.
    pub destroy_window: Duration,
}

/// What the lock says about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded<'a> {
    /// It was proven, like this.
    Proven(&'a LockedKey),
    /// It never was.
    Never,
    /// It never was, and another one was that the manifest seems to mean by it: the same ring and id in a project or
    /// location that no keyring has any more.
    Elsewhere(&'a KeyRef),
    /// There is no lock that could say anything.
    NoLock,
}

/// What the provider shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The key ring.
    pub ring: Observed<KeyRing>,
    /// The key.
    pub key: Observed<CryptoKey>,
    /// All its versions.
    pub versions: Observed<Vec<KeyVersion>>,
    /// The canary.
    pub canary: Canary,
    /// The canaries that the lock keeps.
    pub kept: Kept,
}

/// What became of the canaries that the lock keeps: sealed when their versions were proven, opened just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Those that were tried, by the number of their version.
    Tried(BTreeMap<u64, Canary>),
    /// None was tried, and why that is in order.
    Off(String),
    /// Whether they open is not known, and why.
    Unknown(String),
}

/// What became of a small secret that was sealed under the key and opened again, just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Canary {
    /// It opened; this version had answered.
    Opened(VersionRef),
    /// The provider refused, or answered something that cannot be right.
    Failed(String),
    /// It could not be tried to the end.
    Unknown(String),
    /// Not tried, and why that is in order.
    Off(String),
}

impl Seen {
    /// A key that cannot be looked at at all.
    pub fn unknown(why: &str) -> Self {
        Self {
            ring: Observed::Unknown(why.to_owned()),
            key: Observed::Unknown(why.to_owned()),
            versions: Observed::Unknown(why.to_owned()),
            canary: Canary::Unknown(why.to_owned()),
            kept: Kept::Unknown(why.to_owned()),
        }
    }
}

impl<'a> Evidence<'a> {
    /// The key, or the verdict of every check that needs it.
    pub(super) fn live_key(self) -> Result<&'a CryptoKey, Verdict> {
        match &self.seen.key {
            Observed::Present(key) => Ok(key),
            Observed::Absent => Err(Verdict::NotApplicable("the key is missing".into())),
            Observed::Unknown(why) => Err(Verdict::Unknown(why.clone())),
        }
    }

    /// The key and its versions, or the verdict of every check that needs them.
    pub(super) fn live(self) -> Result<(&'a CryptoKey, &'a [KeyVersion]), Verdict> {
        let key = self.live_key()?;
        match &self.seen.versions {
            Observed::Present(versions) => Ok((key, versions)),
            Observed::Absent => Err(Verdict::Unknown(
                "the key is there, but its versions are not".into(),
            )),
            Observed::Unknown(why) => Err(Verdict::Unknown(why.clone())),
        }
    }

    /// The enabled versions whose canaries have to open: the primary, and those that files need.
    pub fn to_open(self) -> Vec<u64> {
        let Ok((key, versions)) = self.live() else {
            return Vec::new();
        };
        let numbers = versions
            .iter()
            .filter(|version| version.state == VersionState::Enabled)
            .map(|version| version.name.number());
        numbers
            .filter(|number| key.primary == Some(*number) || self.uses.need(*number))
            .collect()
    }

    /// Whether a file needs a version of the key, or one that could not be read may.
    pub(super) fn may_be_needed(self) -> bool {
        !self.uses.is_empty() || !self.unread.is_empty()
    }

    /// The command that makes the key, and proves it.
    pub(super) fn create(self) -> String {
        format!("keyward key create {}", self.expected.keyring)
    }

    /// The command that proves the key as it is, and records it.
    pub(super) fn adopt(self) -> String {
        format!("keyward key adopt {}", self.expected.key)
    }

    /// The finding of check `id` about this key.
    pub(super) fn check(self, id: CheckId, verdict: Verdict) -> Check {
        Check::new(id, &self.expected.key, verdict)
    }
}
