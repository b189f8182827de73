//! The state of a provider in the words of the naive model.

use keyward_core::clock::{Timestamp, until};
use keyward_core::key::{CryptoKey, KeyVersion};

use crate::operation::{Key, start};

/// The ids of rings that tests use: few, so that operations meet.
pub const RINGS: [&str; 2] = ["one", "two"];
/// The keys that tests use.
pub const KEYS: [Key; 4] = [
    Key("one", "one"),
    Key("one", "two"),
    Key("two", "one"),
    Key("two", "two"),
];

/// What can be looked at.
pub trait View {
    /// Whether there is such a ring.
    fn ring(&self, id: &str) -> bool;
    /// A key.
    fn key(&self, key: Key) -> Option<CryptoKey>;
    /// The versions of a key, by number.
    fn versions(&self, key: Key) -> Vec<KeyVersion>;
}

/// Everything there is, a line each; times in hours since the beginning.
pub fn draw(view: &impl View) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(RINGS.iter().filter(|id| view.ring(id)).map(|id| (*id).to_owned()));
    for at @ Key(ring, id) in KEYS {
        let Some(key) = view.key(at) else {
            continue;
        };
        lines.push(format!(
            "{ring}/{id}: window {} every {:?} next {:?} primary {:?}",
            key.destroy_window.length().as_secs() / 3600,
            key.rotation
                .and_then(|rotation| rotation.period())
                .map(|period| period.as_secs() / 3600),
            key.rotation.map(|rotation| hour(rotation.next())),
            key.primary
        ));
        for version in view.versions(at) {
            lines.push(format!(
                "{ring}/{id}/{}: {} born {} dies {:?} died {:?}",
                version.name.number(),
                version.state,
                hour(version.created),
                version.destroy_at.map(hour),
                version.destroyed_at.map(hour)
            ));
        }
    }
    lines.sort();
    lines
}

fn hour(at: Timestamp) -> u64 {
    until(start(), at).as_secs() / 3600
}
