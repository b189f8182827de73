//! One act on keys, and its answer, in words that a test can write down.

use std::time::Duration;

use crate::naive::{Answer as NaiveAnswer, Naive, Wish};
use keyward_core::clock::{Timestamp, later};
use keyward_core::key::{CryptoKey, DestroyWindow, KeyRing, KeySpec, KeyVersion, RotationSchedule};
use keyward_core::kms::KmsError;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

/// One act.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Creates a ring.
    CreateRing(&'static str),
    /// Creates a key.
    CreateKey(Key, Wish),
    /// Creates a version.
    CreateVersion(Key),
    /// Makes a version primary.
    SetPrimary(Key, u64),
    /// Changes the rotation: period, and hours to the first one.
    SetRotation(Key, Option<(u64, u64)>),
    /// Disables a version.
    Disable(Key, u64),
    /// Enables a version.
    Enable(Key, u64),
    /// Schedules the destruction of a version.
    ScheduleDestruction(Key, u64),
    /// Restores a version.
    Restore(Key, u64),
    /// Encrypts with a key.
    Encrypt(Key),
    /// Encrypts with a version.
    EncryptWith(Key, u64),
    /// Decrypts an earlier ciphertext, counted from the newest, with a key that may be another one.
    Decrypt(Key, usize),
    /// Hours pass.
    Wait(u64),
}

/// A ring and a key in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub &'static str, pub &'static str);

impl Key {
    /// Its full name.
    pub fn name(self) -> CryptoKeyName {
        ring(self.0).key(self.1).unwrap()
    }

    /// The full name of one of its versions.
    pub fn version(self, number: u64) -> KeyVersionName {
        self.name().version(number)
    }
}

/// The name of a ring.
pub fn ring(id: &str) -> KeyRingName {
    format!("projects/local/locations/global/keyRings/{id}")
        .parse()
        .unwrap()
}

/// What machine and embedded KMS answer, to be compared whole.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// A ring.
    Ring(KeyRing),
    /// A key.
    Key(CryptoKey),
    /// A version.
    Version(KeyVersion),
    /// The version that encrypted or decrypted.
    Used(KeyVersionName),
    /// A key, and the version that was made its primary.
    Changed(CryptoKey, u64),
    /// Time has passed.
    Nothing,
}

/// An answer, or why there is none.
pub type Answered = Result<Answer, KmsError>;

impl Answer {
    /// What the naive model says of the same.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Version(version) => Some(version.name.number()),
            Self::Used(version) => Some(version.number()),
            Self::Changed(_, number) => Some(*number),
            Self::Ring(_) | Self::Key(_) | Self::Nothing => None,
        }
    }
}

/// When everything begins.
pub fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// So many hours.
pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 60 * 60)
}

/// A wish in the words of the ports.
pub fn spec(wish: Wish, now: Timestamp) -> KeySpec {
    KeySpec {
        rotation: schedule(wish.rotation, now),
        destroy_window: DestroyWindow::new(hours(wish.window)).unwrap(),
        skip_initial_version: wish.bare,
        ..KeySpec::default()
    }
}

/// Period, and hours to the first rotation, in the words of the ports.
pub fn schedule(rotation: Option<(u64, u64)>, now: Timestamp) -> Option<RotationSchedule> {
    rotation.map(|(every, first)| RotationSchedule::new(hours(every), later(now, hours(first))).unwrap())
}

impl Operation {
    /// The naive model knows no ciphertexts: what decrypting needs is decided by the caller's own list.
    pub fn on_naive(&self, naive: &mut Naive, made: &mut Ciphertexts) -> NaiveAnswer {
        match *self {
            Self::CreateRing(ring) => naive.create_ring(ring),
            Self::CreateKey(key, wish) => naive.create_key(key.0, key.1, wish),
            Self::CreateVersion(key) => naive.create_version(key.0, key.1),
            Self::SetPrimary(key, number) => naive.set_primary(key.0, key.1, number),
            Self::SetRotation(key, rotation) => naive.set_rotation(key.0, key.1, rotation),
            Self::Disable(key, number) => naive.disable(key.0, key.1, number),
            Self::Enable(key, number) => naive.enable(key.0, key.1, number),
            Self::ScheduleDestruction(key, number) => naive.schedule(key.0, key.1, number),
            Self::Restore(key, number) => naive.restore(key.0, key.1, number),
            Self::Encrypt(key) => made.keep(key, naive.encrypt(key.0, key.1, None)),
            Self::EncryptWith(key, number) => made.keep(key, naive.encrypt(key.0, key.1, Some(number))),
            Self::Decrypt(key, back) => naive.decrypt(key.0, key.1, made.made_by(key, back)),
            Self::Wait(hours) => {
                (0..hours).for_each(|_| naive.tick());
                Ok(None)
            }
        }
    }
}

/// Who made the ciphertexts so far.
#[derive(Default)]
pub struct Ciphertexts(Vec<(Key, u64)>);

impl Ciphertexts {
    /// Remembers the version that encrypted, if one did.
    pub fn keep(&mut self, key: Key, answer: NaiveAnswer) -> NaiveAnswer {
        if let Ok(Some(number)) = answer {
            self.0.push((key, number));
        }
        answer
    }

    /// The version of `key` that made the ciphertext so far back, if it was this key.
    pub fn made_by(&self, key: Key, back: usize) -> Option<u64> {
        let (maker, number) = *self.0.iter().rev().nth(back)?;
        (maker == key).then_some(number)
    }
}
