//! One crypto key with all its versions, and what time does to it.

use std::collections::{BTreeMap, BTreeSet};

use super::moves::Move;
use super::{CryptoKey, Effect, KeyVersion, VersionState, refusal};
use crate::clock::{Timestamp, later};
use crate::kms::{EncryptWith, KmsError};
use crate::limits;

/// A key and its versions, destroyed ones included. The number of a version is its key in the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: CryptoKey,
    /// Its versions by number.
    pub versions: BTreeMap<u64, KeyVersion>,
    /// When which versions will end, so that asking what is due does not take a look at each version.
    ends: BTreeSet<(Timestamp, u64)>,
}

/// Loading and looking.
impl KeyRecord {
    /// A key that was created before, with all its versions.
    pub fn new(key: CryptoKey, versions: BTreeMap<u64, KeyVersion>) -> Self {
        let end = |(number, version): (&u64, &KeyVersion)| version.destroy_at.map(|at| (at, *number));
        let ends = versions.iter().filter_map(end).collect();
        Self { key, versions, ends }
    }

    /// When the next thing is due to happen to it: a rotation, or the end of a version.
    pub fn next_due(&self) -> Option<Timestamp> {
        let rotation = self.key.rotation.map(|schedule| schedule.next());
        let end = self.ends.first().map(|(at, _)| *at);
        rotation.into_iter().chain(end).min()
    }

    /// The version that is primary.
    pub fn primary(&self) -> Option<&KeyVersion> {
        self.versions.get(&self.key.primary?)
    }

    /// The version that encrypts, whatever its state: the one that is named, or the primary.
    ///
    /// # Errors
    /// `NOT_FOUND` without the version; `FAILED_PRECONDITION` when the key has no primary.
    pub fn asked(&self, with: EncryptWith<'_>) -> Result<&KeyVersion, KmsError> {
        match with {
            EncryptWith::Version(name) => self.version(name.number()),
            EncryptWith::Key(key) => self.primary().ok_or_else(|| refusal::no_primary(key)),
        }
    }

    /// The version that a ciphertext says it was made by, whatever its state.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the key has no such version.
    pub fn claimed(&self, number: Option<u64>) -> Result<&KeyVersion, KmsError> {
        let found = number.and_then(|number| self.versions.get(&number));
        found.ok_or_else(refusal::does_not_open)
    }

    /// One version.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn version(&self, number: u64) -> Result<&KeyVersion, KmsError> {
        let missing = || refusal::no_version(&self.key.name.version(number));
        self.versions.get(&number).ok_or_else(missing)
    }
}

impl KeyRecord {
    /// Carries out what was due at `now` or before: destructions, then rotations.
    pub(super) fn advance(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.destroy_due(now, effects);
        self.rotate_due(now, effects);
    }

    fn destroy_due(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some((due, number)) = self.ends.first().copied().filter(|(due, _)| *due <= now) {
            self.ends.pop_first();
            let Some(version) = self.versions.get_mut(&number) else {
                continue;
            };
            if let Some(state) = Move::Destroy.from(version.state) {
                version.state = state;
                version.destroy_at = None;
                version.destroyed_at = Some(due);
                effects.push(Effect::WipeMaterial(version.name.clone()));
            }
        }
    }

    /// Makes every version that the schedule asks for, each at the instant at which it was due; none when the key has
    /// [`limits::KEY_VERSIONS`]: then only the schedule goes on. Both are the same however often somebody looks.
    fn rotate_due(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(schedule) = self.key.rotation.filter(|schedule| schedule.next() <= now) {
            if self.is_full() {
                self.key.rotation = schedule.after(now);
                return;
            }
            let number = self.add_version(schedule.next(), effects).name.number();
            self.key.primary = Some(number);
            self.key.rotation = schedule.following();
        }
    }

    /// Whether it has as many versions as a key may have.
    pub(super) fn is_full(&self) -> bool {
        self.versions.len() >= limits::KEY_VERSIONS
    }

    /// The next version, enabled. Numbers are never reused: versions never leave the record.
    pub(super) fn add_version(&mut self, created: Timestamp, effects: &mut Vec<Effect>) -> KeyVersion {
        let number = self.versions.last_key_value().map_or(0, |(last, _)| *last) + 1;
        let version = KeyVersion {
            name: self.key.name.version(number),
            state: VersionState::Enabled,
            algorithm: self.key.algorithm,
            protection: self.key.protection,
            created,
            destroy_at: None,
            destroyed_at: None,
        };
        self.versions.insert(number, version.clone());
        effects.push(Effect::MakeMaterial(version.name.clone()));
        version
    }

    /// Applies a move that somebody asked for.
    pub(super) fn move_version(
        &mut self,
        number: u64,
        step: Move,
        now: Timestamp,
    ) -> Result<KeyVersion, KmsError> {
        let window = self.key.destroy_window.length();
        let missing = || refusal::no_version(&self.key.name.version(number));
        let version = self.versions.get_mut(&number).ok_or_else(missing)?;
        version.state = step
            .from(version.state)
            .ok_or_else(|| refusal::wrong_state(&version.name, version.state))?;
        if let Some(end) = version.destroy_at.take() {
            self.ends.remove(&(end, number));
        }
        if version.state == VersionState::DestroyScheduled {
            let end = later(now, window);
            version.destroy_at = Some(end);
            self.ends.insert((end, number));
        }
        Ok(version.clone())
    }
}
