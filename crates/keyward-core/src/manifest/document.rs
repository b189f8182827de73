//! The manifest as YAML has it: every value with its place, before anything is judged.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

/// A scalar with its place.
pub(super) type Text = Spanned<String>;
/// A list with its place.
pub(super) type List = Spanned<Vec<Text>>;

/// The whole document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) version: Spanned<u64>,
    pub(super) canary: Option<Text>,
    #[serde(default)]
    pub(super) attesters: Vec<Text>,
    pub(super) audit: Option<Text>,
    #[serde(default)]
    pub(super) checks: Vec<Text>,
    pub(super) survive: Option<List>,
    pub(super) drill_every: Option<Text>,
    pub(super) uses: Option<Spanned<UsesEntry>>,
    pub(super) watch: Option<Spanned<WatchEntry>>,
    pub(super) environments: Entries<EnvironmentEntry>,
    pub(super) keyrings: Entries<KeyringEntry>,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<RuleEntry>>,
}

/// `uses:`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsesEntry {
    #[serde(default)]
    pub(super) projects: Vec<Text>,
    #[serde(default)]
    pub(super) buckets: Vec<Text>,
}

/// `watch:`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchEntry {
    pub(super) webhook: Option<Text>,
    pub(super) ping: Option<Text>,
    pub(super) repeat: Option<Text>,
}

/// One of `environments:`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentEntry {
    #[serde(default)]
    pub(super) protected: bool,
}

/// One of `keyrings:`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyringEntry {
    pub(super) env: Text,
    pub(super) provider: Text,
    pub(super) project: Option<Text>,
    pub(super) endpoint: Option<Text>,
    pub(super) endpoints: Option<Spanned<Entries<Text>>>,
    pub(super) impersonate: Option<Spanned<ImpersonateEntry>>,
    pub(super) quota: Option<Spanned<QuotaEntry>>,
    pub(super) quota_project: Option<Text>,
    pub(super) locations: Spanned<Vec<Text>>,
    pub(super) within: Option<Text>,
    pub(super) ring: Text,
    pub(super) key: Text,
    pub(super) protection: Option<Text>,
    pub(super) rotation: Option<Text>,
    pub(super) destroy_after: Option<Text>,
    #[serde(default)]
    pub(super) escrow: Vec<Text>,
    pub(super) managed_by: Option<Text>,
}

/// `impersonate:` of a keyring.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImpersonateEntry {
    pub(super) read: Option<Text>,
    pub(super) crypt: Option<Text>,
    pub(super) rescue: Option<Text>,
    pub(super) admin: Option<Text>,
}

/// `quota:` of a keyring.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaEntry {
    pub(super) reads: Option<Spanned<u64>>,
    pub(super) writes: Option<Spanned<u64>>,
    pub(super) crypto: Option<Spanned<u64>>,
    pub(super) in_flight: Option<Spanned<u64>>,
}

/// One of `rules:`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) path: Text,
    pub(super) keyring: Text,
}

/// A mapping whose keys keep their places and their order.
pub(super) struct Entries<T>(pub(super) Vec<(Text, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
