//! The provider against the emulator: the whole life of a key, identities, and trouble on the way.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::sync::Arc;
use std::time::Duration;

use google_cloud_auth::credentials::anonymous;
use google_cloud_kms_v1::client::KeyManagementService;
use keyward_core::clock::{ManualClock, Timestamp};
use keyward_core::key::{KeySpec, Permission, ProtectionLevel, RotationSchedule, VersionState};
use keyward_core::kms::{EncryptWith, KmsAdmin, KmsCode, KmsCrypt, KmsRead, KmsRescue, Observed};
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_emulator::{Code, Emulator, Fault};
use keyward_gcp::{Access, CredentialSource, GcpKms, Impersonate, Quota, Settings};
use rand::SeedableRng;
use rand::rngs::StdRng;

const NOW: &str = "2026-01-01T00:00:00Z";
const RING: &str = "projects/p-1/locations/europe-west1/keyRings/r";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn emulator() -> Emulator {
    Emulator::builder().seed(1).clock_at(now()).start().unwrap()
}

fn key() -> CryptoKeyName {
    format!("{RING}/cryptoKeys/k").parse().unwrap()
}

fn kms_as(emulator: &Emulator, impersonate: Impersonate) -> GcpKms {
    let settings = Settings {
        endpoint: Some(emulator.endpoint()),
        impersonate,
        quota: Quota {
            reads_per_minute: 60_000,
            writes_per_minute: 60_000,
            ..Quota::default()
        },
        ..Settings::default()
    };
    let access = Access {
        otherwise: settings,
        credentials: CredentialSource::ApplicationDefault,
        ..Access::default()
    };
    let clock = ManualClock::starting_at(now());
    GcpKms::new(access, Arc::new(clock), Box::new(StdRng::seed_from_u64(1)))
}

fn kms(emulator: &Emulator) -> GcpKms {
    kms_as(emulator, Impersonate::default())
}

async fn with_key(emulator: &Emulator) -> GcpKms {
    let kms = kms(emulator);
    kms.create_ring(key().ring()).await.unwrap();
    kms.create_key(&key(), KeySpec::default()).await.unwrap();
    kms
}

/// Schedules a destruction as any client of Google's may, and keyward cannot.
async fn schedule(emulator: &Emulator, version: &KeyVersionName) {
    let client = KeyManagementService::builder()
        .with_endpoint(emulator.endpoint())
        .with_credentials(anonymous::Builder::new().build())
        .build()
        .await
        .unwrap();
    let request = client.destroy_crypto_key_version().set_name(version.to_string());
    request.send().await.unwrap();
}

#[tokio::test]
async fn a_key_from_its_creation_to_its_rescue() {
    let emulator = emulator();
    let kms = kms(&emulator);
    assert_eq!(kms.get_ring(key().ring()).await, Observed::Absent);
    kms.create_ring(key().ring()).await.unwrap();
    let rotation = RotationSchedule::new(
        Duration::from_secs(90 * 86_400),
        "2026-02-01T00:00:00.123456789Z".parse().unwrap(),
    );
    let spec = KeySpec {
        rotation: Some(rotation.unwrap()),
        labels: [("team".to_owned(), "ops".to_owned())].into(),
        protection: ProtectionLevel::Hsm,
        ..KeySpec::default()
    };
    let made = kms.create_key(&key(), spec.clone()).await.unwrap();
    assert_eq!(kms.get_key(&key()).await, Observed::Present(made.clone()));
    assert_eq!((made.labels, made.protection), (spec.labels, spec.protection));
    let again = kms.create_key(&key(), KeySpec::default()).await.unwrap_err();
    assert_eq!(again.code, KmsCode::AlreadyExists);

    let first = kms
        .encrypt(EncryptWith::Key(&key()), b"secret", b"aad")
        .await
        .unwrap();
    assert_eq!(first.version, key().version(1));
    let second = kms.create_version(&key()).await.unwrap();
    let named = kms
        .encrypt(EncryptWith::Version(&second.name), b"secret", b"aad")
        .await
        .unwrap();
    assert_eq!(named.version, second.name);
    assert_eq!(kms.set_primary(&second.name).await.unwrap().primary, Some(2));
    assert_eq!(kms.set_rotation(&key(), None).await.unwrap().rotation, None);
    for ciphertext in [&first.ciphertext, &named.ciphertext] {
        let opened = kms.decrypt(&key(), ciphertext, b"aad").await.ok().unwrap();
        assert!(opened.same_as(b"secret"));
        let error = kms.decrypt(&key(), ciphertext, b"other").await.err().unwrap();
        assert_eq!(error.code, KmsCode::InvalidArgument);
    }

    schedule(&emulator, &key().version(1)).await;
    let error = kms
        .decrypt(&key(), &first.ciphertext, b"aad")
        .await
        .err()
        .unwrap();
    let hint = error.hint.unwrap();
    assert!(
        hint.contains("720 hours left") && hint.contains("key restore"),
        "{hint}"
    );
    let restored = kms.restore(&key().version(1)).await.unwrap();
    assert_eq!(restored.state, VersionState::Disabled);
    let error = kms
        .decrypt(&key(), &first.ciphertext, b"aad")
        .await
        .err()
        .unwrap();
    assert!(error.hint.unwrap().contains("keyward key enable"));
    kms.enable(&key().version(1)).await.unwrap();
    assert!(kms.decrypt(&key(), &first.ciphertext, b"aad").await.is_ok());
    assert_eq!(
        kms.disable(&second.name).await.unwrap().state,
        VersionState::Disabled
    );
    let versions = kms.list_versions(&key()).await.present().unwrap();
    assert_eq!(versions.len(), 2);
    let location = key().location().clone();
    assert_eq!(kms.list_rings("p-1", &location).await.present().unwrap().len(), 1);
    assert_eq!(kms.list_keys(key().ring()).await.present().unwrap().len(), 1);
}

#[tokio::test]
async fn dropped_replies_lose_nothing_and_double_nothing() {
    let emulator = emulator();
    let kms = kms(&emulator);
    let drop = |method: &str| emulator.trouble().add(Fault::drop_reply(method)).unwrap();
    drop("CreateKeyRing");
    kms.create_ring(key().ring()).await.unwrap();
    drop("CreateCryptoKey");
    kms.create_key(&key(), KeySpec::default()).await.unwrap();
    drop("CreateCryptoKeyVersion");
    let second = kms.create_version(&key()).await.unwrap();
    assert_eq!(second.name.number(), 2);
    assert_eq!(kms.list_versions(&key()).await.present().unwrap().len(), 2);
    drop("UpdateCryptoKeyPrimaryVersion");
    assert_eq!(kms.set_primary(&second.name).await.unwrap().primary, Some(2));
    drop("UpdateCryptoKey");
    let rotation = RotationSchedule::once("2026-03-01T00:00:00Z".parse().unwrap());
    kms.set_rotation(&key(), Some(rotation)).await.unwrap();
    drop("Encrypt");
    let sealed = kms
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap();
    drop("Decrypt");
    assert!(kms.decrypt(&key(), &sealed.ciphertext, b"").await.is_ok());
    drop("UpdateCryptoKeyVersion");
    kms.disable(&key().version(1)).await.unwrap();
    drop("UpdateCryptoKeyVersion");
    kms.enable(&key().version(1)).await.unwrap();
    schedule(&emulator, &key().version(1)).await;
    drop("RestoreCryptoKeyVersion");
    kms.restore(&key().version(1)).await.unwrap();
    assert_eq!(emulator.trouble().waiting_faults(), 0);
}

#[tokio::test]
async fn corrupted_checksums_and_an_unreliable_service_end_with_the_right_answer() {
    let emulator = emulator();
    let kms = with_key(&emulator).await;
    for method in ["Encrypt", "Decrypt"] {
        emulator
            .trouble()
            .add(Fault::corrupt_checksum(method).times(2))
            .unwrap();
    }
    let sealed = kms
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap();
    assert!(kms.decrypt(&key(), &sealed.ciphertext, b"").await.is_ok());
    emulator
        .trouble()
        .add(Fault::corrupt_checksum("Decrypt").times(0))
        .unwrap();
    let error = kms.decrypt(&key(), &sealed.ciphertext, b"").await.err().unwrap();
    assert_eq!(error.code, KmsCode::Internal, "{error}");
    emulator.trouble().clear_faults();
    let unreliable = Fault::error("*", Code::Unavailable).times(0).probability(0.3);
    emulator.trouble().add(unreliable).unwrap();
    for _ in 0..20 {
        let sealed = kms
            .encrypt(EncryptWith::Key(&key()), b"secret", b"")
            .await
            .unwrap();
        assert!(kms.decrypt(&key(), &sealed.ciphertext, b"").await.is_ok());
        assert!(kms.get_key(&key()).await.present().is_some());
    }
}

#[tokio::test]
async fn each_port_acts_as_its_own_account() {
    let emulator = emulator();
    with_key(&emulator).await;
    emulator.trouble().enforce_iam(true).unwrap();
    let crypt = "serviceAccount:crypt@p-1.example";
    let role = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    emulator.trouble().grant(&key().to_string(), role, crypt).unwrap();
    let kms = kms_as(
        &emulator,
        Impersonate {
            read: Some("read@p-1.example".to_owned()),
            crypt: Some("crypt@p-1.example".to_owned()),
            rescue: Some("rescue@p-1.example".to_owned()),
            admin: Some("admin@p-1.example".to_owned()),
        },
    );
    assert!(
        kms.encrypt(EncryptWith::Key(&key()), b"secret", b"")
            .await
            .is_ok()
    );
    let Observed::Unknown(why) = kms.get_key(&key()).await else {
        panic!("a denial was taken for an answer");
    };
    assert!(why.contains("does not hold cloudkms.cryptoKeys.get"), "{why}");
    let error = kms.disable(&key().version(1)).await.unwrap_err();
    assert_eq!(error.code, KmsCode::PermissionDenied);
    emulator
        .trouble()
        .grant(
            &key().to_string(),
            "roles/cloudkms.viewer",
            "serviceAccount:read@p-1.example",
        )
        .unwrap();
    let wanted = [Permission::GetKey, Permission::Encrypt];
    assert_eq!(
        kms.test_permissions(&key(), &wanted).await,
        Observed::Present(vec![Permission::GetKey])
    );
}
