//! The attributes of a resource, flat: a path such as `encryption.0.default_kms_key_name`, and what stands there.

use std::collections::BTreeMap;

use crate::name::CryptoKeyName;

/// What stands at one path. An attribute that is null or empty stands nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, or a number as it prints.
    Text(String),
    /// A truth value.
    Flag(bool),
    /// Something, or nothing, that is known only after the plan was carried out.
    Unknown,
}

/// The attributes of one resource that concern keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// No attribute.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// The text at `path`; `None` when there is none, or it is empty, or unknown.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.0.get(path) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The truth value at `path`.
    pub fn flag(&self, path: &str) -> Option<bool> {
        match self.0.get(path) {
            Some(Value::Flag(flag)) => Some(*flag),
            Some(Value::Text(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether what stands at `path` becomes known only after the plan was carried out: it, or what it is part of.
    pub fn is_unknown(&self, path: &str) -> bool {
        let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
        let mut parts = [""].into_iter().chain(ends.map(|end| &path[..end]));
        parts.any(|part| self.0.get(part) == Some(&Value::Unknown))
    }

    /// The texts of the list at `path`.
    pub fn list<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let texts = self.under(path).filter_map(|(_, value)| match value {
            Value::Text(text) => Some(text.as_str()),
            Value::Flag(_) | Value::Unknown => None,
        });
        texts.filter(|text| !text.is_empty())
    }

    /// Whether the list at `path`, or something in it, is unknown.
    pub fn list_is_unknown(&self, path: &str) -> bool {
        self.is_unknown(path) || self.under(path).any(|(_, value)| *value == Value::Unknown)
    }

    /// Every name of a key, with the place where it stands.
    pub fn keys(&self) -> impl Iterator<Item = (&str, CryptoKeyName)> {
        self.0.iter().filter_map(|(path, value)| match value {
            Value::Text(text) => Some((path.as_str(), key_named(text)?)),
            Value::Flag(_) | Value::Unknown => None,
        })
    }

    /// The key named at `path`.
    pub fn key(&self, path: &str) -> Option<CryptoKeyName> {
        key_named(self.text(path)?)
    }

    /// Everything below `path`.
    fn under<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let below = self.0.range(path.to_owned()..);
        let below = below.take_while(move |(at, _)| at.starts_with(path));
        below
            .filter(move |(at, _)| at[path.len()..].starts_with('.'))
            .map(|(at, value)| (at.as_str(), value))
    }

    /// Puts `value` at `path`; whether nothing stood there.
    pub(super) fn put(&mut self, path: String, value: Value) -> bool {
        self.0.insert(path, value).is_none()
    }

    /// Leaves nothing but names of keys, and what is unknown.
    pub(super) fn retain_keys(&mut self) {
        self.0.retain(|_, value| match value {
            Value::Text(text) => key_named(text).is_some(),
            Value::Flag(_) => false,
            Value::Unknown => true,
        });
    }

    /// Adds what is unknown in `other`.
    pub(super) fn overlay(&mut self, other: Self) {
        self.0
            .extend(other.0.into_iter().filter(|(_, value)| *value == Value::Unknown));
    }

    /// Roughly what it takes to keep, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.0.iter().map(|(path, value)| weight(path, value)).sum()
    }
}

/// Roughly what `value` at `path` takes to keep, in bytes.
pub(super) fn weight(path: &str, value: &Value) -> usize {
    const ITSELF: usize = 96;
    let text = match value {
        Value::Text(text) => text.len(),
        Value::Flag(_) | Value::Unknown => 0,
    };
    ITSELF + path.len() + text
}

/// The key that `text` names: in full, as an address of the API, or by one of its versions.
pub(super) fn key_named(text: &str) -> Option<CryptoKeyName> {
    const LONGEST: usize = 1024;
    let may_be = text.len() <= LONGEST && text.contains("/cryptoKeys/");
    let name = &text[text.find("projects/").filter(|_| may_be)?..];
    let key = name
        .split_once("/cryptoKeyVersions/")
        .map_or(name, |(key, _)| key);
    key.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, Value)]) -> Values {
        Values(
            pairs
                .iter()
                .map(|(path, value)| ((*path).to_owned(), value.clone()))
                .collect(),
        )
    }

    #[test]
    fn what_is_part_of_something_unknown_is_unknown() {
        let values = values(&[("encryption", Value::Unknown), ("name", Value::Text("n".into()))]);
        assert!(values.is_unknown("encryption.0.default_kms_key_name"));
        assert!(values.is_unknown("encryption"));
        assert!(!values.is_unknown("encryption_config.0.kms_key_name"));
        assert!(!values.is_unknown("name"));
        let all = self::values(&[("", Value::Unknown)]);
        assert!(all.is_unknown("name"));
    }

    #[test]
    fn a_list_is_what_stands_below_its_path_and_nothing_beside_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        let values = values(&[
            ("members.0", text("a")),
            ("members.1", text("b")),
            ("members-2", text("c")),
            ("members_too.0", text("d")),
        ]);
        assert_eq!(values.list("members").collect::<Vec<_>>(), ["a", "b"]);
        assert!(!values.list_is_unknown("members"));
    }

    #[test]
    fn a_key_is_known_in_every_form_that_resources_use() {
        let key = "projects/p-1/locations/global/keyRings/r/cryptoKeys/k";
        for form in [
            key.to_owned(),
            format!("{key}/cryptoKeyVersions/3"),
            format!("//cloudkms.googleapis.com/{key}"),
            format!("https://cloudkms.googleapis.com/v1/{key}"),
        ] {
            assert_eq!(
                key_named(&form).map(|name| name.to_string()).as_deref(),
                Some(key)
            );
        }
        assert_eq!(key_named("see projects/p and /cryptoKeys/ in the docs"), None);
    }
}
