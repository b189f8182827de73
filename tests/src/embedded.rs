//! The embedded KMS in a folder of its own; every operation goes through a handle that was just opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward_core::clock::{Clock, ManualClock};
use keyward_core::key::{CryptoKey, KeyVersion};
use keyward_core::kms::{EncryptWith, KmsAdmin, KmsCrypt, KmsRead, KmsRescue, Observed};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::rngs::StdRng;
use tokio::runtime::Runtime;

use crate::operation::{self, Answer, Answered, Key, Operation};
use crate::picture::{self, View};

/// An [`EmbeddedKms`] under test.
pub struct Embedded {
    folder: PathBuf,
    clock: Arc<ManualClock>,
    runtime: Runtime,
    ciphertexts: Vec<Vec<u8>>,
}

impl Embedded {
    /// The one in `folder`, at the beginning of time.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            clock: Arc::new(ManualClock::starting_at(operation::start())),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            ciphertexts: Vec::new(),
        }
    }

    /// A new handle.
    pub fn open(&self) -> EmbeddedKms {
        let root = RootKeySource::File(self.folder.join("root.key"));
        let rng = Box::new(rand::make_rng::<StdRng>());
        EmbeddedKms::new(&self.folder.join("kms"), root, self.clock.clone(), rng)
    }

    /// Carries out an operation.
    pub fn apply(&mut self, operation: &Operation) -> Answered {
        let (kms, now) = (self.open(), self.clock.now());
        let run = &self.runtime;
        match *operation {
            Operation::CreateRing(id) => run
                .block_on(kms.create_ring(&operation::ring(id)))
                .map(Answer::Ring),
            Operation::CreateKey(key, wish) => {
                let spec = operation::spec(wish, now);
                run.block_on(kms.create_key(&key.name(), spec)).map(Answer::Key)
            }
            Operation::CreateVersion(key) => {
                run.block_on(kms.create_version(&key.name())).map(Answer::Version)
            }
            Operation::SetPrimary(key, number) => {
                let changed = run.block_on(kms.set_primary(&key.version(number)));
                changed.map(|key| Answer::Changed(key, number))
            }
            Operation::SetRotation(key, rotation) => {
                let schedule = operation::schedule(rotation, now);
                run.block_on(kms.set_rotation(&key.name(), schedule))
                    .map(Answer::Key)
            }
            Operation::Disable(key, n) => run.block_on(kms.disable(&key.version(n))).map(Answer::Version),
            Operation::Enable(key, n) => run.block_on(kms.enable(&key.version(n))).map(Answer::Version),
            Operation::ScheduleDestruction(key, n) => {
                kms.schedule_destruction(&key.version(n)).map(Answer::Version)
            }
            Operation::Restore(key, n) => run.block_on(kms.restore(&key.version(n))).map(Answer::Version),
            Operation::Encrypt(key) => self.encrypt(&kms, EncryptWith::Key(&key.name())),
            Operation::EncryptWith(key, n) => self.encrypt(&kms, EncryptWith::Version(&key.version(n))),
            Operation::Decrypt(key, back) => self.decrypt(&kms, key, back),
            Operation::Wait(hours) => {
                self.clock.advance(operation::hours(hours));
                Ok(Answer::Nothing)
            }
        }
    }

    /// What looking at a key shows.
    pub fn see(&self, key: Key) -> Observed<CryptoKey> {
        self.runtime.block_on(self.open().get_key(&key.name()))
    }

    /// The number of the ciphertext is its plaintext, so that opening says whether it is the right one.
    fn encrypt(&mut self, kms: &EmbeddedKms, with: EncryptWith<'_>) -> Answered {
        let plaintext = self.ciphertexts.len().to_string();
        let sealed = self
            .runtime
            .block_on(kms.encrypt(with, plaintext.as_bytes(), b""))?;
        self.ciphertexts.push(sealed.ciphertext);
        Ok(Answer::Used(sealed.version))
    }

    fn decrypt(&self, kms: &EmbeddedKms, key: Key, back: usize) -> Answered {
        let index = self.ciphertexts.len().checked_sub(back + 1);
        let ciphertext = index.map_or(&[][..], |index| &self.ciphertexts[index]);
        let opened = self.runtime.block_on(kms.decrypt(&key.name(), ciphertext, b""))?;
        assert_eq!(opened.expose(), index.unwrap().to_string().as_bytes());
        let number = u64::from_be_bytes(ciphertext[1..9].try_into().unwrap());
        Ok(Answer::Used(key.version(number)))
    }

    /// Everything there is by now.
    pub fn picture(&self) -> Vec<String> {
        picture::draw(self)
    }
}

impl View for Embedded {
    fn ring(&self, id: &str) -> bool {
        let name = operation::ring(id);
        matches!(
            self.runtime.block_on(self.open().get_ring(&name)),
            Observed::Present(_)
        )
    }

    fn key(&self, key: Key) -> Option<CryptoKey> {
        self.see(key).present()
    }

    fn versions(&self, key: Key) -> Vec<KeyVersion> {
        self.runtime
            .block_on(self.open().list_versions(&key.name()))
            .present()
            .unwrap_or_default()
    }
}
