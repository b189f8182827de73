//! Looking at a key and all its versions, with a type that can do nothing else.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use futures_util::future::join;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use keyward::registry::Readers;
use keyward::verify::{DEADLINE, in_time};
use keyward_core::clock::{Timestamp, until};
use keyward_core::error::Result;
use keyward_core::key::{CryptoKey, KeyVersion, VersionState};
use keyward_core::kms::Observed;
use serde_json::{Value, json};

use super::target::Target;
use crate::exit::Exit;

/// One key as it is now.
pub(super) struct Sight {
    pub(super) target: Target,
    pub(super) key: Observed<CryptoKey>,
    pub(super) versions: Observed<Vec<KeyVersion>>,
}

/// Most keys that are looked at concurrently: a location that does not answer holds up none but its own.
const AT_ONCE: usize = 8;

/// Looks at each of `targets`, and answers in their order.
pub(super) async fn look(readers: &Readers, targets: Vec<Target>) -> Result<Vec<Sight>> {
    let looks = targets.into_iter().map(|target| look_at(readers, target));
    stream::iter(looks).buffered(AT_ONCE).try_collect().await
}

async fn look_at(readers: &Readers, target: Target) -> Result<Sight> {
    let reader = readers.get(target.key.provider)?;
    let name = &target.key.name;
    let (key, versions) = join(
        in_time(DEADLINE, reader.get_key(name)),
        in_time(DEADLINE, reader.list_versions(name)),
    )
    .await;
    Ok(Sight {
        target,
        key,
        versions,
    })
}

/// What a script may take from `keys`: something is missing, else something could not be seen.
pub(super) fn exit(keys: &[Sight]) -> Exit {
    if keys.iter().any(Sight::is_missing) {
        Exit::NO
    } else if keys.iter().any(Sight::is_unknown) {
        Exit::UNSEEN
    } else {
        Exit::DONE
    }
}

impl Sight {
    /// Whether something could not be seen.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.key, Observed::Unknown(_)) || matches!(self.versions, Observed::Unknown(_))
    }

    /// Whether the key, or the one version that the name asked for, is certainly not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.key, Observed::Absent) || self.is_version_missing()
    }

    /// Whether the key is there and the version that the name asked for is not.
    pub(super) fn is_version_missing(&self) -> bool {
        let all_seen = matches!(
            (&self.key, &self.versions),
            (Observed::Present(_), Observed::Present(_))
        );
        all_seen && self.target.version.is_some() && self.wanted().is_empty()
    }

    /// Why the versions are not known, when they are not.
    pub(super) fn unseen_versions(&self) -> Option<&str> {
        match &self.versions {
            Observed::Present(_) => None,
            Observed::Absent => Some("they were not found"),
            Observed::Unknown(why) => Some(why),
        }
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

    /// The object in JSON: `seen` is `present`, `missing` or `unknown`; versions that could not be seen are null, and
    /// `why` says why.
    pub(super) fn json(&self, now: Timestamp) -> Value {
        let name = self.target.key.to_string();
        let head = json!({ "name": name, "keyring": self.target.keyring, "location": self.target.key.name.location().as_str() });
        let tail = match &self.key {
            Observed::Present(key) => json!({
                "seen": "present",
                "created": key.created.to_string(),
                "protection": key.protection.id(),
                "algorithm": key.algorithm.id(),
                "primary": key.primary,
                "rotation_seconds": key.rotation.and_then(|rotation| rotation.period()).map(|period| period.as_secs()),
                "next_rotation": key.rotation.map(|rotation| rotation.next().to_string()),
                "destroy_window_seconds": key.destroy_window.length().as_secs(),
                "versions": self.versions_json(now),
                "why": self.unseen_versions(),
            }),
            Observed::Absent => json!({ "seen": "missing" }),
            Observed::Unknown(why) => json!({ "seen": "unknown", "why": why }),
        };
        merged(head, tail)
    }

    fn versions_json(&self, now: Timestamp) -> Option<Value> {
        let seen = self.unseen_versions().is_none();
        seen.then(|| {
            self.wanted()
                .into_iter()
                .map(|version| version_json(version, now))
                .collect()
        })
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
        (Some(at), _) => format!("destroyed at {}, in {}", second(at), left(until(now, at))),
        (_, Some(at)) => format!("gone since {}", day(at)),
        _ => String::new(),
    }
}

/// `719 h`: rounded down, so that nobody relies on time that is not there.
fn left(time: Duration) -> String {
    match time.as_secs() / 3600 {
        0 => "less than an hour".to_owned(),
        hours => format!("{hours} h"),
    }
}

/// An instant to the second, rounded down.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The day of an instant.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use keyward_core::key::{Algorithm, DestroyWindow, ProtectionLevel, Purpose};

    use super::*;

    const NAME: &str = "embedded-kms://projects/local/locations/us/keyRings/r/cryptoKeys/k";

    fn sight(versions: Observed<Vec<KeyVersion>>) -> Sight {
        let key: keyward_core::name::KeyRef = NAME.parse().unwrap();
        Sight {
            key: Observed::Present(CryptoKey {
                name: key.name.clone(),
                purpose: Purpose::EncryptDecrypt,
                algorithm: Algorithm::default(),
                protection: ProtectionLevel::default(),
                created: Timestamp::UNIX_EPOCH,
                primary: Some(1),
                rotation: None,
                destroy_window: DestroyWindow::default(),
                labels: [].into(),
                access_reasons: None,
            }),
            versions,
            target: Target {
                key,
                version: Some(9),
                keyring: None,
            },
        }
    }

    #[test]
    fn the_end_of_a_version_is_told_to_the_second_and_in_hours_that_are_left() {
        let now: Timestamp = "2026-11-25T13:20:52Z".parse().unwrap();
        let note = |end: &str| {
            let key: keyward_core::name::KeyRef = NAME.parse().unwrap();
            let version = KeyVersion {
                name: key.name.version(1),
                state: VersionState::DestroyScheduled,
                algorithm: Algorithm::default(),
                protection: ProtectionLevel::default(),
                created: Timestamp::UNIX_EPOCH,
                destroy_at: Some(end.parse().unwrap()),
                destroyed_at: None,
            };
            note_on(&version, now)
        };
        assert_eq!(
            note("2026-12-25T13:20:51.9Z"),
            "destroyed at 2026-12-25T13:20:51Z, in 719 h"
        );
        assert_eq!(
            note("2026-11-25T14:20:51Z"),
            "destroyed at 2026-11-25T14:20:51Z, in less than an hour"
        );
    }

    #[test]
    fn versions_that_were_not_seen_are_not_none() {
        let unseen = sight(Observed::Unknown("no answer".into()));
        let object = unseen.json(Timestamp::UNIX_EPOCH);
        assert_eq!(
            (&object["versions"], &object["why"]),
            (&Value::Null, &json!("no answer"))
        );
        assert_eq!(exit(&[unseen]), Exit::UNSEEN);
        let none = sight(Observed::Present(Vec::new()));
        let object = none.json(Timestamp::UNIX_EPOCH);
        assert_eq!((&object["versions"], &object["why"]), (&json!([]), &Value::Null));
        assert_eq!(exit(&[none]), Exit::NO);
    }
}
