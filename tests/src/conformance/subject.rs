//! The provider under test, and short ways to use it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keyward_core::clock::Clock;
use keyward_core::key::{CryptoKey, KeySpec, KeyVersion, VersionState};
use keyward_core::kms::{
    Async, EncryptWith, Encrypted, KmsAdmin, KmsCode, KmsCrypt, KmsError, KmsRead, KmsRescue, Observed,
};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_core::secret::SecretBytes;

/// Schedules the destruction of a version, by whatever means: no port of keyward can.
pub type ScheduleDestruction =
    Box<dyn for<'a> Fn(&'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> + Send + Sync>;

/// Moves the clock of the provider forward.
pub type MoveClock = Box<dyn Fn(Duration) + Send + Sync>;

/// How long to wait before asking whether everybody has heard of a change.
const PAUSE: Duration = Duration::from_millis(20);

/// A provider under test.
pub struct Subject {
    /// What messages call it.
    pub name: &'static str,
    /// A ring that does not exist yet. Its project and location are the ones that the suite works in.
    pub ring: KeyRingName,
    /// Looking.
    pub read: Arc<dyn KmsRead>,
    /// Using.
    pub crypt: Arc<dyn KmsCrypt>,
    /// Bringing back.
    pub rescue: Arc<dyn KmsRescue>,
    /// Creating and changing.
    pub admin: Arc<dyn KmsAdmin>,
    /// The clock that the provider sees.
    pub clock: Arc<dyn Clock>,
    /// Moves that clock; `None` where time passes by itself.
    pub move_clock: Option<MoveClock>,
    /// Schedules a destruction; `None` where the suite may not.
    pub schedule_destruction: Option<ScheduleDestruction>,
    /// How long a disable or another primary may take until everybody has heard of it, and how far its clock may be from
    /// ours; zero where that is at once, and one clock.
    pub patience: Duration,
    /// How many keys the suite has made.
    pub made: AtomicU32,
}

impl Subject {
    /// A subject whose four ports are one provider, with a standing clock and no way to schedule a destruction.
    pub fn new<P>(name: &'static str, ring: KeyRingName, provider: Arc<P>, clock: Arc<dyn Clock>) -> Self
    where
        P: KmsRead + KmsCrypt + KmsRescue + KmsAdmin + 'static,
    {
        Self {
            name,
            ring,
            read: provider.clone(),
            crypt: provider.clone(),
            rescue: provider.clone(),
            admin: provider,
            clock,
            move_clock: None,
            schedule_destruction: None,
            patience: Duration::ZERO,
            made: AtomicU32::new(0),
        }
    }

    /// Makes the ring that the facts put their keys into.
    pub(super) async fn prepare(&self) {
        let missing = self.read.get_ring(&self.ring).await;
        assert!(
            !matches!(missing, Observed::Present(_)),
            "{} exists already",
            self.ring
        );
        let ring = self
            .admin
            .create_ring(&self.ring)
            .await
            .expect("a ring is created");
        assert_eq!(ring.name, self.ring);
    }

    /// The name of a ring in the same project and location, which nobody but the fact that asks makes.
    pub(super) fn ring_beside(&self, word: &str) -> KeyRingName {
        let (project, location) = (self.ring.project(), self.ring.location().clone());
        KeyRingName::new(project, location, &format!("{}-{word}", self.ring.id())).expect("a well-formed id")
    }

    /// A name for a key that does not exist.
    pub(super) fn unused(&self) -> CryptoKeyName {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.ring
            .key(&format!("key-{number:04}"))
            .expect("a well-formed id")
    }

    /// A new key as Cloud KMS makes it by default.
    pub(super) async fn key(&self) -> CryptoKeyName {
        self.key_like(KeySpec::default()).await
    }

    pub(super) async fn key_like(&self, spec: KeySpec) -> CryptoKeyName {
        let name = self.unused();
        let key = self
            .admin
            .create_key(&name, spec)
            .await
            .expect("a key is created");
        assert_eq!(key.name, name);
        name
    }

    pub(super) async fn seen(&self, key: &CryptoKeyName) -> CryptoKey {
        present(self.read.get_key(key).await)
    }

    pub(super) async fn version(&self, version: &KeyVersionName) -> KeyVersion {
        present(self.read.get_version(version).await)
    }

    pub(super) async fn state(&self, version: &KeyVersionName) -> VersionState {
        self.version(version).await.state
    }

    pub(super) async fn encrypt(&self, key: &CryptoKeyName) -> Result<Encrypted, KmsError> {
        self.crypt
            .encrypt(EncryptWith::Key(key), b"plaintext", b"aad")
            .await
    }

    /// Encrypts with exactly this version.
    pub(super) async fn encrypt_with(&self, version: &KeyVersionName) -> Result<Encrypted, KmsError> {
        self.crypt
            .encrypt(EncryptWith::Version(version), b"plaintext", b"aad")
            .await
    }

    pub(super) async fn decrypt(
        &self,
        key: &CryptoKeyName,
        sealed: &Encrypted,
    ) -> Result<SecretBytes, KmsError> {
        self.crypt.decrypt(key, &sealed.ciphertext, b"aad").await
    }

    /// A call that the state of a version does not allow, once everybody has heard of that state.
    pub(super) async fn refusal<T>(&self, call: impl AsyncFn() -> Result<T, KmsError>) -> KmsError {
        let begun = Instant::now();
        loop {
            let answer = call().await;
            let is_known = matches!(&answer, Err(error) if error.code == KmsCode::FailedPrecondition);
            if is_known || begun.elapsed() >= self.patience {
                return refused(answer, KmsCode::FailedPrecondition);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Encrypts until the new primary answers.
    pub(super) async fn encrypt_by(&self, primary: &KeyVersionName) -> Encrypted {
        let begun = Instant::now();
        loop {
            let sealed = self.encrypt(primary.key()).await.expect("a key encrypts");
            if sealed.version == *primary || begun.elapsed() >= self.patience {
                assert_eq!(sealed.version, *primary);
                return sealed;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn assert_opens(&self, key: &CryptoKeyName, sealed: &Encrypted) {
        let opened = self
            .decrypt(key, sealed)
            .await
            .expect("what was encrypted decrypts");
        assert_eq!(opened.expose(), b"plaintext");
    }
}

/// What is there.
pub(super) fn present<T>(observed: Observed<T>) -> T {
    match observed {
        Observed::Present(value) => value,
        Observed::Absent => panic!("it is absent"),
        Observed::Unknown(why) => panic!("it is unknown: {why}"),
    }
}

/// The call was refused with exactly this code.
#[track_caller]
pub(super) fn refused<T>(answer: Result<T, KmsError>, code: KmsCode) -> KmsError {
    match answer {
        Ok(_) => panic!("it was allowed, not refused with {}", code.id()),
        Err(error) => {
            assert_eq!(error.code, code, "{error}");
            error
        }
    }
}

/// The refusal is in Cloud KMS' own words; what comes before them may name the resource.
#[track_caller]
pub(super) fn says(refusal: &KmsError, words: &str) {
    assert!(refusal.message.ends_with(words), "{refusal}, not {words}");
}
