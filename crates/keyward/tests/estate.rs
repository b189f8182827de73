//! What lies in buckets, seen through Google's interface of the emulator: objects, older generations and defaults.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::sync::Arc;

use keyward::estate::{CloudPlaces, Look, look, survey_cloud};
use keyward_core::clock::{ManualClock, Timestamp};
use keyward_core::inventory::{Inventory, Kind};
use keyward_core::kms::Observed;
use keyward_core::manifest::Manifest;
use keyward_core::verify::{CheckId, EstateEvidence, judge_estate};
use keyward_emulator::Emulator;
use keyward_gcp::{Access, CredentialSource, GcpKms, Settings};
use keyward_tests::plain_http;
use rand::SeedableRng;
use rand::rngs::StdRng;

const KEY: &str = "projects/p-1/locations/europe-west3/keyRings/r/cryptoKeys/k";
const RINGS: &str = "/v1/projects/p-1/locations/europe-west3/keyRings";
const MANIFEST: &str = "version: 1\nenvironments: {prod: {}}\nchecks: [V21, V28, V34]\nkeyrings:\n  app: {env: prod, \
                        provider: gcp, project: p-1, locations: [europe-west3], ring: r, key: k}\n";

fn post(emulator: &Emulator, path: &str, body: &str) {
    let reply = plain_http::call(
        emulator.address(),
        "POST",
        path,
        "application/json",
        body.as_bytes(),
    )
    .unwrap();
    assert_eq!(
        reply.status,
        200,
        "{path}: {}",
        String::from_utf8_lossy(&reply.body)
    );
}

/// A bucket with its older generations, under a key whose primary changed between two writes.
fn archive() -> Emulator {
    let emulator = Emulator::builder().seed(1).start().unwrap();
    post(&emulator, &format!("{RINGS}?keyRingId=r"), "{}");
    post(
        &emulator,
        &format!("{RINGS}/r/cryptoKeys?cryptoKeyId=k"),
        r#"{"purpose":"ENCRYPT_DECRYPT"}"#,
    );
    let bucket = format!(
        r#"{{"name":"archive","location":"europe-west3","versioning":{{"enabled":true}},"encryption":{{"defaultKmsKeyName":"{KEY}"}}}}"#
    );
    post(&emulator, "/storage/v1/b?project=p-1", &bucket);
    let upload = "/upload/storage/v1/b/archive/o?uploadType=media&name=2026/log%20a";
    post(&emulator, upload, "first");
    post(&emulator, &format!("/v1/{KEY}/cryptoKeyVersions"), "{}");
    post(
        &emulator,
        &format!("/v1/{KEY}:updatePrimaryVersion"),
        r#"{"cryptoKeyVersionId":"2"}"#,
    );
    post(&emulator, upload, "second");
    emulator
}

fn kms(emulator: &Emulator) -> GcpKms {
    let access = Access {
        otherwise: Settings {
            endpoint: Some(emulator.endpoint()),
            ..Settings::default()
        },
        credentials: CredentialSource::ApplicationDefault,
        ..Access::default()
    };
    let clock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
    GcpKms::new(access, Arc::new(clock), Box::new(StdRng::seed_from_u64(1)))
}

#[tokio::test]
async fn every_generation_is_a_use_of_its_version() {
    let emulator = archive();
    let estate = kms(&emulator).estate();
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    let mut inventory = Inventory::default();
    survey_cloud(&estate, &CloudPlaces::of(&manifest), &[], &mut inventory).await;
    let found = |kind: Kind| {
        let items = inventory.items().filter(|item| item.kind == kind);
        items
            .map(|item| (item.name.to_owned(), item.ways.iter().next().unwrap().to_string()))
            .collect::<Vec<_>>()
    };
    let [(current, under)] = &found(Kind::Object { noncurrent: false })[..] else {
        panic!()
    };
    assert!(current.starts_with("gs://archive/2026/log a#"), "{current}");
    assert!(under.contains("2"), "{under}");
    assert_eq!(found(Kind::Object { noncurrent: true }).len(), 1);
    assert_eq!(found(Kind::BucketDefault)[0].0, "gs://archive");
    let uses = inventory.uses();
    let uses = &uses[&KEY.parse().unwrap()];
    assert_eq!(uses.versions().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(inventory.unseen.len(), 1, "{:?}", inventory.unseen);
    let logs = inventory.unseen.first().unwrap();
    assert!(
        logs.contains("logging.googleapis.com is not served at http://127.0.0.1:"),
        "{logs}"
    );
}

#[tokio::test]
async fn what_an_emulator_cannot_tell_is_unknown_and_the_rest_is_judged() {
    let emulator = archive();
    let estate = kms(&emulator).estate();
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    let keyrings: Vec<_> = manifest.keyrings().collect();
    let wanted = Look {
        manifest: &manifest,
        keyrings: &keyrings,
        since: Timestamp::UNIX_EPOCH,
        powers: false,
    };
    let seen = look(&estate, wanted, &|_| Observed::Absent).await;
    assert!(matches!(
        seen.keys[&KEY.parse().unwrap()].policy,
        Observed::Present(_)
    ));
    let checks = judge_estate(EstateEvidence {
        manifest: &manifest,
        keyrings: &keyrings,
        seen: &seen,
        own: &Observed::Present(Vec::new()),
        now: Timestamp::UNIX_EPOCH,
    });
    let of = |id: CheckId, resource: &str| {
        let mut found = checks
            .iter()
            .filter(|check| check.id == id && check.resource.contains(resource));
        let check = found.next().unwrap();
        format!(
            "{} {}",
            check.verdict.id(),
            check.verdict.reason().unwrap_or_default()
        )
    };
    assert_eq!(of(CheckId::V28, "gs://archive"), "PASS ");
    assert!(of(CheckId::V21, KEY).starts_with("UNKNOWN"));
    assert!(of(CheckId::V34, "p-1").contains("cloudresourcemanager.googleapis.com is not served at"));
}
