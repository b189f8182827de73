//! The lock `keyward.lock`: which keys were last proven to exist, where, and in which state.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::document::{Entries, Text};
use super::encode::scalar;
use super::source::Source;
use super::{duration_text, parse_duration, read};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::name::{KeyRef, VersionRef};

/// What stands above the keys.
const HEADING: &str = "\
# Which keys keyward last proved to exist, where, and in which state.
# Commit this file: it is how a key that moved, changed or vanished is seen. keyward writes it; do not edit it.
";

/// What was last proven to exist. It is committed to git beside the manifest, so its text is stable and sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Keys by their full name.
    pub keys: BTreeMap<KeyRef, LockedKey>,
}

/// One key, as it was when it was last proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedKey {
    /// When the key was created.
    pub created: Timestamp,
    /// Its rotation period, if any.
    pub rotation: Option<Duration>,
    /// Its destroy window.
    pub destroy_window: Duration,
    /// The number of its primary version, if any.
    pub primary: Option<u64>,
    /// Its versions by number.
    pub versions: BTreeMap<u64, LockedVersion>,
    /// When it was proven.
    pub proven_at: Timestamp,
    /// The command that proved it: `quickstart`, `key create`.
    pub proven_by: String,
}

/// One key version, as it was when its key was last proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedVersion {
    /// The provider's word for its state (`ENABLED`, `DISABLED`, …).
    pub state: String,
    /// When it was created.
    pub created: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: Spanned<u64>,
    keys: Entries<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    created: Text,
    rotation: Option<Text>,
    destroy_window: Text,
    primary: Option<u64>,
    proven: ProofEntry,
    versions: Entries<VersionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofEntry {
    at: Text,
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionEntry {
    state: String,
    created: Text,
}

impl Lock {
    /// Reads a lock. `file` is the name that messages use.
    ///
    /// # Errors
    /// A usage error on `file:line:column`.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let source = Source::new(file);
        let document: Document = source.read(text)?;
        read::check_version(source, &document.version)?;
        let mut keys = BTreeMap::new();
        for (name, entry) in &document.keys.0 {
            let key: KeyRef = name.value.parse().map_err(|error| source.at(name, error))?;
            if keys.insert(key, locked_key(source, entry)?).is_some() {
                return Err(source.again(name));
            }
        }
        Ok(Self { keys })
    }

    /// Records that one version changed its state, and nothing else about its key, so that a change which somebody
    /// else made meanwhile is still seen. Answers whether the lock knows the version.
    pub fn set_state(&mut self, version: &VersionRef, state: &str) -> bool {
        let key = self.keys.get_mut(&version.key());
        let version = key.and_then(|key| key.versions.get_mut(&version.name.number()));
        version.map(|version| version.state = state.to_owned()).is_some()
    }

    /// The lock as YAML: sorted by name and number, one line a value, so that `git diff` shows what changed.
    pub fn encode(&self) -> String {
        let mut out = format!("{HEADING}version: {}\n", read::VERSION);
        out.push_str(if self.keys.is_empty() {
            "keys: {}\n"
        } else {
            "keys:\n"
        });
        for (name, key) in &self.keys {
            let _ = writeln!(out, "  {name}:");
            encode_key(&mut out, key);
        }
        out
    }
}

fn encode_key(out: &mut String, key: &LockedKey) {
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "    {name}: {value}");
    };
    line("created", &quoted(key.created));
    if let Some(rotation) = key.rotation {
        line("rotation", &duration_text(rotation));
    }
    line("destroy_window", &duration_text(key.destroy_window));
    if let Some(primary) = key.primary {
        line("primary", &primary.to_string());
    }
    line(
        "proven",
        &format!(
            "{{at: {}, by: {}}}",
            quoted(key.proven_at),
            scalar(&key.proven_by)
        ),
    );
    if key.versions.is_empty() {
        line("versions", "{}");
        return;
    }
    out.push_str("    versions:\n");
    for (number, version) in &key.versions {
        let (state, created) = (scalar(&version.state), quoted(version.created));
        let _ = writeln!(out, "      {number}: {{state: {state}, created: {created}}}");
    }
}

fn quoted(time: Timestamp) -> String {
    scalar(&time.to_string())
}

fn locked_key(source: Source<'_>, entry: &KeyEntry) -> Result<LockedKey> {
    let rotation = entry
        .rotation
        .as_ref()
        .map(|text| span(source, text))
        .transpose()?;
    let mut versions = BTreeMap::new();
    for (name, version) in &entry.versions.0 {
        let locked = LockedVersion {
            state: version.state.clone(),
            created: time(source, &version.created)?,
        };
        if versions.insert(number(source, name)?, locked).is_some() {
            return Err(source.again(name));
        }
    }
    Ok(LockedKey {
        created: time(source, &entry.created)?,
        rotation,
        destroy_window: span(source, &entry.destroy_window)?,
        primary: entry.primary,
        versions,
        proven_at: time(source, &entry.proven.at)?,
        proven_by: entry.proven.by.clone(),
    })
}

fn span(source: Source<'_>, text: &Text) -> Result<Duration> {
    parse_duration(&text.value).map_err(|error| source.at(text, error))
}

fn time(source: Source<'_>, text: &Text) -> Result<Timestamp> {
    text.value
        .parse()
        .map_err(|error| source.at(text, Error::usage(format!("not a time (RFC 3339): {error}"))))
}

fn number(source: Source<'_>, text: &Text) -> Result<u64> {
    let canonical = !text.value.starts_with(['0', '+']);
    let number = text.value.parse().ok().filter(|_| canonical);
    number.ok_or_else(|| {
        source.at(
            text,
            Error::usage("not the number of a version: they count from 1"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "embedded-kms://projects/local/locations/europe-west1/keyRings/secrets/cryptoKeys/app";

    fn lock() -> Lock {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let version = |state: &str| LockedVersion {
            state: state.into(),
            created: time("2026-11-25T08:00:00.000001Z"),
        };
        let key = LockedKey {
            created: time("2026-11-25T08:00:00Z"),
            rotation: Some(Duration::from_secs(90 * 86_400)),
            destroy_window: Duration::from_secs(30 * 86_400),
            primary: Some(10),
            versions: [(10, version("ENABLED")), (9, version("DISABLED"))].into(),
            proven_at: time("2026-11-25T08:00:01Z"),
            proven_by: "key create".into(),
        };
        let bare = LockedKey {
            rotation: None,
            primary: None,
            versions: BTreeMap::new(),
            ..key.clone()
        };
        let other = NAME.replace("europe-west1", "us-central1");
        Lock {
            keys: [(NAME.parse().unwrap(), key), (other.parse().unwrap(), bare)].into(),
        }
    }

    #[test]
    fn a_lock_reads_as_it_was_written_and_is_sorted() {
        let text = lock().encode();
        assert_eq!(Lock::parse(&text, "keyward.lock").unwrap(), lock());
        assert!(
            text.contains(&format!(
                "\n  {NAME}:\n    created: \"2026-11-25T08:00:00Z\"\n    rotation: 90d\n"
            )),
            "{text}"
        );
        assert!(text.find("      9: ").unwrap() < text.find("      10: ").unwrap());
        assert_eq!(
            Lock::parse(&Lock::default().encode(), "keyward.lock").unwrap(),
            Lock::default()
        );
    }

    #[test]
    fn a_changed_state_changes_nothing_else() {
        let (mut lock, key) = (lock(), NAME.parse::<KeyRef>().unwrap());
        assert!(lock.set_state(&key.version(9), "ENABLED"));
        assert_eq!(
            lock.encode(),
            self::lock().encode().replace("DISABLED", "ENABLED")
        );
        assert!(!lock.set_state(&key.version(8), "ENABLED"));
    }

    #[test]
    fn a_damaged_lock_says_where() {
        let text = lock().encode();
        for (from, to, place) in [
            ("version: 1", "version: 2", "keyward.lock:3:10"),
            ("rotation: 90d", "rotation: often", "keyward.lock:7:15"),
            (
                "embedded-kms://projects/local/locations/e",
                "embedded-kms://project/local/locations/e",
                "keyward.lock:5:3",
            ),
            ("      9: {", "      0: {", "keyward.lock:12:7"),
            ("      10: {", "      \"9\": {", "keyward.lock:13:7"),
            ("destroy_window", "destroy_windw", "keyward.lock:8:5"),
            ("\"2026-11-25T08:00:00Z\"", "yesterday", "keyward.lock:6:14"),
        ] {
            let edited = text.replacen(from, to, 1);
            assert_ne!(edited, text, "{from}");
            let error = Lock::parse(&edited, "keyward.lock").unwrap_err();
            assert_eq!(error.resource(), Some(place), "{error}");
        }
        for broken in [
            "",
            "keys",
            "<<<<<<< ours\n",
            "version: 1\n",
            "version: 1\nkeys: {}\nkeys: {}\n",
            "\0",
        ] {
            assert!(Lock::parse(broken, "keyward.lock").is_err(), "{broken}");
        }
    }
}
