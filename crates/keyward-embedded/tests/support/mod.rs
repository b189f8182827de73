//! A folder with an embedded KMS in it, and a clock that the test moves.
#![allow(dead_code)]

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::clock::ManualClock;
use keyward_core::key::KeySpec;
use keyward_core::kms::{EncryptWith, Encrypted, KmsAdmin, KmsCrypt};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) kms: EmbeddedKms,
}

impl Bench {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
        let kms = open(&folder, &clock);
        Self { folder, clock, kms }
    }

    /// One key in one location.
    pub(crate) fn with_key() -> Self {
        let bench = Self::new();
        wait(bench.kms.create_ring(&ring())).unwrap();
        wait(bench.kms.create_key(&key(), KeySpec::default())).unwrap();
        bench
    }

    /// Another handle, as another process would have it.
    pub(crate) fn again(&self) -> EmbeddedKms {
        open(&self.folder, &self.clock)
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.folder.path().join("kms/europe-west1.db")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root.key")
    }

    pub(crate) fn encrypt(&self) -> Encrypted {
        wait(self.kms.encrypt(EncryptWith::Key(&key()), b"plain", b"aad")).unwrap()
    }
}

fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> EmbeddedKms {
    let root = RootKeySource::File(folder.path().join("root.key"));
    let rng = Box::new(rand::make_rng::<StdRng>());
    EmbeddedKms::new(&folder.path().join("kms"), root, clock.clone(), rng)
}

/// Outside a runtime the provider answers at once.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

pub(crate) fn ring() -> KeyRingName {
    "projects/local/locations/europe-west1/keyRings/secrets".parse().unwrap()
}

pub(crate) fn key() -> CryptoKeyName {
    ring().key("app").unwrap()
}

pub(crate) fn version(number: u64) -> KeyVersionName {
    key().version(number)
}

/// A generator whose numbers repeat, for tests that compare.
pub(crate) fn repeatable() -> Box<StdRng> {
    Box::new(StdRng::seed_from_u64(7))
}
