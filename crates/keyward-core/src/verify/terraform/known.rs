//! What is known of the keys around a plan: which it has, which go, and who needs them.

use std::collections::{BTreeMap, BTreeSet};

use super::Around;
use crate::location::Location;
use crate::manifest::KeyringSpec;
use crate::name::{CryptoKeyName, KeyRef, KeyRingName, Provider};
use crate::terraform::{Change, Plan, Values};

/// How many resources a sentence names.
const NAMED: usize = 3;

/// A plan, and what is known besides.
pub(super) struct Known<'a> {
    pub(super) plan: &'a Plan,
    pub(super) around: Around<'a>,
    /// Resources of the plan that are under a key now.
    consumers: BTreeMap<CryptoKeyName, Vec<&'a str>>,
    /// Keys that the plan destroys, replaces or forgets.
    going: BTreeSet<CryptoKeyName>,
    /// Those of them that it destroys.
    destroyed: BTreeSet<CryptoKeyName>,
    /// Where rings will be that it replaces by ones elsewhere.
    moved: BTreeMap<KeyRingName, Location>,
}

impl<'a> Known<'a> {
    pub(super) fn of(plan: &'a Plan, around: Around<'a>) -> Self {
        let mut consumers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for change in plan.changes.iter().filter(|change| is_consumer(change)) {
            for (_, key) in change.keys_before() {
                let users = consumers.entry(key).or_default();
                if users.last() != Some(&change.address.as_str()) {
                    users.push(change.address.as_str());
                }
            }
        }
        let ends = |change: &&Change| change.act.destroys() || change.act.forgets();
        let gone = keys_of(plan).filter(ends);
        Self {
            plan,
            around,
            consumers,
            going: gone.clone().filter_map(|change| key_name(change.old())).collect(),
            destroyed: gone
                .filter(is_destroyed)
                .filter_map(|change| key_name(change.old()))
                .collect(),
            moved: plan.changes.iter().filter_map(moved).collect(),
        }
    }

    /// How many crypto keys there are now, in the plan.
    pub(super) fn keys_in_plan(&self) -> u64 {
        keys_of(self.plan)
            .filter(|change| change.before.is_some())
            .count() as u64
    }

    /// How many of them go.
    pub(super) fn lost(&self) -> usize {
        let going = keys_of(self.plan).filter(|change| change.act.destroys() || change.act.forgets());
        going.count()
    }

    /// Whether the plan destroys `key`: then whoever may use it does not matter any more.
    pub(super) fn is_destroyed(&self, key: &CryptoKeyName) -> bool {
        self.destroyed.contains(key)
    }

    /// Keys of `ring` that go.
    pub(super) fn going_of(&self, ring: &KeyRingName) -> usize {
        self.going.iter().filter(|key| key.ring() == ring).count()
    }

    /// Keys of `project` that are known: in the plan, in the manifest.
    pub(super) fn keys_of_project(&self, names: &[&str]) -> Vec<CryptoKeyName> {
        let in_plan = keys_of(self.plan).filter_map(|change| key_name(change.old()));
        let used = self.consumers.keys().cloned();
        let all: BTreeSet<_> = in_plan.chain(used).chain(self.declared().cloned()).collect();
        all.into_iter()
            .filter(|key| names.contains(&key.ring().project()))
            .collect()
    }

    /// Keys of Cloud KMS in the manifest.
    pub(super) fn declared(&self) -> impl Iterator<Item = &'a CryptoKeyName> + use<'a> {
        let keyrings = self
            .around
            .manifest
            .into_iter()
            .flat_map(|manifest| manifest.keyrings());
        let keys = keyrings.flat_map(KeyringSpec::keys);
        keys.filter(|key| key.provider == Provider::Gcp)
            .map(|key| &key.name)
    }

    /// Where a ring of this name will be, when the plan replaces it by one elsewhere.
    pub(super) fn new_location(&self, ring: &KeyRingName) -> Option<&Location> {
        self.moved.get(ring)
    }

    /// Who needs `key`, and whether it is one of the manifest's, as sentences.
    pub(super) fn need(&self, key: &CryptoKeyName) -> String {
        let reference = reference(key);
        let mut parts = Vec::new();
        if self.around.manifest.is_some() {
            parts.push(match self.around.uses.get(&reference) {
                Some(uses) => uses.all_text(),
                None => "no file here needs it".to_owned(),
            });
            if !self.around.unread.is_empty() {
                parts.push(format!("not looked into: {}", self.around.unread.text()));
            }
            if !self.declared().any(|declared| declared == key) {
                parts.push("it is not in this manifest".to_owned());
            }
        }
        if let Some(consumers) = self.consumers.get(key) {
            parts.push(format!("in the plan, under it now: {}", some_of(consumers)));
        }
        if parts.is_empty() {
            parts.push("what needs it does not show here".to_owned());
        }
        parts.join("; ")
    }

    /// The command that shows what needs `key`, where there is a manifest to look from.
    pub(super) fn next(&self, key: &CryptoKeyName) -> Option<String> {
        self.around
            .manifest
            .map(|_| format!("keyward uses {}", reference(key)))
    }
}

/// The first of `names`, and how many more.
pub(super) fn some_of(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn keys_of(plan: &Plan) -> impl Iterator<Item = &Change> + Clone {
    plan.changes
        .iter()
        .filter(|change| change.kind == "google_kms_crypto_key")
}

/// Whether the material of a key goes, and not only what manages it.
fn is_destroyed(change: &&Change) -> bool {
    let policy = change.old().text("deletion_policy");
    change.act.destroys() && policy.is_none_or(|policy| policy == "DELETE")
}

/// A ring, and where it will be instead.
fn moved(change: &Change) -> Option<(KeyRingName, Location)> {
    let is_ring = change.kind == "google_kms_key_ring";
    let ring = ring_name(change.old()).filter(|_| is_ring)?;
    let location = Location::parse(change.later().text("location")?).ok()?;
    (location != *ring.location()).then_some((ring, location))
}

/// Keys and grants on keys are under no key themselves.
fn is_consumer(change: &Change) -> bool {
    !change.kind.starts_with("google_kms_")
}

pub(super) fn reference(key: &CryptoKeyName) -> KeyRef {
    KeyRef {
        provider: Provider::Gcp,
        name: key.clone(),
    }
}

/// The key that a `google_kms_crypto_key` with these attributes is.
pub(super) fn key_name(values: &Values) -> Option<CryptoKeyName> {
    values.key("id").or_else(|| {
        let ring: KeyRingName = values.text("key_ring")?.parse().ok()?;
        ring.key(values.text("name")?).ok()
    })
}

/// The ring that a `google_kms_key_ring` with these attributes is.
pub(super) fn ring_name(values: &Values) -> Option<KeyRingName> {
    let named = values.text("id").and_then(|id| id.parse().ok());
    named.or_else(|| {
        let location = Location::parse(values.text("location")?).ok()?;
        KeyRingName::new(values.text("project")?, location, values.text("name")?).ok()
    })
}
