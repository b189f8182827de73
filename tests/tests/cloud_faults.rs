//! Calls to Cloud KMS that go wrong: keyward's provider ends with the right answer or the right error, and never with a
//! lost wrap, a version too many, or a guess.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::time::Duration;

use keyward_core::clock::later;
use keyward_core::key::{CryptoKey, KeySpec, KeyVersion, RotationSchedule, VersionState};
use keyward_core::kms::{EncryptWith, KmsAdmin, KmsCode, KmsCrypt, KmsError, KmsRead, KmsRescue, Observed};
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_emulator::{Code, Emulator, Fault};
use keyward_gcp::GcpKms;
use keyward_tests::cloud;
use keyward_tests::emulated::{runtime, standing};
use keyward_tests::google::Google;
use keyward_tests::operation::start;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An emulator with one key, and three who know it.
struct Scene {
    emulator: Emulator,
    kms: GcpKms,
    google: Google,
    key: CryptoKeyName,
}

impl Scene {
    async fn new() -> Self {
        Self::at(standing()).await
    }

    async fn at(emulator: Emulator) -> Self {
        let google = Google::at(&emulator.endpoint()).await;
        let key: CryptoKeyName = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
            .parse()
            .unwrap();
        google.create_ring(key.ring()).await.unwrap();
        google.create_key(&key, &KeySpec::default()).await.unwrap();
        Self {
            kms: cloud::at(&emulator),
            emulator,
            google,
            key,
        }
    }

    fn add(&self, fault: Fault) {
        self.emulator.trouble().add(fault).unwrap();
    }

    /// How often a method was called.
    fn calls(&self, method: &str) -> usize {
        let calls = self.emulator.trouble().calls();
        calls.iter().filter(|call| call.method == method).count()
    }

    fn all_met(&self) {
        assert_eq!(self.emulator.trouble().waiting_faults(), 0, "the fault was met");
    }

    async fn key(&self) -> CryptoKey {
        self.google.key(&self.key).await.unwrap()
    }

    async fn versions(&self) -> Vec<KeyVersion> {
        self.google.versions(&self.key).await.unwrap()
    }
}

#[test]
fn a_change_whose_answer_is_dropped_is_made_once() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        scene.add(Fault::drop_reply("CreateKeyRing"));
        let ring = scene
            .key
            .ring()
            .to_string()
            .replace("keyRings/r", "keyRings/s")
            .parse()
            .unwrap();
        let made = scene.kms.create_ring(&ring).await.unwrap();
        assert_eq!(made, scene.google.ring(&ring).await.unwrap());

        scene.add(Fault::drop_reply("CreateCryptoKey"));
        let other = ring.key("k").unwrap();
        let made = scene.kms.create_key(&other, KeySpec::default()).await.unwrap();
        assert_eq!(made, scene.google.key(&other).await.unwrap());

        scene.add(Fault::drop_reply("CreateCryptoKeyVersion"));
        let made = scene.kms.create_version(&scene.key).await.unwrap();
        assert_eq!(made, scene.versions().await[1]);
        assert_eq!(scene.versions().await.len(), 2, "not a third");

        scene.add(Fault::drop_reply("UpdateCryptoKeyPrimaryVersion"));
        let changed = scene.kms.set_primary(&made.name).await.unwrap();
        assert_eq!((changed.primary, scene.key().await.primary), (Some(2), Some(2)));

        scene.add(Fault::drop_reply("UpdateCryptoKey"));
        let rotation = Some(RotationSchedule::new(DAY * 30, later(start(), DAY * 30)).unwrap());
        let changed = scene.kms.set_rotation(&scene.key, rotation).await.unwrap();
        assert_eq!(
            (changed.rotation, scene.key().await.rotation),
            (rotation, rotation)
        );
        scene.all_met();
    });
}

#[test]
fn a_move_whose_answer_is_dropped_is_made_once() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        let first = scene.key.version(1);
        scene.add(Fault::drop_reply("UpdateCryptoKeyVersion"));
        assert_eq!(
            scene.kms.disable(&first).await.unwrap().state,
            VersionState::Disabled
        );
        assert_eq!(scene.versions().await[0].state, VersionState::Disabled);

        scene.add(Fault::drop_reply("UpdateCryptoKeyVersion"));
        assert_eq!(
            scene.kms.enable(&first).await.unwrap().state,
            VersionState::Enabled
        );
        assert_eq!(scene.versions().await[0].state, VersionState::Enabled);

        scene.google.schedule_destruction(&first).await.unwrap();
        scene.add(Fault::drop_reply("RestoreCryptoKeyVersion"));
        assert_eq!(
            scene.kms.restore(&first).await.unwrap().state,
            VersionState::Disabled
        );
        assert_eq!(scene.versions().await[0].state, VersionState::Disabled);
        scene.all_met();
    });
}

#[test]
fn a_creation_that_somebody_else_was_first_with_is_refused_all_the_same() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        let again = scene.kms.create_ring(scene.key.ring()).await.unwrap_err();
        assert_eq!(again.code, KmsCode::AlreadyExists);
        let again = scene
            .kms
            .create_key(&scene.key, KeySpec::default())
            .await
            .unwrap_err();
        assert_eq!(again.code, KmsCode::AlreadyExists);
    });
}

#[test]
fn an_encryption_whose_answer_is_dropped_is_made_again() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        scene.add(Fault::drop_reply("Encrypt").times(2));
        scene.add(Fault::drop_reply("Decrypt").times(2));
        round_trip(&scene).await.unwrap();
        scene.all_met();
    });
}

#[test]
fn a_spoiled_answer_is_discarded_and_asked_for_again() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        scene.add(Fault::corrupt_checksum("Encrypt"));
        scene.add(Fault::corrupt_checksum("Decrypt"));
        round_trip(&scene).await.unwrap();
        scene.all_met();
    });
}

#[test]
fn answers_that_stay_spoiled_are_never_used() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        let sealed = encrypt(&scene).await.unwrap();
        for method in ["Encrypt", "Decrypt"] {
            scene.add(Fault::corrupt_checksum(method).times(0));
        }
        let refused = encrypt(&scene).await.unwrap_err();
        assert_eq!(refused.code, KmsCode::Internal, "{refused}");
        let opened = scene.kms.decrypt(&scene.key, &sealed.ciphertext, b"aad").await;
        let Err(refused) = opened else {
            panic!("it is used")
        };
        assert_eq!(refused.code, KmsCode::Internal, "{refused}");
        assert!(
            scene.calls("Encrypt") <= 10 && scene.calls("Decrypt") <= 10,
            "it gives up"
        );
    });
}

async fn encrypt(scene: &Scene) -> Result<keyward_core::kms::Encrypted, KmsError> {
    scene
        .kms
        .encrypt(EncryptWith::Key(&scene.key), b"plaintext", b"aad")
        .await
}

/// Encrypts and decrypts.
async fn round_trip(scene: &Scene) -> Result<(), KmsError> {
    let sealed = encrypt(scene).await?;
    let opened = scene.kms.decrypt(&scene.key, &sealed.ciphertext, b"aad").await?;
    assert_eq!(opened.expose(), b"plaintext");
    Ok(())
}

#[test]
fn a_third_of_all_calls_fails_and_everything_is_done_once() {
    let emulator = Emulator::builder()
        .clock_at(start())
        .clock_rate(0.0)
        .seed(30)
        .start()
        .unwrap();
    runtime().block_on(async {
        let scene = Scene::at(emulator).await;
        scene.add(Fault::error("*", Code::Unavailable).probability(0.3).times(0));
        let mut sealed = Vec::new();
        for round in 0..6 {
            let made = create_version(&scene).await;
            assert_eq!(made, scene.key.version(round + 2));
            scene.kms.set_primary(&made).await.unwrap();
            let wrap = encrypt(&scene).await.unwrap();
            assert_eq!(wrap.version, made);
            scene.kms.disable(&made).await.unwrap();
            scene.kms.enable(&made).await.unwrap();
            sealed.push(wrap);
            let Observed::Present(seen) = scene.kms.list_versions(&scene.key).await else {
                panic!("it is there")
            };
            assert_eq!(seen.len() as u64, round + 2);
        }
        for wrap in sealed {
            let opened = scene
                .kms
                .decrypt(&scene.key, &wrap.ciphertext, b"aad")
                .await
                .unwrap();
            assert_eq!(opened.expose(), b"plaintext");
        }
        let failed = scene.emulator.trouble().calls();
        let failed = failed
            .iter()
            .filter(|call| call.code == Code::Unavailable)
            .count();
        assert!(failed > 5, "{failed} calls failed");
        scene.emulator.trouble().clear_faults();
        assert_eq!(scene.versions().await.len(), 7);
    });
}

/// Creates a version. Whether one was made whose answer did not come is not guessed: it is told, and asked again here, where
/// nothing is made by calls that fail.
async fn create_version(scene: &Scene) -> KeyVersionName {
    loop {
        match scene.kms.create_version(&scene.key).await {
            Ok(made) => return made.name,
            Err(error) => assert!(
                error.message.contains("lost") || error.message.contains("cannot be seen"),
                "{error}"
            ),
        }
    }
}

#[test]
fn what_may_not_be_seen_is_unknown_and_not_absent() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        let denied = "Permission 'cloudkms.cryptoKeys.get' denied on resource 'k' (or it may not exist).";
        for method in [
            "GetKeyRing",
            "GetCryptoKey",
            "GetCryptoKeyVersion",
            "ListCryptoKeys",
            "ListCryptoKeyVersions",
        ] {
            scene.add(
                Fault::error(method, Code::PermissionDenied)
                    .times(0)
                    .message(denied),
            );
        }
        let missing = scene.key.ring().key("missing").unwrap();
        for key in [&scene.key, &missing] {
            assert!(matches!(scene.kms.get_key(key).await, Observed::Unknown(_)));
            assert!(matches!(
                scene.kms.get_version(&key.version(1)).await,
                Observed::Unknown(_)
            ));
            assert!(matches!(scene.kms.list_versions(key).await, Observed::Unknown(_)));
        }
        assert!(matches!(
            scene.kms.get_ring(scene.key.ring()).await,
            Observed::Unknown(_)
        ));
        assert!(matches!(
            scene.kms.list_keys(scene.key.ring()).await,
            Observed::Unknown(_)
        ));
        // Who cannot see the versions cannot know which one is new: none is made.
        let refused = scene.kms.create_version(&scene.key).await;
        assert!(refused.is_err());
        assert_eq!(scene.calls("CreateCryptoKeyVersion"), 0);
    });
}

#[test]
fn whoever_may_not_is_told_what_is_missing() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        let trouble = scene.emulator.trouble();
        trouble
            .grant(
                &scene.key.to_string(),
                "roles/cloudkms.viewer",
                "user:ann@example.com",
            )
            .unwrap();
        trouble.enforce_iam(true).unwrap();
        let ann = cloud::acting_as(&scene.emulator, "user:ann@example.com");
        assert!(matches!(ann.get_key(&scene.key).await, Observed::Present(_)));
        let refused = ann
            .encrypt(EncryptWith::Key(&scene.key), b"x", b"")
            .await
            .unwrap_err();
        assert_eq!(refused.code, KmsCode::PermissionDenied);
        let told = format!("{refused} {:?}", refused.hint);
        assert!(told.contains("cloudkms.cryptoKeyVersions.useToEncrypt"), "{told}");
        let elsewhere = scene.key.ring().key("missing").unwrap();
        assert!(
            matches!(ann.get_key(&elsewhere).await, Observed::Unknown(_)),
            "denied, so not known to be absent"
        );
    });
}

#[test]
fn a_quota_slows_down_and_does_not_fail() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        for method in ["Encrypt", "GetCryptoKey", "CreateCryptoKeyVersion"] {
            scene.add(
                Fault::error(method, Code::ResourceExhausted)
                    .times(3)
                    .reason("RATE_LIMIT_EXCEEDED", &[]),
            );
        }
        round_trip(&scene).await.unwrap();
        assert!(matches!(
            scene.kms.get_key(&scene.key).await,
            Observed::Present(_)
        ));
        scene.kms.create_version(&scene.key).await.unwrap();
        scene.all_met();
        assert_eq!(scene.versions().await.len(), 2);
    });
}

#[test]
fn a_look_that_is_stale_makes_no_second_version() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        // The list after the lost answer shows what was there before: whether a version was made is not known.
        scene.add(Fault::stale_read("ListCryptoKeyVersions").skip(1).times(0));
        scene.add(Fault::drop_reply("CreateCryptoKeyVersion"));
        let unclear = scene.kms.create_version(&scene.key).await.unwrap_err();
        assert_eq!(unclear.code, KmsCode::Unavailable, "{unclear}");
        assert!(unclear.message.contains("lost"), "{unclear}");
        assert_eq!(scene.calls("CreateCryptoKeyVersion"), 1, "never asked for twice");
        scene.emulator.trouble().clear_faults();
        assert_eq!(scene.versions().await.len(), 2);
    });
}

#[test]
fn a_refusal_says_which_version_and_why() {
    runtime().block_on(async {
        let scene = Scene::new().await;
        let sealed = encrypt(&scene).await.unwrap();
        scene
            .google
            .schedule_destruction(&scene.key.version(1))
            .await
            .unwrap();
        let Err(refused) = scene.kms.decrypt(&scene.key, &sealed.ciphertext, b"aad").await else {
            panic!("it opens")
        };
        assert_eq!(refused.code, KmsCode::FailedPrecondition);
        let violation = refused.violation.expect("a violation");
        assert_eq!(violation.kind, "KEY_DESTROY_SCHEDULED");
        assert_eq!(violation.subject, scene.key.version(1).to_string());
        assert!(
            refused.hint.is_some_and(|hint| hint.contains("restore")),
            "the way back is told"
        );
        assert_eq!(
            scene.calls("Decrypt"),
            1,
            "nothing that is refused is asked again"
        );
    });
}
