//! The time line of a report: what happens to keys by itself, and what has happened.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Expected, Seen};
use crate::clock::Timestamp;
use crate::key::{CryptoKey, KeyVersion, VersionState};
use crate::kms::Observed;
use crate::name::VersionRef;

/// Something with a date, about one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When it happens, or happened.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// The keyring of the key.
    pub keyring: String,
    /// The full name of the key or version.
    pub resource: String,
}

/// What an [`Event`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A version will be destroyed for good, unless somebody restores it before.
    Destruction,
    /// A version was destroyed.
    Destroyed,
    /// The provider makes a new version and has it answer.
    Rotation,
    /// A version was made.
    Created,
}

impl EventKind {
    /// The word in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Destruction => "destruction",
            Self::Destroyed => "destroyed",
            Self::Rotation => "rotation",
            Self::Created => "created",
        }
    }
}

/// Every date that is known of one key, in no order. What could not be seen has none: its checks say so.
pub fn events(expected: &Expected, seen: &Seen) -> Vec<Event> {
    let event = |at, kind, resource: String| Event {
        at,
        kind,
        keyring: expected.keyring.clone(),
        resource,
    };
    let key = match &seen.key {
        Observed::Present(key) => {
            rotation(key).map(|at| event(at, EventKind::Rotation, expected.key.to_string()))
        }
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let versions = match &seen.versions {
        Observed::Present(versions) => versions.as_slice(),
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let versions = versions.iter().flat_map(|version| {
        let name = VersionRef {
            provider: expected.key.provider,
            name: version.name.clone(),
        };
        dates(version)
            .into_iter()
            .map(move |(at, kind)| event(at, kind, name.to_string()))
    });
    key.into_iter().chain(versions).collect()
}

fn rotation(key: &CryptoKey) -> Option<Timestamp> {
    key.rotation.map(|schedule| schedule.next())
}

fn dates(version: &KeyVersion) -> Vec<(Timestamp, EventKind)> {
    let end = match version.state {
        VersionState::DestroyScheduled => version.destroy_at.map(|at| (at, EventKind::Destruction)),
        VersionState::Destroyed => version.destroyed_at.map(|at| (at, EventKind::Destroyed)),
        _ => None,
    };
    [Some((version.created, EventKind::Created)), end]
        .into_iter()
        .flatten()
        .collect()
}

/// `{at, kind, keyring, resource}`.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Event", 4)?;
        object.serialize_field("at", &self.at.to_string())?;
        object.serialize_field("kind", self.kind.id())?;
        object.serialize_field("keyring", &self.keyring)?;
        object.serialize_field("resource", &self.resource)?;
        object.end()
    }
}
