//! A folder with an embedded KMS in it, and a clock that the test moves.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keyward_core::clock::{Clock, ManualClock, later};
use keyward_core::key::{KeySpec, RotationSchedule};
use keyward_core::kms::{EncryptWith, Encrypted, KmsAdmin, KmsCode, KmsCrypt, KmsError};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_core::secret::SecretBytes;
use keyward_embedded::{EmbeddedKms, Resident, RootKeySource};
use rand::rngs::StdRng;
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) kms: EmbeddedKms,
}

impl Bench {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
        let root = RootKeySource::File(folder.path().join("root.key"));
        let kms = EmbeddedKms::new(&folder.path().join("kms"), root, clock.clone(), rng());
        Self { folder, clock, kms }
    }

    /// One key in one location.
    pub(crate) fn with_key() -> Self {
        Self::with_key_like(KeySpec::default())
    }

    pub(crate) fn with_key_like(spec: KeySpec) -> Self {
        let bench = Self::new();
        wait(bench.kms.create_ring(&ring())).unwrap();
        wait(bench.kms.create_key(&key(), spec)).unwrap();
        bench
    }

    /// A key that rotates in one day and then every day.
    pub(crate) fn with_rotating_key() -> Self {
        let start = Self::new().clock.now();
        Self::with_key_like(KeySpec {
            rotation: Some(RotationSchedule::new(DAY, later(start, DAY)).unwrap()),
            ..KeySpec::default()
        })
    }

    /// Another handle, as another process would have it.
    pub(crate) fn again(&self) -> EmbeddedKms {
        self.under(RootKeySource::File(self.root()))
    }

    pub(crate) fn under(&self, root: RootKeySource) -> EmbeddedKms {
        EmbeddedKms::new(&self.kms_folder(), root, self.clock.clone(), rng())
    }

    /// The store of the same folder, as a server holds it.
    pub(crate) fn serve(&self) -> Resident {
        self.try_to_serve().unwrap()
    }

    pub(crate) fn try_to_serve(&self) -> Result<Resident, KmsError> {
        let root = RootKeySource::File(self.root());
        Resident::open(&self.kms_folder(), root, self.clock.clone(), rng())
    }

    /// A store of a server without a folder, under the same clock.
    pub(crate) fn in_memory(&self) -> Resident {
        Resident::in_memory(self.clock.clone(), rng())
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn kms_folder(&self) -> PathBuf {
        self.path().join("kms")
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.kms_folder().join("europe-west1.db")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("root.key")
    }

    pub(crate) fn encrypt(&self) -> Encrypted {
        encrypt(&self.kms).unwrap()
    }

    /// Runs SQL on the file behind the back of the KMS.
    pub(crate) fn sql(&self, statements: &str) {
        Connection::open(self.db())
            .unwrap()
            .execute_batch(statements)
            .unwrap();
    }

    pub(crate) fn material(&self, number: i64) -> Option<Vec<u8>> {
        let query = "SELECT material FROM version WHERE number = ?1";
        let database = Connection::open(self.db()).unwrap();
        database.query_row(query, [number], |row| row.get(0)).unwrap()
    }
}

pub(crate) fn rng() -> Box<StdRng> {
    Box::new(rand::make_rng())
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

pub(crate) fn encrypt(kms: &EmbeddedKms) -> Result<Encrypted, KmsError> {
    wait(kms.encrypt(EncryptWith::Key(&key()), b"plain", b"aad"))
}

pub(crate) fn decrypt(kms: &EmbeddedKms, sealed: &Encrypted) -> Result<SecretBytes, KmsError> {
    wait(kms.decrypt(&key(), &sealed.ciphertext, b"aad"))
}

/// It was refused with this code, and the message says so.
#[track_caller]
pub(crate) fn refused<T>(answer: Result<T, KmsError>, code: KmsCode, says: &str) {
    let error = answer.err().expect("it was allowed");
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(says), "{error}");
}

pub(crate) fn ring() -> KeyRingName {
    "projects/local/locations/europe-west1/keyRings/secrets"
        .parse()
        .unwrap()
}

pub(crate) fn key() -> CryptoKeyName {
    ring().key("app").unwrap()
}

pub(crate) fn version(number: u64) -> KeyVersionName {
    key().version(number)
}
