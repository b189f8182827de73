//! Eventual consistency on demand: for a while after a disable the version may still be used, and after a change of the
//! primary Encrypt may still answer with the one before. Enabling is strong, as in Cloud KMS.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::clock::{Clock, Timestamp, later};
use keyward_core::kms::{EncryptWith, Encrypted, KmsError};
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_embedded::{Decrypted, Resident};

use super::chance::Chance;

/// The share of calls, while a change is on its way, that reach a backend which has not heard of it.
const UNAWARE: f64 = 0.5;

/// Most changes on their way that are remembered; of more, the oldest are known everywhere at once.
const MOST: usize = 10_000;

/// How long changes may be on their way, at most. Zero: everybody knows at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lags {
    /// After a disable, Encrypt and Decrypt with the version may still succeed.
    pub disable: Duration,
    /// After a change of the primary, by hand or by rotation, Encrypt may still answer with the one before.
    pub primary: Duration,
}

/// What is on its way. Which call meets it is a matter of the seed.
pub(crate) struct Consistency {
    chance: Chance,
    /// Whether there are lags at all: calls that find none look no further.
    on: AtomicBool,
    turns: AtomicU64,
    lagging: Mutex<Lagging>,
}

#[derive(Default)]
struct Lagging {
    lags: Lags,
    changes: u64,
    disabled: BTreeMap<KeyVersionName, Timestamp>,
    primaries: BTreeMap<CryptoKeyName, Before>,
    /// The primary that Encrypt found last: a rotation is noticed by who knew the primary before.
    known: BTreeMap<CryptoKeyName, u64>,
}

/// The primary of a key before the present one, and until when it may still answer.
struct Before {
    now: u64,
    before: u64,
    until: Timestamp,
}

impl Consistency {
    pub(crate) fn new(chance: Chance) -> Self {
        Self {
            chance,
            on: AtomicBool::new(false),
            turns: AtomicU64::new(0),
            lagging: Mutex::default(),
        }
    }

    pub(crate) fn lags(&self) -> Lags {
        self.lock().lags
    }

    /// Sets how long changes may be on their way from now on. What is on its way already has arrived.
    pub(crate) fn set(&self, lags: Lags) {
        *self.lock() = Lagging {
            lags,
            ..Lagging::default()
        };
        self.turns.store(0, Ordering::Relaxed);
        self.on.store(lags != Lags::default(), Ordering::Release);
    }

    /// A version was disabled.
    pub(crate) fn disabled(&self, version: &KeyVersionName, now: Timestamp) {
        if let Some(mut lagging) = self.lagging() {
            let bound = lagging.lags.disable;
            let until = lagging.until(self.chance, bound, now);
            lagging.forget(now);
            lagging.disabled.insert(version.clone(), until);
        }
    }

    /// A version was enabled: everybody knows at once.
    pub(crate) fn enabled(&self, version: &KeyVersionName) {
        if let Some(mut lagging) = self.lagging() {
            lagging.disabled.remove(version);
        }
    }

    /// A key got another primary by hand.
    pub(crate) fn primary_set(&self, key: &CryptoKeyName, before: Option<u64>, after: u64, now: Timestamp) {
        let Some(mut lagging) = self.lagging() else { return };
        let bound = lagging.lags.primary;
        let until = lagging.until(self.chance, bound, now);
        lagging.forget(now);
        lagging.primaries.remove(key);
        lagging.known.insert(key.clone(), after);
        if let Some(before) = before.filter(|before| *before != after) {
            let before = Before {
                now: after,
                before,
                until,
            };
            lagging.primaries.insert(key.clone(), before);
        }
    }

    /// Encrypts, as a backend would that may not have heard of everything.
    ///
    /// # Errors
    /// As [`Resident::encrypt`].
    pub(crate) fn encrypt(
        &self,
        keys: &Resident,
        clock: &dyn Clock,
        with: EncryptWith<'_>,
        plaintext: &[u8],
        aad: &[u8],
    ) -> Result<Encrypted, KmsError> {
        if !self.on.load(Ordering::Acquire) {
            return keys.encrypt(with, plaintext, aad);
        }
        let now = clock.now();
        if let Some(before) = self.primary_before(keys, now, with).filter(|_| self.is_unaware()) {
            let encrypted = self.encrypt_hidden(keys, now, EncryptWith::Version(&before), plaintext, aad);
            return encrypted.or_else(|_| keys.encrypt(with, plaintext, aad));
        }
        self.encrypt_hidden(keys, now, with, plaintext, aad)
    }

    /// Encrypts, also under a version whose disable has not arrived.
    fn encrypt_hidden(
        &self,
        keys: &Resident,
        now: Timestamp,
        with: EncryptWith<'_>,
        plaintext: &[u8],
        aad: &[u8],
    ) -> Result<Encrypted, KmsError> {
        let encrypted = keys.encrypt(with, plaintext, aad);
        encrypted.or_else(|refused| match self.is_hidden(&refused, now) {
            true => keys.encrypt_unchecked(with, plaintext, aad),
            false => Err(refused),
        })
    }

    /// Decrypts, as a backend would that may not have heard of everything.
    ///
    /// # Errors
    /// As [`Resident::decrypt`].
    pub(crate) fn decrypt(
        &self,
        keys: &Resident,
        clock: &dyn Clock,
        key: &CryptoKeyName,
        ciphertext: &[u8],
        aad: &[u8],
    ) -> Result<Decrypted, KmsError> {
        let opened = keys.decrypt(key, ciphertext, aad);
        match &opened {
            Err(refused) if self.on.load(Ordering::Acquire) && self.is_hidden(refused, clock.now()) => {
                keys.decrypt_unchecked(key, ciphertext, aad)
            }
            _ => opened,
        }
    }

    /// Whether a backend would not know yet that this version is disabled.
    fn is_hidden(&self, refused: &KmsError, now: Timestamp) -> bool {
        let disabled = refused
            .violation
            .as_ref()
            .filter(|violation| violation.kind == "KEY_DISABLED");
        let version = disabled.and_then(|violation| violation.subject.parse::<KeyVersionName>().ok());
        let lagging = self.lock();
        let until = version.and_then(|version| lagging.disabled.get(&version).copied());
        drop(lagging);
        until.is_some_and(|until| now < until) && self.is_unaware()
    }

    /// The primary that a backend would take that has not heard of the present one.
    fn primary_before(
        &self,
        keys: &Resident,
        now: Timestamp,
        with: EncryptWith<'_>,
    ) -> Option<KeyVersionName> {
        let EncryptWith::Key(name) = with else { return None };
        let (key, primary) = keys.key(name).ok()?;
        let mut lagging = self.lock();
        if let Some(primary) = primary {
            lagging.note_rotation(self.chance, name, primary.name.number(), primary.created);
        }
        let before = lagging.primaries.get(name)?;
        match Some(before.now) == key.primary && now < before.until {
            true => Some(name.version(before.before)),
            false => {
                // Rotated since, or known everywhere: the next look starts anew.
                if Some(before.now) != key.primary {
                    lagging.primaries.remove(name);
                }
                None
            }
        }
    }

    fn is_unaware(&self) -> bool {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        self.chance.share(u64::MAX, turn) < UNAWARE
    }

    /// Nothing while changes have no lag.
    fn lagging(&self) -> Option<MutexGuard<'_, Lagging>> {
        self.on.load(Ordering::Acquire).then(|| self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Lagging> {
        self.lagging.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lagging {
    /// How long this change is on its way: its own share of the bound.
    fn until(&mut self, chance: Chance, bound: Duration, now: Timestamp) -> Timestamp {
        self.changes += 1;
        later(now, bound.mul_f64(chance.share(u64::MAX - 1, self.changes)))
    }

    /// Encrypt finds a primary that nobody set by hand since it last looked: a rotation made it, when it made the version.
    fn note_rotation(&mut self, chance: Chance, key: &CryptoKeyName, primary: u64, created: Timestamp) {
        self.forget(created);
        let known = self.known.insert(key.clone(), primary);
        if let Some(before) = known.filter(|before| *before != primary) {
            let until = self.until(chance, self.lags.primary, created);
            let before = Before {
                now: primary,
                before,
                until,
            };
            self.primaries.insert(key.clone(), before);
        }
    }

    /// Forgets disables that everybody knows of, and never holds too many.
    fn forget(&mut self, now: Timestamp) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        if self.disabled.len() + self.primaries.len() < MOST {
            return;
        }
        self.disabled.retain(|_, until| now < *until);
        self.primaries.retain(|_, before| now < before.until);
        if self.disabled.len() + self.primaries.len() >= MOST {
            self.disabled.clear();
            self.primaries.clear();
        }
    }
}
