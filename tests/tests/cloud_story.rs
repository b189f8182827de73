//! The day that keyward is for, over Cloud KMS: a location's key is scheduled for destruction by somebody else, files
//! open all the same, the version is brought back; keys rotate by themselves; what is destroyed is gone.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keyward::envelope::{open_bytes, seal_bytes};
use keyward::keyring::{Keyring, Opener, Permitted, Sealer};
use keyward::registry::Crypters;
use keyward_core::clock::{Clock, later};
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::Wrap;
use keyward_core::error::Result;
use keyward_core::key::{DestroyWindow, KeySpec, RotationSchedule, VersionState};
use keyward_core::kms::{EncryptWith, KmsAdmin, KmsCode, KmsCrypt, KmsRead, KmsRescue, Observed};
use keyward_core::name::{CryptoKeyName, KeyRef, Provider};
use keyward_emulator::{Emulator, Lags};
use keyward_gcp::GcpKms;
use keyward_tests::cloud;
use keyward_tests::emulated::{runtime, standing};
use keyward_tests::folder::in_memory;
use keyward_tests::google::Google;
use keyward_tests::operation::start;
use keyward_tests::plain_http;
use keyward_tests::server;
use rand::rngs::StdRng;
use serde_json::json;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PLACES: [&str; 2] = ["europe-west1", "us-central1"];

async fn key(kms: &GcpKms, location: &str, spec: KeySpec) -> CryptoKeyName {
    let name = format!("projects/p/locations/{location}/keyRings/r/cryptoKeys/reports");
    let name: CryptoKeyName = name.parse().unwrap();
    kms.create_ring(name.ring()).await.unwrap();
    kms.create_key(&name, spec).await.unwrap();
    name
}

fn reference(key: &CryptoKeyName) -> KeyRef {
    format!("gcp-kms://{key}").parse().unwrap()
}

/// Opens with these keys alone.
async fn open(kms: &Arc<GcpKms>, envelope: &[u8], keys: &[&CryptoKeyName]) -> Result<Vec<u8>> {
    let crypters = Crypters::new().with(Provider::Gcp, Arc::clone(kms) as Arc<dyn KmsCrypt>);
    let permitted = Permitted::none().keys(keys.iter().map(|key| reference(key)));
    let context = EncryptionContext::new();
    let opener = Opener::new(&crypters, &permitted, &[], &context);
    let (opened, _) = open_bytes(envelope, &opener).await?;
    Ok(opened.expose().to_vec())
}

async fn seal(kms: &Arc<GcpKms>, keys: &[&CryptoKeyName]) -> (Vec<u8>, Vec<Option<u64>>) {
    let crypters = Crypters::new().with(Provider::Gcp, Arc::clone(kms) as Arc<dyn KmsCrypt>);
    let keyring = Keyring {
        keys: keys.iter().map(|key| reference(key)).collect(),
        escrow: Vec::new(),
    };
    let sealer = Sealer::new(&crypters, &keyring);
    let mut rng = rand::make_rng::<StdRng>();
    let sealed = seal_bytes(b"logs", EncryptionContext::new(), &sealer, &mut rng).await;
    let (envelope, sealed) = sealed.unwrap();
    let versions = sealed.header.wraps().iter().map(Wrap::version_number);
    (envelope, versions.collect())
}

#[test]
fn a_location_is_lost_and_brought_back() {
    let emulator = standing();
    runtime().block_on(async {
        let (kms, google) = (
            Arc::new(cloud::at(&emulator)),
            Google::at(&emulator.endpoint()).await,
        );
        let here = key(&kms, PLACES[0], KeySpec::default()).await;
        let there = key(&kms, PLACES[1], KeySpec::default()).await;
        let (envelope, versions) = seal(&kms, &[&here, &there]).await;
        assert_eq!(versions, [Some(1), Some(1)]);

        google.schedule_destruction(&here.version(1)).await.unwrap();
        assert_eq!(open(&kms, &envelope, &[&here, &there]).await.unwrap(), b"logs");
        assert_eq!(open(&kms, &envelope, &[&there]).await.unwrap(), b"logs");
        let told = open(&kms, &envelope, &[&here]).await.unwrap_err();
        let told = format!("{told} {:?}", told.hints());
        assert!(
            told.contains("DESTROY_SCHEDULED") || told.contains("destr"),
            "{told}"
        );

        let restored = kms.restore(&here.version(1)).await.unwrap();
        assert_eq!(restored.state, VersionState::Disabled);
        assert!(
            open(&kms, &envelope, &[&here]).await.is_err(),
            "restored, and not enabled"
        );
        kms.enable(&here.version(1)).await.unwrap();
        for alone in [&here, &there] {
            assert_eq!(open(&kms, &envelope, &[alone]).await.unwrap(), b"logs");
        }
    });
}

#[test]
fn a_key_rotates_by_itself_and_opens_what_older_versions_wrapped() {
    let emulator = Emulator::builder()
        .clock_at(start())
        .clock_rate(0.0)
        .start()
        .unwrap();
    runtime().block_on(async {
        let kms = Arc::new(cloud::at(&emulator));
        let now = emulator.trouble().now();
        let spec = KeySpec {
            rotation: Some(RotationSchedule::new(DAY, later(now, DAY)).unwrap()),
            ..KeySpec::default()
        };
        let key = key(&kms, PLACES[0], spec).await;
        // A day in a tenth of a second: nobody moves it on.
        emulator.trouble().set_clock_rate(864_000.0).unwrap();
        let mut wraps: Vec<(Vec<u8>, u64)> = Vec::new();
        while wraps.last().is_none_or(|(_, number)| *number < 5) {
            let (envelope, versions) = seal(&kms, &[&key]).await;
            let number = versions[0].unwrap();
            assert!(
                wraps.last().is_none_or(|(_, before)| *before <= number),
                "never back"
            );
            wraps.push((envelope, number));
        }
        emulator.trouble().set_clock_rate(0.0).unwrap();
        for (envelope, number) in &wraps {
            assert_eq!(open(&kms, envelope, &[&key]).await.unwrap(), b"logs", "{number}");
        }
        let Observed::Present(seen) = kms.get_key(&key).await else {
            panic!("it is there")
        };
        let clock = cloud::ClockOf(emulator.trouble().clone());
        let days = clock.now().duration_since(now).as_secs() as u64 / DAY.as_secs();
        assert_eq!(seen.primary, Some(1 + days), "one a day, none left out");
    });
}

#[test]
fn what_is_destroyed_is_gone_also_after_a_restart_and_objects_with_it() {
    let folder = in_memory();
    let key: CryptoKeyName = {
        let emulator = kept(folder.path());
        runtime().block_on(async {
            let kms = Arc::new(cloud::at(&emulator));
            let google = Google::at(&emulator.endpoint()).await;
            let spec = KeySpec {
                destroy_window: DestroyWindow::new(DAY).unwrap(),
                ..KeySpec::default()
            };
            let key = key(&kms, PLACES[0], spec).await;
            let second = kms.create_version(&key).await.unwrap().name;
            upload(&emulator, &key, "under the first");
            kms.set_primary(&second).await.unwrap();
            upload(&emulator, &key, "under the second");
            let (envelope, _) = seal(&kms, &[&key]).await;
            google.schedule_destruction(&key.version(1)).await.unwrap();
            assert_eq!(
                download(&emulator, "under the first"),
                None,
                "not while it is scheduled"
            );
            emulator.trouble().advance(DAY).unwrap();
            assert_eq!(
                open(&kms, &envelope, &[&key]).await.unwrap(),
                b"logs",
                "the second is there"
            );
            key
        })
    };
    let emulator = kept(folder.path());
    runtime().block_on(async {
        let kms = Arc::new(cloud::at(&emulator));
        let Observed::Present(gone) = kms.get_version(&key.version(1)).await else {
            panic!("it is there")
        };
        assert_eq!(gone.state, VersionState::Destroyed);
        for refused in [kms.restore(&gone.name).await, kms.enable(&gone.name).await] {
            assert_eq!(refused.unwrap_err().code, KmsCode::FailedPrecondition);
        }
        let encrypted = kms.encrypt(EncryptWith::Version(&gone.name), b"x", b"").await;
        assert_eq!(encrypted.unwrap_err().code, KmsCode::FailedPrecondition);
    });
    assert_eq!(download(&emulator, "under the first"), None);
    assert_eq!(
        download(&emulator, "under the second").as_deref(),
        Some(&b"content"[..])
    );
}

fn kept(folder: &Path) -> Emulator {
    let builder = Emulator::builder().data(folder).clock_at(start());
    builder.clock_rate(0.0).start().unwrap()
}

fn upload(emulator: &Emulator, key: &CryptoKeyName, name: &str) {
    let address = emulator.address();
    if name == "under the first" {
        let bucket = json!({
            "name": "archive", "location": "EUROPE-WEST1", "encryption": {"defaultKmsKeyName": key.to_string()},
        });
        server::json(address, "POST", "/storage/v1/b?project=p", &bucket).unwrap();
    }
    let name = name.replace(' ', "-");
    let path = format!("/upload/storage/v1/b/archive/o?uploadType=media&name={name}");
    let reply = plain_http::call(address, "POST", &path, "text/plain", b"content").unwrap();
    assert_eq!(reply.status, 200);
}

fn download(emulator: &Emulator, name: &str) -> Option<Vec<u8>> {
    let name = name.replace(' ', "-");
    let path = format!("/storage/v1/b/archive/o/{name}?alt=media");
    let reply = plain_http::call(emulator.address(), "GET", &path, "text/plain", b"").unwrap();
    if reply.status != 200 {
        assert_eq!(reply.status, 400, "{}", String::from_utf8_lossy(&reply.body));
    }
    (reply.status == 200).then_some(reply.body)
}

#[test]
fn what_is_recorded_is_the_version_that_answered() {
    let emulator = Emulator::builder()
        .clock_at(start())
        .clock_rate(0.0)
        .seed(7)
        .start()
        .unwrap();
    runtime().block_on(async {
        let kms = Arc::new(cloud::at(&emulator));
        let key = key(&kms, PLACES[0], KeySpec::default()).await;
        let second = kms.create_version(&key).await.unwrap().name;
        let lags = Lags {
            primary: DAY,
            ..Lags::default()
        };
        emulator.trouble().set_consistency(lags);
        kms.set_primary(&second).await.unwrap();
        let mut answered = Vec::new();
        for _ in 0..40 {
            let (envelope, versions) = seal(&kms, &[&key]).await;
            let number = versions[0].unwrap();
            // Only what the wrap says is true lets it be opened once all other versions are gone.
            let other = key.version(3 - number);
            kms.disable(&other).await.unwrap();
            assert_eq!(open(&kms, &envelope, &[&key]).await.unwrap(), b"logs");
            kms.enable(&other).await.unwrap();
            answered.push(number);
        }
        assert!(answered.contains(&1), "some answered before they had heard of it");
        assert!(answered.contains(&2), "and some after");
        emulator.trouble().advance(DAY).unwrap();
        let (_, versions) = seal(&kms, &[&key]).await;
        assert_eq!(versions, [Some(2)]);
    });
}
