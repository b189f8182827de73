//! Which KMS keys may be asked to open something. A key that only the file names is never asked.

use keyward_core::location::Location;
use keyward_core::name::{KeyPattern, KeyRef};

use super::rank_of;

/// The keys that a manifest or `--allow` permits, and which locations are near.
///
/// Whoever writes an envelope chooses the key names in it. Asking a key because a file says so would call a stranger's
/// KMS with this caller's credentials.
#[derive(Clone, Debug, Default)]
pub struct Permitted {
    keys: Vec<KeyRef>,
    patterns: Vec<KeyPattern>,
    near: Vec<Location>,
}

impl Permitted {
    /// No key at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Permits these keys, nearest first.
    pub fn keys(mut self, keys: impl IntoIterator<Item = KeyRef>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Permits every key that a pattern matches.
    pub fn patterns(mut self, patterns: impl IntoIterator<Item = KeyPattern>) -> Self {
        self.patterns.extend(patterns);
        self
    }

    /// Locations to try first, in this order.
    pub fn near(mut self, near: impl IntoIterator<Item = Location>) -> Self {
        self.near.extend(near);
        self
    }

    /// Whether no key is permitted.
    pub fn is_none(&self) -> bool {
        self.keys.is_empty() && self.patterns.is_empty()
    }

    /// Whether `key` may be asked.
    pub fn permits(&self, key: &KeyRef) -> bool {
        self.rank(key).is_some()
    }

    /// When `key` may be asked: its place in the order, lowest first.
    pub(super) fn rank(&self, key: &KeyRef) -> Option<(usize, usize)> {
        let listed = self.keys.iter().position(|permitted| permitted == key);
        let matched = || {
            self.patterns
                .iter()
                .any(|pattern| pattern.matches(key))
                .then_some(self.keys.len())
        };
        listed
            .or_else(matched)
            .map(|place| (rank_of(&self.near, key.name.location()), place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(location: &str) -> KeyRef {
        format!("gcp-kms://projects/p/locations/{location}/keyRings/r/cryptoKeys/k")
            .parse()
            .unwrap()
    }

    #[test]
    fn only_named_and_matching_keys_have_a_rank() {
        assert_eq!(Permitted::none().rank(&key("us-east1")), None);
        let named = Permitted::none().keys([key("us-east1"), key("europe-west1")]);
        assert!(named.rank(&key("us-east1")) < named.rank(&key("europe-west1")));
        assert!(named.permits(&key("us-east1")) && !named.permits(&key("global")));
        let all = named.patterns(["gcp-kms://projects/p/*".parse().unwrap()]);
        assert!(all.rank(&key("europe-west1")) < all.rank(&key("global")));
    }

    #[test]
    fn near_locations_come_first() {
        let near = Permitted::none()
            .keys([key("us-east1"), key("europe-west1")])
            .near([Location::parse("europe-west1").unwrap()]);
        assert!(near.rank(&key("europe-west1")) < near.rank(&key("us-east1")));
    }
}
