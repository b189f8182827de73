//! The embedded KMS and the store of a server, in memory and on disk, give the same answers to the same calls.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::fmt::Debug;

use keyward_core::clock::{Clock, later};
use keyward_core::key::{CryptoKey, DestroyWindow, KeySpec, KeyVersion, Machine, RotationSchedule};
use keyward_core::kms::{EncryptWith, KmsAdmin, KmsCrypt, KmsError, KmsRead, KmsRescue};
use keyward_core::name::CryptoKeyName;
use keyward_embedded::{EmbeddedKms, Page, Resident, RootKeySource};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use support::{Bench, DAY, ring, wait};

/// One call, drawn at random.
#[derive(Clone, Copy, Debug)]
struct Call {
    kind: u32,
    key: usize,
    number: u64,
    days: u32,
    /// Which of the latest ciphertexts.
    back: usize,
}

impl Call {
    fn draw(rng: &mut StdRng) -> Self {
        Self {
            kind: rng.random_range(0..12),
            key: rng.random_range(0..2),
            number: rng.random_range(1..6),
            days: rng.random_range(1..5),
            back: rng.random_range(1..6),
        }
    }

    fn key(self) -> CryptoKeyName {
        ring().key(["one", "two"][self.key]).unwrap()
    }

    fn schedule(self, bench: &Bench) -> Option<RotationSchedule> {
        let next = later(bench.clock.now(), DAY * self.days);
        match self.number {
            1 => None,
            2 => Some(RotationSchedule::once(next)),
            _ => Some(RotationSchedule::new(DAY * self.days, next).unwrap()),
        }
    }

    fn spec(self, bench: &Bench) -> KeySpec {
        KeySpec {
            rotation: self.schedule(bench),
            destroy_window: DestroyWindow::new(DAY * self.days).unwrap(),
            skip_initial_version: self.number == 5,
            ..KeySpec::default()
        }
    }
}

fn told(answer: Result<impl Debug, KmsError>) -> String {
    format!("{answer:?}")
}

/// What both can be asked, each in its own words.
trait Store {
    fn call(&self, call: Call, bench: &Bench) -> String;
    /// The version that opened the ciphertext.
    fn opens(&self, key: &CryptoKeyName, ciphertext: &[u8]) -> Result<(), KmsError>;
    fn seal(&self, with: EncryptWith<'_>) -> Result<(String, Vec<u8>), KmsError>;
    fn see(&self, key: &CryptoKeyName) -> Option<(CryptoKey, Vec<KeyVersion>)>;
}

impl Store for EmbeddedKms {
    fn call(&self, call: Call, bench: &Bench) -> String {
        let (key, version) = (call.key(), call.key().version(call.number));
        match call.kind {
            0 => told(wait(self.create_key(&key, call.spec(bench)))),
            1 => told(wait(self.create_version(&key))),
            2 => told(wait(self.set_primary(&version))),
            3 => told(wait(self.set_rotation(&key, call.schedule(bench)))),
            4 => told(wait(self.disable(&version))),
            5 => told(wait(self.enable(&version))),
            6 => told(wait(self.restore(&version))),
            _ => told(self.schedule_destruction(&version)),
        }
    }

    fn opens(&self, key: &CryptoKeyName, ciphertext: &[u8]) -> Result<(), KmsError> {
        wait(self.decrypt(key, ciphertext, b"aad")).map(|opened| assert_eq!(opened.expose(), b"plain"))
    }

    fn seal(&self, with: EncryptWith<'_>) -> Result<(String, Vec<u8>), KmsError> {
        wait(self.encrypt(with, b"plain", b"aad")).map(|made| (made.version.to_string(), made.ciphertext))
    }

    fn see(&self, key: &CryptoKeyName) -> Option<(CryptoKey, Vec<KeyVersion>)> {
        let seen = wait(self.get_key(key)).present()?;
        Some((seen, wait(self.list_versions(key)).present()?))
    }
}

impl Store for Resident {
    fn call(&self, call: Call, bench: &Bench) -> String {
        let (key, version) = (call.key(), call.key().version(call.number));
        let on_version = |act: fn(&mut Machine, &_, _) -> _| {
            told(self.change(&key, |machine, now| act(machine, &version, now)))
        };
        match call.kind {
            0 => told(self.change(&key, |machine, now| {
                machine.create_key(&key, call.spec(bench), now)
            })),
            1 => told(self.change(&key, |machine, now| machine.create_version(&key, now))),
            2 => told(self.change(&key, |machine, now| machine.set_primary(&version, now))),
            3 => told(self.change(&key, |machine, now| {
                machine.set_rotation(&key, call.schedule(bench), now)
            })),
            4 => on_version(Machine::disable),
            5 => on_version(Machine::enable),
            6 => on_version(Machine::restore),
            _ => on_version(Machine::schedule_destruction),
        }
    }

    fn opens(&self, key: &CryptoKeyName, ciphertext: &[u8]) -> Result<(), KmsError> {
        let opened = self.decrypt(key, ciphertext, b"aad")?;
        assert_eq!(opened.plaintext.expose(), b"plain");
        Ok(())
    }

    fn seal(&self, with: EncryptWith<'_>) -> Result<(String, Vec<u8>), KmsError> {
        let made = self.encrypt(with, b"plain", b"aad")?;
        Ok((made.version.to_string(), made.ciphertext))
    }

    fn see(&self, key: &CryptoKeyName) -> Option<(CryptoKey, Vec<KeyVersion>)> {
        let (seen, primary) = self.key(key).ok()?;
        let versions = self.versions(key, Page::whole()).unwrap();
        let number = primary.as_ref().map(|primary| primary.name.number());
        assert_eq!(number, seen.primary);
        assert!(primary.is_none_or(|primary| versions.contains(&primary)));
        Some((seen, versions))
    }
}

/// Asks all of them, and every one must answer alike. Each opens what it sealed itself.
fn ask_all(
    stores: &[&dyn Store],
    call: Call,
    bench: &Bench,
    sealed: &mut Vec<(CryptoKeyName, Vec<Vec<u8>>)>,
) {
    let (key, version) = (call.key(), call.key().version(call.number));
    let answers: Vec<String> = match call.kind {
        8 | 9 => {
            let with = [EncryptWith::Key(&key), EncryptWith::Version(&version)][call.kind as usize % 2];
            let made: Vec<_> = stores.iter().map(|store| store.seal(with)).collect();
            let told = made
                .iter()
                .map(|made| told(made.as_ref().map(|made| &made.0).map_err(Clone::clone)));
            let told = told.collect();
            if let Ok(made) = made.into_iter().collect::<Result<Vec<_>, _>>() {
                sealed.push((key, made.into_iter().map(|(_, ciphertext)| ciphertext).collect()));
            }
            told
        }
        10 => {
            let index = sealed.len().saturating_sub(call.back);
            let Some((of, ciphertexts)) = sealed.get(index) else {
                return;
            };
            let under = if call.days == 1 { &key } else { of };
            let opened = stores.iter().zip(ciphertexts);
            opened
                .map(|(store, ciphertext)| told(store.opens(under, ciphertext)))
                .collect()
        }
        11 => {
            bench.clock.advance(DAY * call.days);
            return;
        }
        _ => stores.iter().map(|store| store.call(call, bench)).collect(),
    };
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{call:?}: {answers:#?}"
    );
}

#[test]
fn every_answer_and_every_state_is_the_same() {
    for seed in 0..12 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (bench, served) = (Bench::new(), Bench::new());
        let on_disk = |bench: &Bench| {
            let root = RootKeySource::File(served.root());
            Resident::open(&served.kms_folder(), root, bench.clock.clone(), support::rng()).unwrap()
        };
        let (in_memory, mut persisted) = (bench.in_memory(), on_disk(&bench));
        wait(bench.kms.create_ring(&ring())).unwrap();
        in_memory.create_ring(&ring()).unwrap();
        persisted.create_ring(&ring()).unwrap();
        let mut sealed = Vec::new();
        for step in 0..80 {
            let stores: [&dyn Store; 3] = [&bench.kms, &in_memory, &persisted];
            ask_all(&stores, Call::draw(&mut rng), &bench, &mut sealed);
            if step % 10 == 9 {
                for id in ["one", "two"] {
                    let key = ring().key(id).unwrap();
                    let seen = stores.map(|store| store.see(&key));
                    assert!(
                        seen.iter().all(|other| *other == seen[0]),
                        "seed {seed}: {seen:#?}"
                    );
                }
            }
            if step == 40 {
                drop(persisted);
                persisted = on_disk(&bench);
            }
        }
    }
}
