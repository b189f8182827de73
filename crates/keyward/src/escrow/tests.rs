//! Drills from end to end, over real age identities: honest ones, forged ones, and what changes meanwhile.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use keyward_age::{AgeIdentity, AgeRecipientKey};
use keyward_core::clock::Timestamp;
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{Draft, Wrap};
use keyward_core::error::{ErrorKind, Result};
use keyward_core::escrow::{Bundle, Digest, Escrowed, Key, Report};
use keyward_core::inventory::Inventory;
use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError};
use keyward_core::name::{AgeRecipient, CryptoKeyName, KeyRef, Provider};
use keyward_core::recipient::{Identity, Recipient};
use keyward_core::secret::{DataKey, SecretBytes};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::envelope::seal_bytes;
use crate::keyring::{Keyring, Permitted, Sealer};
use crate::registry::Crypters;
use crate::uses;

/// A KMS whose ciphertext is the additional data and the plaintext in the clear; or none that answers.
struct Plain {
    is_down: bool,
}

impl KmsCrypt for Plain {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        let (version, ciphertext) = (with.key().clone().version(1), [aad, plaintext].concat());
        Box::pin(async move { Ok(Encrypted { ciphertext, version }) })
    }

    fn decrypt<'a>(
        &'a self,
        _: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        let plain = ciphertext
            .strip_prefix(aad)
            .map(|plain| SecretBytes::new(plain.to_vec()));
        let is_down = self.is_down;
        Box::pin(async move {
            if is_down {
                return Err(KmsError::new(KmsCode::Unavailable, "connection refused"));
            }
            plain.ok_or(KmsError::new(KmsCode::InvalidArgument, "Decryption failed"))
        })
    }
}

struct Place {
    folder: tempfile::TempDir,
    crypters: Crypters,
    permitted: Permitted,
    recipients: Vec<Arc<dyn Recipient>>,
    identities: Vec<Arc<dyn Identity>>,
}

fn key() -> KeyRef {
    "gcp-kms://projects/p/locations/us/keyRings/r/cryptoKeys/k"
        .parse()
        .unwrap()
}

impl Place {
    /// With two escrow identities.
    fn new() -> Self {
        let made = [(); 2].map(|()| keyward_age::generate().unwrap());
        let recipient = |name: &AgeRecipient| -> Arc<dyn Recipient> {
            Arc::new(AgeRecipientKey::new(name.clone()).unwrap())
        };
        let identity = |made: &keyward_age::Generated| -> Arc<dyn Identity> {
            let text = made.identity_file(Timestamp::UNIX_EPOCH);
            let ask = Arc::new(|_: &str| unreachable!("it is not protected"));
            Arc::new(AgeIdentity::parse("escrow.txt", &text, ask).unwrap())
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            crypters: Crypters::new().with(Provider::Gcp, Arc::new(Plain { is_down: false })),
            permitted: Permitted::none().keys([key()]),
            recipients: made.iter().map(|made| recipient(&made.recipient)).collect(),
            identities: made.iter().map(identity).collect(),
        }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Seals something as `name` for the key and these recipients.
    async fn seal(&self, name: &str, recipients: &[usize]) {
        let keyring = Keyring {
            keys: vec![key()],
            escrow: recipients
                .iter()
                .map(|place| self.recipients[*place].clone())
                .collect(),
        };
        let sealer = Sealer::new(&self.crypters, &keyring);
        let mut rng = StdRng::from_seed(rand::random());
        let sealed = seal_bytes(b"content", EncryptionContext::new(), &sealer, &mut rng).await;
        fs::write(self.root().join(name), sealed.unwrap().0).unwrap();
    }

    fn collected(&self) -> Collected {
        let inventory: Inventory = uses::survey_path(self.root()).unwrap();
        collect(&inventory, self.root())
    }

    fn bundle(&self, sample: Option<usize>) -> Bundle {
        let request = Request {
            made: now(),
            manifest: Digest::of(b"manifest"),
            recipients: &self.recipients,
            sample,
        };
        let made = request.bundle(self.collected().envelopes, &mut StdRng::seed_from_u64(1));
        // What the offline machine sees is what was written.
        Bundle::parse(&made.unwrap().encode().unwrap(), "bundle").unwrap()
    }

    fn drill(&self, bundle: &Bundle, identities: &[usize]) -> Report {
        let identities: Vec<_> = identities
            .iter()
            .map(|place| self.identities[*place].clone())
            .collect();
        let report = drill(bundle, &identities, now(), &|_| {}).unwrap();
        Report::parse(&report.encode().unwrap(), "report").unwrap()
    }

    async fn check(&self, bundle: &Bundle, report: &Report) -> Result<Vec<Outcome>> {
        let checker = Checker {
            crypters: &self.crypters,
            permitted: &self.permitted,
            root: self.root(),
        };
        checker.check(bundle, report, &|_| {}).await
    }

    async fn only(&self, bundle: &Bundle, report: &Report) -> Outcome {
        let [outcome] = <[Outcome; 1]>::try_from(self.check(bundle, report).await.unwrap()).unwrap();
        outcome
    }
}

fn now() -> Timestamp {
    "2026-11-25T09:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn an_honest_drill_proves_each_recipient_by_itself() {
    let place = Place::new();
    place.seal("a.kw", &[0]).await;
    place.seal("b.kw", &[0, 1]).await;
    place.seal("c.kw", &[]).await;
    fs::write(place.root().join("plain"), "text").unwrap();
    let collected = place.collected();
    assert_eq!((collected.envelopes.len(), collected.without), (2, 1));
    let bundle = place.bundle(None);
    let both = place.drill(&bundle, &[1, 0]);
    let outcomes = place.check(&bundle, &both).await.unwrap();
    assert!(outcomes.iter().all(Outcome::is_proof));
    let mut wraps: Vec<_> = outcomes.iter().map(|outcome| outcome.wraps).collect();
    wraps.sort_unstable();
    assert_eq!(wraps, [1, 2]);
    let second = place.drill(&bundle, &[1]);
    let outcome = place.only(&bundle, &second).await;
    assert!(outcome.is_proof() && outcome.proven.len() == 1);
    assert_eq!(outcome.recipient, *place.recipients[1].name());
}

#[tokio::test]
async fn an_identity_that_is_not_asked_for_is_told_so() {
    let (place, other) = (Place::new(), Place::new());
    place.seal("a.kw", &[0]).await;
    let bundle = place.bundle(None);
    for identities in [&other.identities[..], &place.identities[1..], &[]] {
        let error = drill(&bundle, identities, now(), &|_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(
            error.what().contains(place.recipients[0].name().as_str()),
            "{error}"
        );
    }
}

/// A wrap that is listed for the recipient, and holds something else.
fn wrong(place: &Place, name: &str, wrapped: impl FnOnce(&Place, &DataKey) -> Vec<u8>) {
    let mut rng = StdRng::from_seed(rand::random());
    let draft = Draft::new(EncryptionContext::new(), &mut rng).unwrap();
    let aad = draft.binding().wrap_aad();
    let kms = [&aad[..], draft.data_key().expose()].concat();
    let bad = wrapped(place, draft.data_key());
    let wraps = vec![
        Wrap::kms(&key(), Some(1), kms),
        Wrap::age(place.recipients[0].name(), bad),
    ];
    let (header, sealer) = draft.finish(wraps).unwrap();
    let envelope = [&header.encode()[..], &sealer.head(), &[0; 16]].concat();
    fs::write(place.root().join(name), envelope).unwrap();
}

// E6
#[tokio::test]
async fn a_wrap_that_does_not_open_keeps_its_recipient_from_being_recorded() {
    let place = Place::new();
    place.seal("good.kw", &[0]).await;
    wrong(&place, "another-key.kw", |place, _| {
        place.recipients[0].wrap(&SecretBytes::new(vec![7; 32])).unwrap()
    });
    wrong(&place, "another-recipient.kw", |place, key| {
        place.recipients[1]
            .wrap(&SecretBytes::new(key.expose().to_vec()))
            .unwrap()
    });
    wrong(&place, "no-age-file.kw", |_, _| b"nonsense".to_vec());
    wrong(&place, "too-short.kw", |place, _| {
        place.recipients[0].wrap(&SecretBytes::new(vec![7; 31])).unwrap()
    });
    let bundle = place.bundle(None);
    let outcome = place.only(&bundle, &place.drill(&bundle, &[0])).await;
    assert!(!outcome.is_proof() && outcome.proven.len() == 1, "{outcome:?}");
    let whys: Vec<_> = outcome
        .failed
        .iter()
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    assert_eq!(whys.len(), 4, "{whys:?}");
    for (name, why) in [
        ("another-key.kw", "commits to"),
        ("another-recipient.kw", "not wrapped for"),
        ("too-short.kw", "31 bytes"),
    ] {
        assert!(
            whys.iter()
                .any(|line| line.starts_with(name) && line.contains(why)),
            "{whys:?}"
        );
    }
}

#[tokio::test]
async fn what_changed_since_the_export_is_left_out() {
    let place = Place::new();
    for name in ["a.kw", "b.kw", "c.kw"] {
        place.seal(name, &[0]).await;
    }
    let bundle = place.bundle(None);
    place.seal("b.kw", &[0]).await;
    fs::remove_file(place.root().join("c.kw")).unwrap();
    let outcome = place.only(&bundle, &place.drill(&bundle, &[0])).await;
    assert!(outcome.is_proof(), "{outcome:?}");
    assert_eq!(outcome.changed, ["b.kw", "c.kw"]);
    place.seal("a.kw", &[0]).await;
    let outcome = place.only(&bundle, &place.drill(&bundle, &[0])).await;
    assert!(!outcome.is_proof(), "nothing is left that could be proven");
}

#[tokio::test]
async fn what_cannot_be_opened_here_is_not_taken_on_trust() {
    let mut place = Place::new();
    place.seal("a.kw", &[0]).await;
    let bundle = place.bundle(None);
    let report = place.drill(&bundle, &[0]);
    place.permitted = Permitted::none();
    let outcome = place.only(&bundle, &report).await;
    assert!(!outcome.is_proof() && outcome.unchecked.len() == 1, "{outcome:?}");
    place.permitted = Permitted::none().keys([key()]);
    place.crypters = Crypters::new().with(Provider::Gcp, Arc::new(Plain { is_down: true }));
    let outcome = place.only(&bundle, &report).await;
    assert!(!outcome.is_proof() && outcome.unseen.len() == 1, "{outcome:?}");
}

// E9, E17
#[tokio::test]
async fn whoever_did_not_open_an_envelope_cannot_say_so() {
    let place = Place::new();
    place.seal("a.kw", &[0]).await;
    let bundle = place.bundle(None);
    let honest = place.drill(&bundle, &[0]);
    // Has the identity, and another data key.
    let Escrowed { header, .. } = &bundle.envelopes()[0];
    let forged = Report::sign(
        honest.statement().clone(),
        &[Key {
            header: Digest::of_header(header),
            binding: header.binding(),
            key: DataKey::generate(&mut StdRng::seed_from_u64(2)),
        }],
    );
    let error = place.check(&bundle, &forged.unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    // An answer to another bundle about the same envelopes.
    let request = Request {
        made: now(),
        manifest: Digest::of(b"manifest"),
        recipients: &place.recipients,
        sample: None,
    };
    let again = request
        .bundle(place.collected().envelopes, &mut StdRng::seed_from_u64(3))
        .unwrap();
    let error = place.check(&again, &honest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn a_sample_is_drawn_for_each_recipient() {
    let place = Place::new();
    for number in 0..20 {
        place.seal(&format!("{number}.kw"), &[number % 2]).await;
    }
    let bundle = place.bundle(Some(3));
    assert_eq!((bundle.asked().len(), bundle.envelopes().len()), (2, 6));
    let outcomes = place
        .check(&bundle, &place.drill(&bundle, &[0, 1]))
        .await
        .unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.is_proof() && outcome.wraps == 3)
    );
}

#[tokio::test]
async fn bundles_are_kept_until_they_count_no_more() {
    let place = Place::new();
    place.seal("a.kw", &[0]).await;
    let bundle = place.bundle(None);
    let kept = Kept::in_folder(&place.root().join("state"));
    assert!(kept.find(bundle.digest()).unwrap().is_none());
    kept.keep(&bundle).unwrap();
    let found = kept.find(bundle.digest()).unwrap().unwrap();
    assert_eq!(found.encode().unwrap(), bundle.encode().unwrap());
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let written = Timestamp::now();
    kept.forget(day, keyward_core::clock::later(written, day / 2));
    assert!(kept.find(bundle.digest()).unwrap().is_some());
    kept.forget(day, keyward_core::clock::later(written, 2 * day));
    assert!(kept.find(bundle.digest()).unwrap().is_none());
}

/// 10,000 envelopes. The time that it takes is printed, and not judged: other tests run beside it.
#[tokio::test]
async fn ten_thousand_envelopes_go_through() {
    let place = Place::new();
    for number in 0..10_000 {
        place.seal(&format!("{number}.kw"), &[0]).await;
    }
    let start = std::time::Instant::now();
    let bundle = place.bundle(None);
    let asked = start.elapsed();
    let report = place.drill(&bundle, &[0]);
    let drilled = start.elapsed();
    let outcome = place.only(&bundle, &report).await;
    assert!(outcome.is_proof() && outcome.proven.len() == 10_000);
    let len = bundle.encode().unwrap().len();
    println!(
        "{len} bytes; asked {asked:?}, drilled {drilled:?}, checked {:?}",
        start.elapsed()
    );
}
