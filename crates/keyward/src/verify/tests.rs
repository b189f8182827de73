//! A KMS that is well, slow, lying or denied, and what becomes of verification and proof.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use keyward_core::error::ErrorKind;
use keyward_core::key::{
    Algorithm, CryptoKey, DestroyWindow, KeyRing, KeyVersion, Permission, ProtectionLevel, Purpose,
    VersionState,
};
use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError, KmsRead, Observed};
use keyward_core::location::Location;
use keyward_core::manifest::{Lock, LockCanary};
use keyward_core::name::{CryptoKeyName, KeyRef, KeyRingName, KeyVersionName, Provider};
use keyward_core::verify::{CheckId, Verdict};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const MANIFEST: &str = "\
version: 1
environments: {demo: {}, other: {}}
keyrings:
  app: {env: demo, provider: embedded, locations: [europe-west1, us-central1], ring: r, key: k}
  far: {env: other, provider: embedded, locations: [eur4], ring: r, key: k}
";

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    /// Looks at one key at a time, and takes as long for it as a small quota does.
    Paced,
    Silent,
    Denied,
    Disabled,
    /// Encrypts with another version than the one that was asked.
    OtherVersion,
    /// Encrypts with another key.
    OtherKey,
    /// Decrypts to something else.
    Garbled,
    /// Does not know its own ciphertext.
    Forgetful,
    /// Lists no rings and no keys, and shows each that is asked for.
    NoLists,
    /// Denies the list of the rings, and of one that is asked for.
    NoRings,
    /// Has the same keys in a location that nobody knows.
    Stray,
    /// Does not say which locations there are.
    NoLocations,
    /// Does not list the rings of a location that nobody knows.
    Hidden,
}

/// Every key exists, with versions 1 and 2 enabled and 2 primary. The ciphertext is the plaintext. Only calls in
/// `europe-west1` have the mood.
struct Fake(Mood, tokio::sync::Mutex<()>, AtomicUsize);

impl Fake {
    async fn mood(&self, location: &Location) -> Mood {
        self.2.fetch_add(1, Ordering::Relaxed);
        let mood = if location.as_str() == "europe-west1" {
            self.0
        } else {
            Mood::Well
        };
        if mood == Mood::Silent {
            std::future::pending::<()>().await;
        }
        if mood == Mood::Paced {
            let _turn = self.1.lock().await;
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        mood
    }
}

fn denied<T>() -> Observed<T> {
    KmsError::new(KmsCode::PermissionDenied, "(or it may not exist)").observed()
}

fn crypto_key(name: CryptoKeyName) -> CryptoKey {
    CryptoKey {
        name,
        purpose: Purpose::EncryptDecrypt,
        algorithm: Algorithm::default(),
        protection: ProtectionLevel::default(),
        created: long_ago(),
        rotation: None,
        destroy_window: DestroyWindow::default(),
        primary: Some(2),
        labels: [].into(),
        access_reasons: None,
    }
}

fn long_ago() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn version(name: KeyVersionName) -> KeyVersion {
    KeyVersion {
        name,
        state: VersionState::Enabled,
        algorithm: Algorithm::default(),
        protection: ProtectionLevel::default(),
        created: long_ago(),
        destroy_at: None,
        destroyed_at: None,
    }
}

impl KmsRead for Fake {
    fn get_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Observed<KeyRing>> {
        Box::pin(async move {
            if self.mood(name.location()).await == Mood::NoRings {
                return denied();
            }
            Observed::Present(KeyRing {
                name: name.clone(),
                created: long_ago(),
            })
        })
    }

    fn get_key<'a>(&'a self, name: &'a CryptoKeyName) -> Async<'a, Observed<CryptoKey>> {
        Box::pin(async move {
            match self.mood(name.location()).await {
                Mood::Denied => denied(),
                _ => Observed::Present(crypto_key(name.clone())),
            }
        })
    }

    fn list_versions<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Observed<Vec<KeyVersion>>> {
        Box::pin(async move {
            self.mood(key.location()).await;
            Observed::Present([1, 2].map(|number| version(key.version(number))).into())
        })
    }

    fn get_version<'a>(&'a self, name: &'a KeyVersionName) -> Async<'a, Observed<KeyVersion>> {
        Box::pin(async move { Observed::Present(version(name.clone())) })
    }

    fn list_locations<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<Location>>> {
        Box::pin(async {
            self.2.fetch_add(1, Ordering::Relaxed);
            let own = ["europe-west1", "us-central1", "asia-east1"];
            let locations =
                |names: &[&str]| names.iter().map(|name| Location::parse(name).unwrap()).collect();
            match self.0 {
                Mood::NoLocations => denied(),
                Mood::Stray | Mood::Hidden => Observed::Present(locations(&[&own[..], &["global"]].concat())),
                _ => Observed::Present(locations(&own)),
            }
        })
    }

    fn list_rings<'a>(
        &'a self,
        project: &'a str,
        location: &'a Location,
    ) -> Async<'a, Observed<Vec<KeyRing>>> {
        Box::pin(async move {
            let is_far = location.as_str() == "global";
            match self.mood(location).await {
                Mood::NoLists | Mood::NoRings => denied(),
                _ if is_far && self.0 == Mood::Hidden => denied(),
                _ if location.as_str() == "asia-east1" => Observed::Present(Vec::new()),
                _ => Observed::Present(vec![KeyRing {
                    name: KeyRingName::new(project, location.clone(), "r").unwrap(),
                    created: long_ago(),
                }]),
            }
        })
    }

    fn list_keys<'a>(&'a self, ring: &'a KeyRingName) -> Async<'a, Observed<Vec<CryptoKey>>> {
        Box::pin(async move {
            if matches!(self.mood(ring.location()).await, Mood::Denied | Mood::NoLists) {
                return denied();
            }
            let many = (0..40).map(|n| format!("k{n}")).chain(["k".to_owned()]);
            Observed::Present(many.map(|id| crypto_key(ring.key(&id).unwrap())).collect())
        })
    }

    fn test_permissions<'a>(
        &'a self,
        _: &'a CryptoKeyName,
        _: &'a [Permission],
    ) -> Async<'a, Observed<Vec<Permission>>> {
        Box::pin(async { Observed::Unknown("not asked here".into()) })
    }
}

impl KmsCrypt for Fake {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        _: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        Box::pin(async move {
            let key = with.key();
            let asked = match with {
                EncryptWith::Key(key) => key.version(2),
                EncryptWith::Version(version) => version.clone(),
            };
            let version = match self.mood(key.location()).await {
                Mood::Disabled => return Err(KmsError::new(KmsCode::FailedPrecondition, "is not enabled")),
                Mood::OtherVersion => key.version(9),
                Mood::OtherKey => key.ring().key("other").unwrap().version(2),
                _ => asked,
            };
            Ok(Encrypted {
                ciphertext: plaintext.to_vec(),
                version,
            })
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        _: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        Box::pin(async move {
            match self.mood(key.location()).await {
                Mood::Garbled => Ok(SecretBytes::new(vec![0; 32])),
                Mood::Forgetful => Err(KmsError::new(KmsCode::InvalidArgument, "Decryption failed")),
                _ => Ok(SecretBytes::new(ciphertext.to_vec())),
            }
        })
    }
}

struct World {
    manifest: Manifest,
    readers: Readers,
    crypters: Crypters,
    fake: Arc<Fake>,
    lock: Lock,
}

impl World {
    fn new(mood: Mood) -> Self {
        Self::with(mood, MANIFEST)
    }

    fn with(mood: Mood, manifest: &str) -> Self {
        let fake = Arc::new(Fake(mood, tokio::sync::Mutex::default(), AtomicUsize::new(0)));
        let manifest = Manifest::parse(manifest, "m").unwrap();
        Self {
            manifest,
            readers: Readers::new().with(Provider::Embedded, fake.clone()),
            crypters: Crypters::new().with(Provider::Embedded, fake.clone()),
            fake,
            lock: Lock::default(),
        }
    }

    /// A world whose lock records every key.
    async fn proven(mood: Mood) -> Self {
        Self::proven_with(mood, MANIFEST).await
    }

    async fn proven_with(mood: Mood, manifest: &str) -> Self {
        let well = Self::with(Mood::Well, manifest);
        let mut world = Self::with(mood, manifest);
        for key in well.manifest.keyrings().flat_map(|keyring| keyring.keys()) {
            let locked = well.prover().prove(key).await.unwrap();
            world.lock.keys.insert(key.clone(), locked);
        }
        world
    }

    fn prover(&self) -> Prover<'_> {
        let (readers, crypters) = (&self.readers, &self.crypters);
        Prover {
            readers,
            crypters,
            now: long_ago(),
            by: "a test",
            deadline: DEADLINE,
        }
    }

    async fn verify(&self, canaries: Canaries<'_>, env: Option<&str>) -> Report {
        verify(self.request(canaries, env), &mut rng()).await
    }

    fn request<'a>(&'a self, canaries: Canaries<'a>, env: Option<&'a str>) -> Verify<'a> {
        static NOTHING: LazyLock<Scan> = LazyLock::new(Scan::default);
        Verify {
            manifest: &self.manifest,
            env,
            lock: LockState::Read(&self.lock),
            scan: &NOTHING,
            readers: &self.readers,
            canaries,
            now: long_ago(),
            deadline: DEADLINE,
        }
    }
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn key(location: &str) -> KeyRef {
    format!("embedded-kms://projects/local/locations/{location}/keyRings/r/cryptoKeys/k")
        .parse()
        .unwrap()
}

/// The checks that did not pass, with their verdicts and the location they are about.
fn faults(report: &Report) -> Vec<(CheckId, &'static str)> {
    let bad = report
        .checks
        .iter()
        .filter(|check| check.verdict != Verdict::Pass);
    bad.inspect(|check| assert!(check.resource.contains("europe-west1"), "{check:?}"))
        .map(|check| (check.id, check.verdict.id()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn all_is_well() {
    let world = World::proven(Mood::Well).await;
    let report = world.verify(Canaries::Here(&world.crypters), None).await;
    assert_eq!(
        (faults(&report), report.exit_code(true), report.keys()),
        (vec![], 0, 3)
    );
    let demo = world.verify(Canaries::Here(&world.crypters), Some("demo")).await;
    assert_eq!((demo.exit_code(true), demo.keys()), (0, 2));
    let none = world.verify(Canaries::Here(&world.crypters), Some("none")).await;
    assert_eq!(none.exit_code(false), 3, "no key was looked at");
}

#[tokio::test(start_paused = true)]
async fn each_mood_is_found() {
    for (mood, expected, exit) in [
        (Mood::Disabled, vec![(CheckId::V18, "FAIL")], 1),
        (Mood::OtherVersion, vec![(CheckId::V18, "FAIL")], 1),
        (Mood::OtherKey, vec![(CheckId::V18, "FAIL")], 1),
        (
            Mood::Garbled,
            vec![(CheckId::V17, "FAIL"), (CheckId::V18, "FAIL")],
            1,
        ),
        (
            Mood::Forgetful,
            vec![(CheckId::V17, "FAIL"), (CheckId::V18, "FAIL")],
            1,
        ),
        (Mood::NoLists, vec![], 0),
        (Mood::NoRings, vec![(CheckId::V01, "UNKNOWN")], 3),
    ] {
        let world = World::proven(mood).await;
        let report = world.verify(Canaries::Here(&world.crypters), None).await;
        assert_eq!((faults(&report), report.exit_code(false)), (expected, exit));
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_looked_at_by_lists() {
    let world = World::proven_with(Mood::Well, &many(40)).await;
    let report = world.verify(Canaries::Off, None).await;
    assert_eq!((report.exit_code(false), report.keys()), (0, 80));
    let (locations, rings, keys, census) = (2, 2, 80, 1 + 1);
    let calls = world.fake.2.load(Ordering::Relaxed);
    assert_eq!(calls, locations + rings + keys + census);
    let note = "1 further locations were asked";
    assert!(
        report.notes.iter().any(|text| text.starts_with(note)),
        "{:?}",
        report.notes
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_key_elsewhere_is_found_and_what_hides_it_is_told() {
    for (mood, verdict, why) in [
        (Mood::Stray, "FAIL", "global too has a key of this ring and id"),
        (
            Mood::Hidden,
            "UNKNOWN",
            "global could not be looked into: PERMISSION_DENIED",
        ),
        (Mood::NoLocations, "UNKNOWN", "PERMISSION_DENIED"),
    ] {
        let world = World::proven(mood).await;
        let report = world.verify(Canaries::Off, None).await;
        let census: Vec<_> = report
            .checks
            .iter()
            .filter(|check| check.id == CheckId::V05)
            .collect();
        assert_eq!(census.len(), 2);
        for check in census {
            let reason = check.verdict.reason().unwrap();
            assert!(
                check.verdict.id() == verdict && reason.starts_with(why),
                "{check:?}"
            );
        }
        assert_eq!(
            report.failures().len() + report.unknowns().len(),
            2,
            "nothing else"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn silence_and_denial_are_unknown() {
    for mood in [Mood::Silent, Mood::Denied] {
        let world = World::proven(mood).await;
        let report = world.verify(Canaries::Here(&world.crypters), None).await;
        let faults = faults(&report);
        assert!(faults.contains(&(CheckId::V02, "UNKNOWN")) && faults.contains(&(CheckId::V18, "UNKNOWN")));
        assert!(
            faults.iter().all(|(_, verdict)| *verdict == "UNKNOWN"),
            "{faults:?}"
        );
        assert_eq!(report.exit_code(false), 3);
    }
}

/// A manifest with so many keys in each of two locations.
fn many(keys: usize) -> String {
    let keyrings = (0..keys).map(|n| {
        format!("  k{n}: {{env: demo, provider: embedded, locations: [europe-west1, us-central1], ring: r, key: k{n}}}\n")
    });
    let keyrings: String = keyrings.collect();
    format!("version: 1\nenvironments: {{demo: {{}}}}\nkeyrings:\n{keyrings}")
}

#[tokio::test(start_paused = true)]
async fn keys_that_wait_for_their_turn_are_seen() {
    let world = World::proven_with(Mood::Paced, &many(40)).await;
    let report = world.verify(Canaries::Here(&world.crypters), None).await;
    assert_eq!((faults(&report), report.keys()), (vec![], 80));
}

#[tokio::test(start_paused = true)]
async fn a_silent_location_is_waited_for_once_and_the_rest_of_it_is_unknown() {
    let world = World::proven_with(Mood::Silent, &many(40)).await;
    let start = tokio::time::Instant::now();
    let report = world.verify(Canaries::Here(&world.crypters), None).await;
    assert!(start.elapsed() < DEADLINE * 2, "{:?}", start.elapsed());
    let faults = faults(&report);
    let unseen = faults.iter().filter(|fault| **fault == (CheckId::V02, "UNKNOWN"));
    assert_eq!(unseen.count(), 40);
    assert!(
        faults.iter().all(|(_, verdict)| *verdict == "UNKNOWN"),
        "{faults:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn canaries_that_are_off_do_not_apply_and_attested_ones_are_unknown() {
    let world = World::proven(Mood::Well).await;
    let off = world.verify(Canaries::Off, None).await;
    let canaries = |report: &Report| -> Vec<_> {
        let canaries = report.checks.iter().filter(|check| check.id == CheckId::V18);
        canaries.map(|check| check.verdict.id()).collect()
    };
    assert_eq!(
        (canaries(&off), off.exit_code(true)),
        (vec!["NOT APPLICABLE"; 3], 0)
    );
    let attested = world
        .verify(Canaries::Attested(Err("it held until yesterday")), None)
        .await;
    assert_eq!(
        (canaries(&attested), attested.exit_code(false)),
        (vec!["UNKNOWN"; 3], 3)
    );
}

#[tokio::test(start_paused = true)]
async fn what_another_identity_saw_open_passes_for_one_that_may_only_look() {
    let world = World::proven(Mood::Well).await;
    let request = world.request(Canaries::Here(&world.crypters), None);
    let opened = verify_in_full(request, &mut rng()).await.opened;
    assert_eq!(opened.len(), 3, "the primary of each key");
    let record = Attestation::new(&world.manifest, long_ago(), opened);
    let denied = World {
        crypters: Crypters::new(),
        ..World::proven(Mood::Well).await
    };
    let report = denied.verify(Canaries::Attested(Ok(&record)), None).await;
    assert_eq!((faults(&report), report.exit_code(true)), (vec![], 0));
    let mut less = record.clone();
    less.opened
        .retain(|version| !version.to_string().contains("europe-west1"));
    let report = denied.verify(Canaries::Attested(Ok(&less)), None).await;
    let unseen = vec![(CheckId::V17, "UNKNOWN"), (CheckId::V18, "UNKNOWN")];
    assert_eq!((faults(&report), report.exit_code(false)), (unseen, 3));
    assert!(
        denied
            .verify(Canaries::Here(&denied.crypters), None)
            .await
            .exit_code(false)
            == 3
    );
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_not_set_up_is_unknown() {
    let mut world = World::proven(Mood::Well).await;
    world.readers = Readers::new();
    let report = world.verify(Canaries::Here(&world.crypters), None).await;
    assert_eq!(report.exit_code(false), 3);
    assert!(report.failures().is_empty());
}

#[tokio::test(start_paused = true)]
async fn proof_covers_every_enabled_version_by_its_name() {
    let locked = World::new(Mood::Well)
        .prover()
        .prove(&key("europe-west1"))
        .await
        .unwrap();
    assert_eq!(locked.versions.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!((locked.primary, locked.proven_by.as_str()), (Some(2), "a test"));
    // The fake's ciphertext is the plaintext.
    for (number, version) in &locked.versions {
        let canary = LockCanary::of(&key("europe-west1").version(*number));
        assert_eq!(version.canary.as_deref(), Some(&canary.plaintext[..]));
        assert_eq!(
            version.proven.as_ref().map(|proof| proof.by.as_str()),
            Some("a test")
        );
    }
    for (mood, kind) in [
        (Mood::Silent, ErrorKind::Unavailable),
        (Mood::Denied, ErrorKind::Unavailable),
        (Mood::Disabled, ErrorKind::Refused),
        (Mood::OtherVersion, ErrorKind::Damaged),
        (Mood::OtherKey, ErrorKind::Damaged),
        (Mood::Garbled, ErrorKind::Damaged),
        (Mood::Forgetful, ErrorKind::Damaged),
    ] {
        let error = World::new(mood)
            .prover()
            .prove(&key("europe-west1"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.resource().is_some_and(|name| name.contains("cryptoKeys/k")));
    }
}
