//! The pure machine, with who made which ciphertext and which material there is.

use std::collections::BTreeSet;

use keyward_core::clock::{Timestamp, later};
use keyward_core::key::{Effect, Machine, VersionState};
use keyward_core::kms::EncryptWith;
use keyward_core::name::KeyVersionName;

use crate::operation::{self, Answer, Answered, Ciphertexts, Key, Operation};
use crate::picture::{self, View};

/// A [`Machine`] under test.
pub struct Pure {
    machine: Machine,
    now: Timestamp,
    material: BTreeSet<KeyVersionName>,
    made: Ciphertexts,
}

impl Default for Pure {
    fn default() -> Self {
        Self::new()
    }
}

impl Pure {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            machine: Machine::new(),
            now: operation::start(),
            material: BTreeSet::new(),
            made: Ciphertexts::default(),
        }
    }

    /// Carries out an operation.
    pub fn apply(&mut self, operation: &Operation) -> Answered {
        let answer = self.answer(operation);
        for effect in self.machine.take_effects() {
            match effect {
                Effect::MakeMaterial(version) => assert!(self.material.insert(version)),
                Effect::WipeMaterial(version) => assert!(self.material.remove(&version)),
            }
        }
        answer
    }

    fn answer(&mut self, operation: &Operation) -> Answered {
        let (machine, now) = (&mut self.machine, self.now);
        match *operation {
            Operation::CreateRing(id) => machine.create_ring(&operation::ring(id), now).map(Answer::Ring),
            Operation::CreateKey(key, wish) => machine
                .create_key(&key.name(), operation::spec(wish, now), now)
                .map(Answer::Key),
            Operation::CreateVersion(key) => machine.create_version(&key.name(), now).map(Answer::Version),
            Operation::SetPrimary(key, number) => {
                let changed = machine.set_primary(&key.version(number), now);
                changed.map(|key| Answer::Changed(key, number))
            }
            Operation::SetRotation(key, rotation) => machine
                .set_rotation(&key.name(), operation::schedule(rotation, now), now)
                .map(Answer::Key),
            Operation::Disable(key, number) => {
                machine.disable(&key.version(number), now).map(Answer::Version)
            }
            Operation::Enable(key, number) => machine.enable(&key.version(number), now).map(Answer::Version),
            Operation::ScheduleDestruction(key, number) => machine
                .schedule_destruction(&key.version(number), now)
                .map(Answer::Version),
            Operation::Restore(key, number) => {
                machine.restore(&key.version(number), now).map(Answer::Version)
            }
            Operation::Encrypt(key) => self.encrypt(key, EncryptWith::Key(&key.name())),
            Operation::EncryptWith(key, number) => {
                self.encrypt(key, EncryptWith::Version(&key.version(number)))
            }
            Operation::Decrypt(key, back) => {
                let claimed = self.made.made_by(key, back);
                machine
                    .decrypting_version(&key.name(), claimed, now)
                    .map(Answer::Used)
            }
            Operation::Wait(hours) => {
                self.now = later(now, operation::hours(hours));
                Ok(Answer::Nothing)
            }
        }
    }

    fn encrypt(&mut self, key: Key, with: EncryptWith<'_>) -> Answered {
        let version = self.machine.encrypting_version(with, self.now)?;
        let _ = self.made.keep(key, Ok(Some(version.number())));
        Ok(Answer::Used(version))
    }

    /// Everything there is by now, whether or not it was carried out.
    pub fn picture(&self) -> Vec<String> {
        picture::draw(self)
    }

    fn as_of_now(&self) -> Machine {
        let mut machine = self.machine.clone();
        machine.advance(self.now);
        machine
    }

    /// There is material exactly for the versions that are not destroyed.
    pub fn check_material(&self) {
        let mut expected = BTreeSet::new();
        for key in picture::KEYS {
            let Ok(record) = self.machine.record(&key.name()) else {
                continue;
            };
            let versions = record.versions.values();
            let alive = versions.filter(|version| version.state != VersionState::Destroyed);
            expected.extend(alive.map(|version| version.name.clone()));
        }
        assert_eq!(self.material, expected);
    }
}

impl View for Pure {
    fn ring(&self, id: &str) -> bool {
        self.machine.ring(&operation::ring(id)).is_ok()
    }

    fn key(&self, key: Key) -> Option<keyward_core::key::CryptoKey> {
        Some(self.as_of_now().record(&key.name()).ok()?.key.clone())
    }

    fn versions(&self, key: Key) -> Vec<keyward_core::key::KeyVersion> {
        let machine = self.as_of_now();
        machine
            .record(&key.name())
            .map(|record| record.versions.values().cloned().collect())
            .unwrap_or_default()
    }
}
