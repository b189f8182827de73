//! Looking at a key and all its versions, with a type that can do nothing else.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use keyward::registry::Readers;
use keyward_core::clock::{Timestamp, until};
use keyward_core::error::Result;
use keyward_core::key::{CryptoKey, KeyVersion, VersionState};
use keyward_core::kms::Observed;
use keyward_core::name::KeyRef;
use serde_json::{Value, json};

use super::target::Target;

/// One key as it is now.
pub(super) struct Sight {
    pub(super) target: Target,
    pub(super) key: Observed<CryptoKey>,
    pub(super) versions: Observed<Vec<KeyVersion>>,
}

/// Looks at one key.
pub(super) async fn look(readers: &Readers, target: Target) -> Result<Sight> {
    let (key, versions) = observe(readers, &target.key).await?;
    Ok(Sight {
        target,
        key,
        versions,
    })
}

/// The key and its versions.
pub(super) async fn observe(
    readers: &Readers,
    key: &KeyRef,
) -> Result<(Observed<CryptoKey>, Observed<Vec<KeyVersion>>)> {
    let reader = readers.get(key.provider)?;
    Ok((
        reader.get_key(&key.name).await,
        reader.list_versions(&key.name).await,
    ))
}

impl Sight {
    /// Whether something could not be seen.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.key, Observed::Unknown(_)) || matches!(self.versions, Observed::Unknown(_))
    }

    /// The versions that the name asked for: one, or all.
    pub(super) fn wanted(&self) -> Vec<&KeyVersion> {
        let Observed::Present(versions) = &self.versions else {
            return Vec::new();
        };
        let asked = |version: &&KeyVersion| {
            self.target
                .version
                .is_none_or(|number| version.name.number() == number)
        };
        versions.iter().filter(asked).collect()
    }

    /// Number of the primary version.
    pub(super) fn primary(&self) -> Option<u64> {
        self.key.as_ref().present().and_then(|key| key.primary)
    }

    /// The object in JSON: `seen` is `present`, `missing` or `unknown`.
    pub(super) fn json(&self, now: Timestamp) -> Value {
        let name = self.target.key.to_string();
        let head = json!({ "name": name, "keyring": self.target.keyring, "location": self.target.key.name.location().as_str() });
        let tail = match &self.key {
            Observed::Present(key) => json!({
                "seen": "present",
                "created": key.created.to_string(),
                "primary": key.primary,
                "rotation_seconds": key.rotation.map(|rotation| rotation.period().as_secs()),
                "next_rotation": key.rotation.map(|rotation| rotation.next().to_string()),
                "destroy_window_seconds": key.destroy_window.length().as_secs(),
                "versions": self.wanted().into_iter().map(|version| version_json(version, now)).collect::<Vec<_>>(),
            }),
            Observed::Absent => json!({ "seen": "missing" }),
            Observed::Unknown(why) => json!({ "seen": "unknown", "why": why }),
        };
        merged(head, tail)
    }
}

fn version_json(version: &KeyVersion, now: Timestamp) -> Value {
    json!({
        "number": version.name.number(),
        "state": version.state.id(),
        "created": version.created.to_string(),
        "destroy_at": version.destroy_at.map(|at| at.to_string()),
        "hours_left": version.destroy_at.map(|at| until(now, at).as_secs() / 3600),
        "destroyed_at": version.destroyed_at.map(|at| at.to_string()),
    })
}

fn merged(mut head: Value, tail: Value) -> Value {
    if let (Some(head), Value::Object(tail)) = (head.as_object_mut(), tail) {
        head.extend(tail);
    }
    head
}

/// How a state is painted.
pub(super) fn style_of(state: VersionState) -> Style {
    match state {
        VersionState::Enabled => AnsiColor::Green.on_default(),
        VersionState::DestroyScheduled | VersionState::Destroyed => AnsiColor::Red.on_default().bold(),
        VersionState::PendingGeneration | VersionState::Disabled | VersionState::Other => {
            AnsiColor::Yellow.on_default()
        }
    }
}

/// What a person should know about a version beside its state.
pub(super) fn note_on(version: &KeyVersion, now: Timestamp) -> String {
    match (version.destroy_at, version.destroyed_at) {
        (Some(at), _) => format!("destroyed in {}", left(until(now, at))),
        (_, Some(at)) => format!("gone since {}", day(at)),
        _ => String::new(),
    }
}

/// `3 days`, `5 hours`: rounded down, so that nobody relies on time that is not there.
pub(super) fn left(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    match hours {
        0 => "less than an hour".to_owned(),
        1..72 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

/// The day of an instant.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
