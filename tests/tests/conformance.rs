//! Every provider of this workspace passes the suite.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::sync::Arc;
use std::time::Duration;

use keyward_core::clock::ManualClock;
use keyward_core::name::KeyRingName;
use keyward_embedded::{EmbeddedKms, RootKeySource};
use keyward_emulator::{Emulator, Lags};
use keyward_tests::cloud::{self, ClockOf};
use keyward_tests::conformance::{self, Subject};
use keyward_tests::emulated::{runtime, standing};
use keyward_tests::google::Google;
use rand::rngs::StdRng;

#[test]
fn embedded() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let root = RootKeySource::File(folder.path().join("root.key"));
    let rng = Box::new(rand::make_rng::<StdRng>());
    let kms = Arc::new(EmbeddedKms::new(
        &folder.path().join("kms"),
        root,
        clock.clone(),
        rng,
    ));
    let ring = "projects/local/locations/europe-west1/keyRings/suite"
        .parse()
        .unwrap();

    let mut subject = Subject::new("embedded", ring, Arc::clone(&kms), clock.clone());
    subject.move_clock = Some(Box::new(move |by| clock.advance(by)));
    subject.schedule_destruction = Some(Box::new(move |version| {
        let answer = kms.schedule_destruction(version);
        Box::pin(async move { answer })
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        // Where no ring was made yet, nothing is known: absence takes a file that can be read.
        kms_knows_nothing(&subject).await;
        let report = conformance::run(&subject).await;
        assert_eq!(report.skipped, [""; 0], "nothing goes untested here");
    });
}

async fn kms_knows_nothing(subject: &Subject) {
    let seen = subject.read.get_ring(&subject.ring).await;
    assert!(
        matches!(seen, keyward_core::kms::Observed::Unknown(_)),
        "{seen:?}"
    );
}

#[test]
fn cloud_kms_over_the_emulator() {
    let emulator = standing();
    let run = runtime();
    let google = run.block_on(Google::at(&emulator.endpoint()));
    let ring: KeyRingName = "projects/p/locations/europe-west1/keyRings/suite"
        .parse()
        .unwrap();
    let trouble = emulator.trouble().clone();
    let clock = Arc::new(ClockOf(trouble.clone()));
    let mut subject = Subject::new("gcp", ring, Arc::new(cloud::at(&emulator)), clock);
    subject.move_clock = Some(Box::new(move |by| {
        trouble.advance(by).unwrap();
    }));
    subject.schedule_destruction = Some(Box::new(move |version| {
        let google = google.clone();
        Box::pin(async move { google.schedule_destruction(version).await })
    }));
    let report = run.block_on(conformance::run(&subject));
    assert_eq!(report.skipped, [""; 0], "nothing goes untested here");
}

/// As at Google, where a disable and another primary are not known everywhere at once, and nobody moves the clock.
#[test]
fn cloud_kms_where_changes_take_their_time() {
    let emulator = Emulator::start().unwrap();
    let lag = Duration::from_millis(100);
    emulator.trouble().set_consistency(Lags {
        disable: lag,
        primary: lag,
    });
    let ring: KeyRingName = "projects/p/locations/europe-west1/keyRings/suite"
        .parse()
        .unwrap();
    let clock = Arc::new(ClockOf(emulator.trouble().clone()));
    let mut subject = Subject::new("slow", ring, Arc::new(cloud::at(&emulator)), clock);
    subject.patience = Duration::from_secs(10);
    let report = runtime().block_on(conformance::run(&subject));
    assert!(report.skipped.len() < report.held.len() / 3, "{report:?}");
}
