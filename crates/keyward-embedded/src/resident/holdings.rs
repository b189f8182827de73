//! What is held: rings, keys with their versions, and material.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use keyward_core::key::{KeyRecord, KeyRing, Machine, refusal};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName};
use keyward_core::secret::SecretBytes;

use crate::fault::Result;

/// Material of the versions of a key, by number. It is shared with the calls that are using it.
pub(super) type Materials = BTreeMap<u64, Arc<SecretBytes>>;

/// Everything, by name.
#[derive(Default)]
pub(super) struct Holdings {
    rings: BTreeMap<KeyRingName, HeldRing>,
}

/// A ring with its keys by id.
pub(super) struct HeldRing {
    pub(super) ring: KeyRing,
    pub(super) keys: BTreeMap<String, HeldKey>,
}

/// A key with its versions and their material. The record is shared with snapshots.
pub(super) struct HeldKey {
    pub(super) record: Arc<KeyRecord>,
    pub(super) material: Materials,
}

/// What a change means for material.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) made: Materials,
    pub(super) wiped: BTreeSet<u64>,
}

/// Looking.
impl Holdings {
    pub(super) fn ring(&self, name: &KeyRingName) -> Result<&HeldRing> {
        self.rings.get(name).ok_or_else(|| refusal::no_ring(name))
    }

    pub(super) fn key(&self, name: &CryptoKeyName) -> Result<&HeldKey> {
        let ring = self.rings.get(name.ring());
        let key = ring.and_then(|ring| ring.keys.get(name.id()));
        key.ok_or_else(|| refusal::no_key(name))
    }

    /// All keys.
    pub(super) fn records(&self) -> impl Iterator<Item = &KeyRecord> {
        let rings = self.rings.values();
        rings.flat_map(|ring| ring.keys.values().map(|key| &*key.record))
    }

    /// The rings of a project in one location whose ids are within bounds; none when a bound is no id.
    pub(super) fn rings(
        &self,
        project: &str,
        location: &Location,
        (from, to): (Bound<&str>, Bound<&str>),
    ) -> Option<impl DoubleEndedIterator<Item = &KeyRing>> {
        let named = |id: &str| KeyRingName::new(project, location.clone(), id).ok();
        let bound = |id: Bound<&str>, outermost: &str| match id {
            Bound::Included(id) => named(id).map(Bound::Included),
            Bound::Excluded(id) => named(id).map(Bound::Excluded),
            Bound::Unbounded => named(outermost).map(Bound::Included),
        };
        // The first and the last id that a ring can have.
        let range = (bound(from, "-")?, bound(to, &"z".repeat(63))?);
        Some(self.rings.range(range).map(|(_, held)| &held.ring))
    }

    /// A machine with a ring and no key, as far as there is such a ring.
    pub(super) fn machine(&self, ring: &KeyRingName) -> Machine {
        let mut machine = Machine::new();
        if let Some(held) = self.rings.get(ring) {
            machine.load_ring(held.ring.clone());
        }
        machine
    }

    /// A copy that only shows. It costs a pointer for each key, until one of them changes.
    pub(super) fn without_material(&self) -> Self {
        let shown = |(id, key): (&String, &HeldKey)| (id.clone(), HeldKey::new(Arc::clone(&key.record)));
        let rings = self.rings.iter().map(|(name, held)| {
            let keys = held.keys.iter().map(shown).collect();
            (
                name.clone(),
                HeldRing {
                    ring: held.ring.clone(),
                    keys,
                },
            )
        });
        Self {
            rings: rings.collect(),
        }
    }
}

/// Changing.
impl Holdings {
    pub(super) fn add_ring(&mut self, ring: KeyRing) {
        let keys = BTreeMap::new();
        self.rings.insert(ring.name.clone(), HeldRing { ring, keys });
    }

    /// Takes a key out, to be put back after a change.
    pub(super) fn take(&mut self, name: &CryptoKeyName) -> Option<HeldKey> {
        self.rings.get_mut(name.ring())?.keys.remove(name.id())
    }

    /// Puts a key back, or a new one in.
    pub(super) fn put(&mut self, key: HeldKey) {
        let name = &key.record.key.name;
        if let Some(ring) = self.rings.get_mut(name.ring()) {
            ring.keys.insert(name.id().to_owned(), key);
        }
    }
}

impl HeldKey {
    /// A key without material.
    pub(super) fn new(record: Arc<KeyRecord>) -> Self {
        let material = Materials::new();
        Self { record, material }
    }

    /// Carries out a change. What is wiped is gone when the last call that uses it has ended.
    pub(super) fn apply(&mut self, changes: Changes) {
        self.material.extend(changes.made);
        for number in changes.wiped {
            self.material.remove(&number);
        }
    }
}
