//! One crypto key with all its versions, and what time does to it.

use std::collections::BTreeMap;

use super::moves::Move;
use super::{CryptoKey, Effect, KeyVersion, VersionState, refusal};
use crate::clock::{Timestamp, later};
use crate::kms::KmsError;
use crate::limits;

/// A key and its versions, destroyed ones included. The number of a version is its key in the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: CryptoKey,
    /// Its versions by number.
    pub versions: BTreeMap<u64, KeyVersion>,
}

impl KeyRecord {
    /// Carries out what was due at `now` or before: destructions, then rotations.
    pub(super) fn advance(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.destroy_due(now, effects);
        self.rotate_due(now, effects);
    }

    fn destroy_due(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for version in self.versions.values_mut() {
            let Some(due) = version.destroy_at.filter(|due| *due <= now) else {
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

    pub(super) fn version(&self, number: u64) -> Result<&KeyVersion, KmsError> {
        self.versions
            .get(&number)
            .ok_or_else(|| refusal::no_version(&self.key.name.version(number)))
    }

    /// Applies a move that somebody asked for.
    pub(super) fn move_version(
        &mut self,
        number: u64,
        step: Move,
        now: Timestamp,
    ) -> Result<KeyVersion, KmsError> {
        let window = self.key.destroy_window.length();
        let missing = refusal::no_version(&self.key.name.version(number));
        let version = self.versions.get_mut(&number).ok_or(missing)?;
        version.state = step
            .from(version.state)
            .ok_or_else(|| refusal::wrong_state(&version.name, version.state))?;
        version.destroy_at = (version.state == VersionState::DestroyScheduled).then(|| later(now, window));
        Ok(version.clone())
    }
}
