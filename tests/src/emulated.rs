//! An emulator of its own, whose clock stands, and the operations on it through Google's own client.

use keyward_core::clock::Timestamp;
use keyward_core::key::{CryptoKey, KeyVersion};
use keyward_core::kms::{EncryptWith, KmsCode, KmsError};
use keyward_emulator::Emulator;
use tokio::runtime::Runtime;

use crate::google::Google;
use crate::naive::Answer;
use crate::operation::{self, Key, Operation};
use crate::picture::{self, View};

/// An emulator under test.
pub struct Emulated {
    /// The emulator.
    pub emulator: Emulator,
    /// Google's client at it.
    pub google: Google,
    /// What the client runs on.
    pub runtime: Runtime,
    ciphertexts: Vec<(Vec<u8>, u64)>,
}

impl Default for Emulated {
    fn default() -> Self {
        Self::new()
    }
}

impl Emulated {
    /// A new one, at the beginning of time.
    pub fn new() -> Self {
        let emulator = standing();
        let runtime = runtime();
        let google = runtime.block_on(Google::at(&emulator.endpoint()));
        Self {
            emulator,
            google,
            runtime,
            ciphertexts: Vec::new(),
        }
    }

    /// Carries out an operation; answers what the naive model does.
    pub fn apply(&mut self, operation: &Operation) -> Answer {
        let answer = match *operation {
            Operation::Encrypt(key) => self.encrypt(EncryptWith::Key(&key.name())),
            Operation::EncryptWith(key, number) => {
                self.encrypt(EncryptWith::Version(&key.version(number)))
            }
            Operation::Decrypt(key, back) => self.decrypt(key, back),
            Operation::Wait(hours) => {
                let moved = self.emulator.trouble().advance(operation::hours(hours));
                moved.map(|_| None).map_err(|error| panic!("{error}"))
            }
            _ => self.runtime.block_on(self.change(operation)),
        };
        answer.map_err(|error| error.code)
    }

    async fn change(&self, operation: &Operation) -> Result<Option<u64>, KmsError> {
        let google = &self.google;
        let number = |version: KeyVersion| Some(version.name.number());
        match *operation {
            Operation::CreateRing(id) => google.create_ring(&operation::ring(id)).await.map(|_| None),
            Operation::CreateKey(key, wish) => {
                let spec = operation::spec(wish, self.now());
                google.create_key(&key.name(), &spec).await.map(|_| None)
            }
            Operation::CreateVersion(key) => google.create_version(&key.name()).await.map(number),
            Operation::SetPrimary(key, n) => google.set_primary(&key.version(n)).await.map(|key| key.primary),
            Operation::SetRotation(key, rotation) => {
                let schedule = operation::schedule(rotation, self.now());
                google.set_rotation(&key.name(), schedule).await.map(|_| None)
            }
            Operation::Disable(key, n) => google.disable(&key.version(n)).await.map(number),
            Operation::Enable(key, n) => google.enable(&key.version(n)).await.map(number),
            Operation::ScheduleDestruction(key, n) => {
                google.schedule_destruction(&key.version(n)).await.map(number)
            }
            Operation::Restore(key, n) => google.restore(&key.version(n)).await.map(number),
            Operation::Encrypt(_) | Operation::EncryptWith(..) | Operation::Decrypt(..) | Operation::Wait(_) => {
                unreachable!("these are no changes")
            }
        }
    }

    /// The number of the ciphertext is its plaintext, so that opening says whether it is the right one.
    fn encrypt(&mut self, with: EncryptWith<'_>) -> Result<Option<u64>, KmsError> {
        let plaintext = self.ciphertexts.len().to_string();
        let encrypted = self.google.encrypt(with, plaintext.as_bytes(), b"aad");
        let sealed = self.runtime.block_on(encrypted)?;
        assert_eq!(sealed.version.key(), with.key());
        let number = sealed.version.number();
        self.ciphertexts.push((sealed.ciphertext, number));
        Ok(Some(number))
    }

    fn decrypt(&self, key: Key, back: usize) -> Result<Option<u64>, KmsError> {
        let index = self.ciphertexts.len().checked_sub(back + 1);
        let (ciphertext, number) = match index {
            Some(index) => (&self.ciphertexts[index].0[..], Some(self.ciphertexts[index].1)),
            None => (&[][..], None),
        };
        let name = key.name();
        let opened = self.google.decrypt(&name, ciphertext, b"aad");
        let opened = self.runtime.block_on(opened)?;
        assert_eq!(opened, index.unwrap().to_string().as_bytes());
        Ok(number)
    }

    /// Everything there is by now.
    pub fn picture(&self) -> Vec<String> {
        picture::draw(self)
    }

    fn now(&self) -> Timestamp {
        self.emulator.trouble().now()
    }

    /// What is there; nothing only if it is certainly not there.
    fn looked<T>(&self, seen: impl Future<Output = Result<T, KmsError>>) -> Option<T> {
        match self.runtime.block_on(seen) {
            Ok(seen) => Some(seen),
            Err(error) => {
                assert_eq!(error.code, KmsCode::NotFound, "{error}");
                None
            }
        }
    }
}

impl View for Emulated {
    fn ring(&self, id: &str) -> bool {
        let name = operation::ring(id);
        self.looked(self.google.ring(&name)).is_some()
    }

    fn key(&self, key: Key) -> Option<CryptoKey> {
        let name = key.name();
        self.looked(self.google.key(&name))
    }

    fn versions(&self, key: Key) -> Vec<KeyVersion> {
        let name = key.name();
        self.looked(self.google.versions(&name)).unwrap_or_default()
    }
}

/// An emulator at the beginning of time, where time passes only when it is told to.
pub fn standing() -> Emulator {
    let builder = Emulator::builder()
        .clock_at(operation::start())
        .clock_rate(0.0);
    builder.start().unwrap()
}

/// A runtime for clients.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
