//! Locations that are down, slow, disabled or lying, and what becomes of sealing and opening.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{BODY_HEAD_LEN, Detached, Draft, Header, Wrap};
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError};
use keyward_core::name::{AgeRecipient, CryptoKeyName, Provider};
use keyward_core::recipient::Identity;
use keyward_core::secret::SecretBytes;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::registry::Crypters;

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Down,
    Silent,
    Disabled,
    /// Answers for another key, and unwraps to another data key.
    Lying,
}

/// A KMS whose ciphertext is the additional data and the plaintext in the clear.
#[derive(Default)]
struct Moody {
    moods: Mutex<BTreeMap<String, Mood>>,
    calls: AtomicUsize,
}

impl Moody {
    fn set(&self, location: &str, mood: Mood) {
        self.moods.lock().unwrap().insert(location.into(), mood);
    }

    fn mood_of(&self, location: &str) -> Mood {
        self.moods
            .lock()
            .unwrap()
            .get(location)
            .copied()
            .unwrap_or(Mood::Well)
    }

    async fn mood(&self, key: &CryptoKeyName) -> Result<Mood, KmsError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match self.mood_of(key.location().as_str()) {
            Mood::Down => Err(KmsError::new(KmsCode::Unavailable, "connection refused")),
            Mood::Disabled => Err(KmsError::new(KmsCode::FailedPrecondition, "is not enabled")),
            Mood::Silent => std::future::pending().await,
            other => Ok(other),
        }
    }
}

impl KmsCrypt for Moody {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        Box::pin(async move {
            let mut key = with.key().clone();
            if self.mood(&key).await? == Mood::Lying {
                key = key.ring().key("another").unwrap();
            }
            Ok(Encrypted {
                ciphertext: [aad, plaintext].concat(),
                version: key.version(1),
            })
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        Box::pin(async move {
            let lies = self.mood(key).await? == Mood::Lying;
            match ciphertext.strip_prefix(aad) {
                Some(_) if lies => Ok(SecretBytes::new(vec![7; 32])),
                Some(plaintext) => Ok(SecretBytes::new(plaintext.to_vec())),
                None => Err(KmsError::new(KmsCode::InvalidArgument, "Decryption failed")),
            }
        })
    }
}

/// An identity that opens any wrap that starts with its mark.
struct Marked(AgeRecipient);

impl Recipient for Marked {
    fn name(&self) -> &AgeRecipient {
        &self.0
    }

    fn wrap(&self, secret: &SecretBytes) -> Result<Vec<u8>> {
        Ok([b"mark", secret.expose()].concat())
    }
}

impl Identity for Marked {
    fn label(&self) -> &str {
        "escrow.txt"
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Option<SecretBytes>> {
        Ok(wrapped
            .strip_prefix(b"mark")
            .map(|secret| SecretBytes::new(secret.to_vec())))
    }
}

/// An identity that asks a person, and counts how often.
#[derive(Default)]
struct Asking {
    asked: AtomicUsize,
}

impl Identity for Asking {
    fn label(&self) -> &str {
        "protected.txt"
    }

    fn is_locked(&self) -> bool {
        true
    }

    fn unwrap(&self, _: &[u8]) -> Result<Option<SecretBytes>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(Error::damaged("the passphrase is wrong"))
    }
}

const NEAR: &str = "europe-west1";
const FAR: &str = "us-central1";

struct Fixture {
    kms: Arc<Moody>,
    crypters: Crypters,
    keyring: Keyring,
    expected: EncryptionContext,
}

struct Sealed {
    header: Header,
    head: [u8; BODY_HEAD_LEN],
}

impl Fixture {
    fn new() -> Self {
        let kms = Arc::new(Moody::default());
        Self {
            crypters: Crypters::new().with(Provider::Gcp, Arc::clone(&kms) as Arc<dyn KmsCrypt>),
            kms,
            keyring: Keyring {
                keys: vec![key(NEAR), key(FAR)],
                escrow: Vec::new(),
            },
            expected: EncryptionContext::new(),
        }
    }

    fn draft(&self) -> Draft {
        let mut context = EncryptionContext::new();
        context.insert("env", "demo").unwrap();
        Draft::new(context, &mut StdRng::seed_from_u64(3)).unwrap()
    }

    async fn wrap(&self, min_locations: Option<usize>) -> Result<Wrapped> {
        let draft = self.draft();
        let sealer = Sealer {
            min_locations,
            ..Sealer::new(&self.crypters, &self.keyring)
        };
        sealer.wrap(draft.data_key(), draft.binding()).await
    }

    async fn seal(&self) -> Sealed {
        let (header, body) = self.draft().finish(self.wrap(None).await.unwrap().wraps).unwrap();
        Sealed {
            header,
            head: body.head(),
        }
    }

    fn permitted(&self) -> Permitted {
        Permitted::none().keys(self.keyring.keys.clone())
    }

    async fn open(&self, sealed: &Sealed) -> Result<Unlocked> {
        self.open_with(sealed, None, &self.permitted(), &[]).await
    }

    async fn open_with(
        &self,
        sealed: &Sealed,
        detached: Option<&Detached>,
        permitted: &Permitted,
        identities: &[Arc<dyn Identity>],
    ) -> Result<Unlocked> {
        let opener = Opener::new(&self.crypters, permitted, identities, &self.expected);
        opener.unlock(&sealed.header, detached, &sealed.head).await
    }

    fn calls(&self) -> usize {
        self.kms.calls.swap(0, Ordering::Relaxed)
    }
}

fn key(location: &str) -> KeyRef {
    format!("gcp-kms://projects/p/locations/{location}/keyRings/r/cryptoKeys/k")
        .parse()
        .unwrap()
}

fn opened_in(location: &str) -> OpenedBy {
    OpenedBy::Kms {
        key: key(location),
        version: Some(1),
    }
}

fn failure(result: Result<Unlocked>) -> keyward_core::error::Error {
    result.err().expect("it must not open")
}

#[tokio::test(start_paused = true)]
async fn the_nearest_location_opens_and_no_other_is_asked() {
    let fixture = Fixture::new();
    let sealed = fixture.seal().await;
    fixture.calls();
    let unlocked = fixture.open(&sealed).await.unwrap();
    assert_eq!(
        (unlocked.opened_by, unlocked.passed_over.len()),
        (opened_in(NEAR), 0)
    );
    assert_eq!(fixture.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_location_that_fails_leads_to_the_next_and_is_reported() {
    for mood in [Mood::Down, Mood::Disabled, Mood::Silent, Mood::Lying] {
        let fixture = Fixture::new();
        let sealed = fixture.seal().await;
        fixture.kms.set(NEAR, mood);
        let unlocked = fixture.open(&sealed).await.unwrap();
        assert_eq!(unlocked.opened_by, opened_in(FAR));
        assert_eq!(unlocked.passed_over.len(), 1);
        assert!(unlocked.passed_over[0].resource.contains(NEAR));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hedge_waits_for_the_nearest_location_no_longer_than_said() {
    let fixture = Fixture::new();
    let sealed = fixture.seal().await;
    fixture.kms.set(NEAR, Mood::Silent);
    let before = tokio::time::Instant::now();
    fixture.open(&sealed).await.unwrap();
    assert_eq!(before.elapsed().as_millis() / 10, HEDGE_AFTER.as_millis() / 10);
}

#[tokio::test(start_paused = true)]
async fn when_nothing_opens_the_error_says_whether_another_try_can_help() {
    for (near, far, kind) in [
        (Mood::Down, Mood::Silent, ErrorKind::Unavailable),
        (Mood::Disabled, Mood::Down, ErrorKind::Unavailable),
        (Mood::Lying, Mood::Disabled, ErrorKind::Damaged),
        (Mood::Disabled, Mood::Disabled, ErrorKind::Refused),
    ] {
        let fixture = Fixture::new();
        let sealed = fixture.seal().await;
        fixture.kms.set(NEAR, near);
        fixture.kms.set(FAR, far);
        let error = failure(fixture.open(&sealed).await);
        assert_eq!(error.kind(), kind);
        assert!(
            error.what().contains(NEAR) && error.what().contains(FAR),
            "{}",
            error.what()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_only_the_file_names_is_never_asked() {
    let fixture = Fixture::new();
    let sealed = fixture.seal().await;
    fixture.calls();
    let other = Permitted::none().patterns(["gcp-kms://projects/other/*".parse().unwrap()]);
    let error = failure(fixture.open_with(&sealed, None, &other, &[]).await);
    assert_eq!((error.kind(), fixture.calls()), (ErrorKind::Usage, 0));
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_not_expected_is_refused_before_any_key_is_asked() {
    let mut fixture = Fixture::new();
    let sealed = fixture.seal().await;
    fixture.calls();
    fixture.expected.insert("env", "production").unwrap();
    let error = failure(fixture.open(&sealed).await);
    assert_eq!((error.kind(), fixture.calls()), (ErrorKind::Refused, 0));
}

#[tokio::test(start_paused = true)]
async fn a_file_can_cause_only_so_many_calls() {
    let fixture = Fixture::new();
    let draft = fixture.draft();
    let aad = draft.binding().wrap_aad();
    let wraps = (0..40).map(|number| {
        let name = format!("gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k{number}");
        Wrap::kms(&name.parse().unwrap(), None, [&aad[..], &[9; 32]].concat())
    });
    let (header, body) = draft.finish(wraps.collect()).unwrap();
    let all = Permitted::none().patterns(["gcp-kms://projects/p/*".parse().unwrap()]);
    let sealed = Sealed {
        header,
        head: body.head(),
    };
    assert_eq!(
        failure(fixture.open_with(&sealed, None, &all, &[]).await).kind(),
        ErrorKind::Damaged
    );
    assert_eq!(fixture.calls(), keyward_core::limits::UNWRAP_CALLS);
}

#[tokio::test(start_paused = true)]
async fn sealing_needs_every_location_unless_told_otherwise() {
    let fixture = Fixture::new();
    fixture.kms.set(FAR, Mood::Down);
    let error = fixture.wrap(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.what().contains(FAR) && error.hints().is_empty());
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<TooFew>());
    let (answered, required, locations) = (1, 2, 2);
    assert_eq!(
        cause,
        Some(&TooFew {
            answered,
            required,
            locations
        })
    );

    let wrapped = fixture.wrap(Some(1)).await.unwrap();
    assert_eq!(wrapped.missing.len(), 1);
    assert!(!wrapped.wraps[0].is_missing() && wrapped.wraps[1].is_missing());
    for impossible in [0, 3] {
        assert_eq!(
            fixture.wrap(Some(impossible)).await.unwrap_err().kind(),
            ErrorKind::Usage
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_answers_is_checked() {
    let fixture = Fixture::new();
    fixture.kms.set(FAR, Mood::Lying);
    let error = fixture.wrap(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.what().contains("cryptoKeys/another"));
}

#[tokio::test(start_paused = true)]
async fn a_wrap_that_does_not_open_alone_is_not_proven() {
    let fixture = Fixture::new();
    let draft = fixture.draft();
    let sealer = Sealer::new(&fixture.crypters, &fixture.keyring);
    let wraps = sealer
        .wrap(draft.data_key(), draft.binding())
        .await
        .unwrap()
        .wraps;
    sealer
        .prove(&wraps, draft.data_key(), draft.binding())
        .await
        .unwrap();
    fixture.kms.set(FAR, Mood::Lying);
    let error = sealer
        .prove(&wraps, draft.data_key(), draft.binding())
        .await
        .unwrap_err();
    assert!(error.to_string().contains(FAR));
}

#[tokio::test(start_paused = true)]
async fn an_escrow_identity_opens_when_every_location_is_gone() {
    let mut fixture = Fixture::new();
    let escrow = Arc::new(Marked("age1escrow".parse().unwrap()));
    fixture
        .keyring
        .escrow
        .push(Arc::clone(&escrow) as Arc<dyn Recipient>);
    let sealed = fixture.seal().await;
    fixture.kms.set(NEAR, Mood::Disabled);
    fixture.kms.set(FAR, Mood::Down);
    let unlocked = fixture
        .open_with(
            &sealed,
            None,
            &fixture.permitted(),
            &[escrow as Arc<dyn Identity>],
        )
        .await
        .unwrap();
    assert_eq!(
        unlocked.opened_by,
        OpenedBy::Age {
            identity: "escrow.txt".into()
        }
    );
    assert_eq!(unlocked.passed_over.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_a_passphrase_while_something_else_may_open() {
    let mut fixture = Fixture::new();
    let escrow = Arc::new(Marked("age1escrow".parse().unwrap()));
    fixture
        .keyring
        .escrow
        .push(Arc::clone(&escrow) as Arc<dyn Recipient>);
    let sealed = fixture.seal().await;
    let asking = Arc::new(Asking::default());
    let identities = [Arc::clone(&asking) as Arc<dyn Identity>, escrow];
    // The nearest location is silent: its deadline passes before anybody else is tried.
    fixture.kms.set(NEAR, Mood::Silent);
    fixture.kms.set(FAR, Mood::Down);
    let opened = fixture
        .open_with(&sealed, None, &fixture.permitted(), &identities)
        .await
        .unwrap();
    assert_eq!(
        opened.opened_by,
        OpenedBy::Age {
            identity: "escrow.txt".into()
        }
    );
    assert_eq!(asking.asked.load(Ordering::Relaxed), 0);

    let error = failure(
        fixture
            .open_with(&sealed, None, &fixture.permitted(), &identities[..1])
            .await,
    );
    assert!(error.what().contains("the passphrase is wrong"));
    assert_eq!(asking.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn detached_wraps_are_tried_first_and_stale_ones_reported() {
    let fixture = Fixture::new();
    let sealed = fixture.seal().await;
    let data_key = fixture.open(&sealed).await.unwrap().data_key;
    let moved = Keyring {
        keys: vec![key("asia-east1")],
        escrow: Vec::new(),
    };
    let sealer = Sealer::new(&fixture.crypters, &moved);
    let wraps = sealer
        .wrap(&data_key, sealed.header.binding())
        .await
        .unwrap()
        .wraps;
    let newer = Detached::Current(sealed.header.replace_wraps(&data_key, wraps).unwrap());
    let permitted = Permitted::none().keys([key("asia-east1"), key(NEAR)]);
    let opened = |detached| fixture.open_with(&sealed, detached, &permitted, &[]);
    assert_eq!(
        opened(Some(&newer)).await.unwrap().opened_by,
        opened_in("asia-east1")
    );

    // Detached wraps come first even where an embedded one is nearer.
    let near_first = Permitted::none().keys([key(NEAR), key("asia-east1")]);
    let opened_near = fixture
        .open_with(&sealed, Some(&newer), &near_first, &[])
        .await
        .unwrap();
    assert_eq!(opened_near.opened_by, opened_in("asia-east1"));
    let nobody = failure(
        fixture
            .open_with(&sealed, Some(&Detached::Stale), &Permitted::none(), &[])
            .await,
    );
    assert_eq!(nobody.kind(), ErrorKind::Usage);

    let stale = opened(Some(&Detached::Stale)).await.unwrap();
    assert_eq!((stale.opened_by, stale.passed_over.len()), (opened_in(NEAR), 1));
}
