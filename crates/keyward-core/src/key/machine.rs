//! The key machine: every operation on rings, keys and versions, on given times.

use std::collections::{BTreeMap, BTreeSet};

use super::moves::Move;
use super::{
    Algorithm, CryptoKey, Effect, KeyRecord, KeyRing, KeySpec, KeyUpdate, KeyVersion, ProtectionLevel,
    Purpose, RotationSchedule, VersionState, refusal,
};
use crate::clock::Timestamp;
use crate::kms::{EncryptWith, KmsError};
use crate::limits;
use crate::location::Location;
use crate::name::{CryptoKeyName, KeyRingName, KeyVersionName};

/// Rings, keys and versions, without material.
///
/// Every operation takes `now`, first carries out what was due for its key (a rotation, a destruction), and checks in
/// the order of Cloud KMS: existence, state, arguments. It touches only the ring and the key that it names, so a
/// machine may hold just these two: the embedded KMS loads no more. What has to happen to material is collected as
/// [`Effect`]s; reads see the state as of the last operation or [`Machine::advance`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    rings: BTreeMap<KeyRingName, KeyRing>,
    keys: BTreeMap<CryptoKeyName, KeyRecord>,
    effects: Vec<Effect>,
}

/// Loading, time, and handing over effects.
impl Machine {
    /// A machine without a ring.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a ring that was created before into the machine.
    pub fn load_ring(&mut self, ring: KeyRing) {
        self.rings.insert(ring.name.clone(), ring);
    }

    /// Puts a key that was created before, with all its versions, into the machine.
    pub fn load_key(&mut self, record: KeyRecord) {
        self.keys.insert(record.key.name.clone(), record);
    }

    /// Takes a key with all its versions out of the machine.
    pub fn unload_key(&mut self, name: &CryptoKeyName) -> Option<KeyRecord> {
        self.keys.remove(name)
    }

    /// Carries out everything that was due at `now` or before, for every key.
    pub fn advance(&mut self, now: Timestamp) {
        for record in self.keys.values_mut() {
            record.advance(now, &mut self.effects);
        }
    }

    /// Hands over what has to happen to material since the last call, in order.
    #[must_use = "material that is not made or wiped is a key that is lost or not destroyed"]
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The key, with everything carried out that was due, and the list to add further effects to.
    fn due(
        &mut self,
        name: &CryptoKeyName,
        now: Timestamp,
    ) -> Result<(&mut KeyRecord, &mut Vec<Effect>), KmsError> {
        let record = self.keys.get_mut(name).ok_or_else(|| refusal::no_key(name))?;
        record.advance(now, &mut self.effects);
        Ok((record, &mut self.effects))
    }
}

/// Looking. A missing resource is `NOT_FOUND`.
impl Machine {
    /// One ring.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn ring(&self, name: &KeyRingName) -> Result<&KeyRing, KmsError> {
        self.rings.get(name).ok_or_else(|| refusal::no_ring(name))
    }

    /// The locations that have rings, each once.
    pub fn locations(&self) -> Vec<Location> {
        let all: BTreeSet<_> = self.rings.keys().map(KeyRingName::location).collect();
        all.into_iter().cloned().collect()
    }

    /// The rings of a project in one location, sorted by name.
    pub fn rings(&self, project: &str, location: &Location) -> Vec<KeyRing> {
        let wanted = |ring: &&KeyRing| ring.name.project() == project && ring.name.location() == location;
        self.rings.values().filter(wanted).cloned().collect()
    }

    /// One key with its versions.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn record(&self, name: &CryptoKeyName) -> Result<&KeyRecord, KmsError> {
        self.keys.get(name).ok_or_else(|| refusal::no_key(name))
    }

    /// The keys of a ring, sorted by name.
    ///
    /// # Errors
    /// `NOT_FOUND` without the ring.
    pub fn keys(&self, ring: &KeyRingName) -> Result<Vec<CryptoKey>, KmsError> {
        self.ring(ring)?;
        let records = self.keys.values().filter(|record| record.key.name.ring() == ring);
        Ok(records.map(|record| record.key.clone()).collect())
    }

    /// One version.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn version(&self, name: &KeyVersionName) -> Result<&KeyVersion, KmsError> {
        self.record(name.key())
            .map_err(|_| refusal::no_version(name))?
            .version(name.number())
    }
}

/// Using.
impl Machine {
    /// Which version encrypts: the one that is named, or the primary of the key.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when the version is not enabled or the key has no primary.
    pub fn encrypting_version(
        &mut self,
        with: EncryptWith<'_>,
        now: Timestamp,
    ) -> Result<KeyVersionName, KmsError> {
        let (record, _) = self.due(with.key(), now)?;
        Ok(usable(record.asked(with)?)?.name.clone())
    }

    /// The version that decrypts a ciphertext which says it was made by number `claimed`; `None` when it says
    /// nothing that this key could have written.
    ///
    /// # Errors
    /// `NOT_FOUND` without the key; `INVALID_ARGUMENT` when the key has no such version; `FAILED_PRECONDITION` when
    /// the version is not enabled.
    pub fn decrypting_version(
        &mut self,
        key: &CryptoKeyName,
        claimed: Option<u64>,
        now: Timestamp,
    ) -> Result<KeyVersionName, KmsError> {
        let (record, _) = self.due(key, now)?;
        Ok(usable(record.claimed(claimed)?)?.name.clone())
    }
}

/// Bringing back.
impl Machine {
    /// Takes a version out of its destroy schedule, before its time has come. It is disabled afterwards.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` in any other state.
    pub fn restore(&mut self, name: &KeyVersionName, now: Timestamp) -> Result<KeyVersion, KmsError> {
        self.move_version(name, Move::Restore, now)
    }

    /// Makes a disabled version usable.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when it is scheduled for destruction or destroyed.
    pub fn enable(&mut self, name: &KeyVersionName, now: Timestamp) -> Result<KeyVersion, KmsError> {
        self.move_version(name, Move::Enable, now)
    }
}

/// Creating and changing.
impl Machine {
    /// Creates a ring.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`.
    pub fn create_ring(&mut self, name: &KeyRingName, now: Timestamp) -> Result<KeyRing, KmsError> {
        if self.rings.contains_key(name) {
            return Err(refusal::exists("KeyRing", name));
        }
        let ring = KeyRing {
            name: name.clone(),
            created: now,
        };
        self.load_ring(ring.clone());
        Ok(ring)
    }

    /// Creates a key, with version 1 as its primary unless the specification says otherwise.
    ///
    /// # Errors
    /// `NOT_FOUND` without the ring; `ALREADY_EXISTS`; `INVALID_ARGUMENT` for a purpose or a protection level that
    /// is not known, for a rotation in the past, and for schedules and labels beyond the limits.
    pub fn create_key(
        &mut self,
        name: &CryptoKeyName,
        spec: KeySpec,
        now: Timestamp,
    ) -> Result<CryptoKey, KmsError> {
        self.ring(name.ring())?;
        if self.keys.contains_key(name) {
            return Err(refusal::exists("CryptoKey", name));
        }
        check_spec(name, &spec, now)?;
        let key = CryptoKey {
            name: name.clone(),
            purpose: spec.purpose,
            algorithm: Algorithm::GoogleSymmetricEncryption,
            protection: spec.protection,
            created: now,
            rotation: spec.rotation,
            destroy_window: spec.destroy_window,
            primary: (!spec.skip_initial_version).then_some(1),
            labels: spec.labels,
            access_reasons: None,
        };
        let mut record = KeyRecord::new(key, BTreeMap::new());
        if !spec.skip_initial_version {
            record.add_version(now, &mut self.effects);
        }
        let key = record.key.clone();
        self.load_key(record);
        Ok(key)
    }

    /// Creates the next version. It does not become primary, not even as the first one of a key.
    ///
    /// # Errors
    /// `NOT_FOUND` without the key; `FAILED_PRECONDITION` when it has [`crate::limits::KEY_VERSIONS`].
    pub fn create_version(&mut self, key: &CryptoKeyName, now: Timestamp) -> Result<KeyVersion, KmsError> {
        let (record, effects) = self.due(key, now)?;
        if record.is_full() {
            return Err(refusal::full(key));
        }
        Ok(record.add_version(now, effects))
    }

    /// Makes a version primary, whatever its state: Cloud KMS does not protect the primary.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn set_primary(&mut self, name: &KeyVersionName, now: Timestamp) -> Result<CryptoKey, KmsError> {
        let (record, _) = self.due(name.key(), now)?;
        record.key.primary = Some(record.version(name.number())?.name.number());
        Ok(record.key.clone())
    }

    /// Disables a version. It can be enabled again.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when it is scheduled for destruction or destroyed.
    pub fn disable(&mut self, name: &KeyVersionName, now: Timestamp) -> Result<KeyVersion, KmsError> {
        self.move_version(name, Move::Disable, now)
    }

    /// Sets or, with `None`, removes the rotation schedule.
    ///
    /// # Errors
    /// Those of [`Self::update_key`].
    pub fn set_rotation(
        &mut self,
        name: &CryptoKeyName,
        rotation: Option<RotationSchedule>,
        now: Timestamp,
    ) -> Result<CryptoKey, KmsError> {
        let rotation = Some(rotation);
        let labels = None;
        self.update_key(name, KeyUpdate { labels, rotation }, now)
    }

    /// Changes what `update` names, all of it or nothing.
    ///
    /// # Errors
    /// `NOT_FOUND`; `INVALID_ARGUMENT` for a rotation in the past, and for periods and labels beyond the limits.
    pub fn update_key(
        &mut self,
        name: &CryptoKeyName,
        update: KeyUpdate,
        now: Timestamp,
    ) -> Result<CryptoKey, KmsError> {
        let (record, _) = self.due(name, now)?;
        check_rotation(name, update.rotation.flatten(), now)?;
        if let Some(labels) = update.labels {
            check_labels(name, &labels)?;
            record.key.labels = labels;
        }
        if let Some(rotation) = update.rotation {
            record.key.rotation = rotation;
        }
        Ok(record.key.clone())
    }

    /// Schedules the destruction of a version: it is destroyed when the key's destroy window has passed. No port has
    /// this call; see docs/architecture.md for who may make it.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when it is scheduled already, or destroyed.
    pub fn schedule_destruction(
        &mut self,
        name: &KeyVersionName,
        now: Timestamp,
    ) -> Result<KeyVersion, KmsError> {
        self.move_version(name, Move::ScheduleDestruction, now)
    }

    fn move_version(
        &mut self,
        name: &KeyVersionName,
        step: Move,
        now: Timestamp,
    ) -> Result<KeyVersion, KmsError> {
        let due = self.due(name.key(), now);
        let (record, _) = due.map_err(|_| refusal::no_version(name))?;
        record.move_version(name.number(), step, now)
    }
}

/// What Cloud KMS says when a ciphertext does not open under a key, for whatever reason.
pub fn decryption_failed() -> KmsError {
    refusal::does_not_open()
}

/// A version that may be used now.
///
/// # Errors
/// `FAILED_PRECONDITION` when it is not enabled.
pub fn usable(version: &KeyVersion) -> Result<&KeyVersion, KmsError> {
    match version.state {
        VersionState::Enabled => Ok(version),
        state => Err(refusal::not_enabled(&version.name, state)),
    }
}

fn check_spec(name: &CryptoKeyName, spec: &KeySpec, now: Timestamp) -> Result<(), KmsError> {
    if spec.purpose == Purpose::Other {
        return Err(refusal::cannot_be(name, "purpose"));
    }
    if spec.protection == ProtectionLevel::Other {
        return Err(refusal::cannot_be(name, "version_template.protection_level"));
    }
    if !spec.destroy_window.is_within_limits() {
        return Err(refusal::cannot_be(name, "destroy_scheduled_duration"));
    }
    check_rotation(name, spec.rotation, now)?;
    check_labels(name, &spec.labels)
}

fn check_labels(name: &CryptoKeyName, labels: &BTreeMap<String, String>) -> Result<(), KmsError> {
    let fits = |text: &String| text.len() <= limits::LABEL_LEN;
    let short = labels.iter().all(|(name, value)| fits(name) && fits(value));
    if short && labels.len() <= limits::KEY_LABELS {
        return Ok(());
    }
    Err(refusal::labels(name))
}

fn check_rotation(
    name: &CryptoKeyName,
    rotation: Option<RotationSchedule>,
    now: Timestamp,
) -> Result<(), KmsError> {
    match rotation {
        Some(rotation) if !rotation.is_within_limits() => Err(refusal::cannot_be(name, "rotation_period")),
        Some(rotation) if rotation.next() <= now => Err(refusal::rotation_in_the_past(name)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
