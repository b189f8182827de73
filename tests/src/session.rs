//! Operations through Google's own client, and what they encrypted.

use keyward_core::clock::Timestamp;
use keyward_core::key::{CryptoKey, KeyVersion};
use keyward_core::kms::{EncryptWith, KmsCode, KmsError};
use tokio::runtime::Runtime;

use crate::google::Google;
use crate::operation::{self, Key, Operation};
use crate::picture::View;

/// Somebody at work.
pub struct Session {
    /// Google's client.
    pub google: Google,
    /// What was encrypted so far. The number of a ciphertext is its plaintext, so that opening says whether it is the
    /// right one.
    pub sealed: Vec<Sealed>,
}

/// A ciphertext, and who made it.
pub struct Sealed {
    /// The key.
    pub key: Key,
    /// The number of the version.
    pub number: u64,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
}

/// The number of the version that was made or used, or why nothing was.
type Answered = Result<Option<u64>, KmsError>;

impl Session {
    /// One that has done nothing yet.
    pub fn new(google: Google) -> Self {
        Self {
            google,
            sealed: Vec::new(),
        }
    }

    /// Carries out an operation, but waits for nothing.
    pub async fn apply(&mut self, operation: &Operation, now: Timestamp) -> Answered {
        match *operation {
            Operation::Encrypt(key) => self.encrypt(key, None).await,
            Operation::EncryptWith(key, number) => self.encrypt(key, Some(number)).await,
            Operation::Decrypt(key, back) => self.decrypt(key, back).await,
            Operation::Wait(_) => panic!("time is not passed by a client of Cloud KMS"),
            _ => self.change(operation, now).await,
        }
    }

    async fn change(&self, operation: &Operation, now: Timestamp) -> Answered {
        let google = &self.google;
        let number = |version: KeyVersion| Some(version.name.number());
        match *operation {
            Operation::CreateRing(id) => google.create_ring(&operation::ring(id)).await.map(|_| None),
            Operation::CreateKey(key, wish) => {
                let spec = operation::spec(wish, now);
                google.create_key(&key.name(), &spec).await.map(|_| None)
            }
            Operation::CreateVersion(key) => google.create_version(&key.name()).await.map(number),
            Operation::SetPrimary(key, n) => google.set_primary(&key.version(n)).await.map(|key| key.primary),
            Operation::SetRotation(key, rotation) => {
                let schedule = operation::schedule(rotation, now);
                google.set_rotation(&key.name(), schedule).await.map(|_| None)
            }
            Operation::Disable(key, n) => google.disable(&key.version(n)).await.map(number),
            Operation::Enable(key, n) => google.enable(&key.version(n)).await.map(number),
            Operation::ScheduleDestruction(key, n) => {
                google.schedule_destruction(&key.version(n)).await.map(number)
            }
            Operation::Restore(key, n) => google.restore(&key.version(n)).await.map(number),
            Operation::Encrypt(_)
            | Operation::EncryptWith(..)
            | Operation::Decrypt(..)
            | Operation::Wait(_) => panic!("{operation:?} is no change"),
        }
    }

    async fn encrypt(&mut self, key: Key, number: Option<u64>) -> Answered {
        let (name, plaintext) = (key.name(), self.sealed.len().to_string());
        let version = number.map(|number| key.version(number));
        let with = version
            .as_ref()
            .map_or(EncryptWith::Key(&name), EncryptWith::Version);
        let sealed = self.google.encrypt(with, plaintext.as_bytes(), b"aad").await?;
        assert_eq!(*sealed.version.key(), name);
        let number = sealed.version.number();
        self.sealed.push(Sealed {
            key,
            number,
            ciphertext: sealed.ciphertext,
        });
        Ok(Some(number))
    }

    async fn decrypt(&self, key: Key, back: usize) -> Answered {
        let name = key.name();
        let Some(index) = self.sealed.len().checked_sub(back + 1) else {
            let opened = self.google.decrypt(&name, b"", b"aad").await;
            return opened.map(|_| panic!("nothing decrypts"));
        };
        let sealed = &self.sealed[index];
        let opened = self.google.decrypt(&name, &sealed.ciphertext, b"aad").await?;
        assert_eq!(opened, index.to_string().as_bytes());
        Ok(Some(sealed.number))
    }
}

/// What Google's client sees.
pub struct Sight<'a> {
    /// The client.
    pub google: &'a Google,
    /// What it runs on.
    pub runtime: &'a Runtime,
}

impl Sight<'_> {
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

impl View for Sight<'_> {
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
