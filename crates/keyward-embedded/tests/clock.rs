//! A clock that is wrong for a while loses nothing; one that is right destroys in the end.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::sync::Arc;

use keyward_core::clock::{Clock, ManualClock, later};
use keyward_core::key::{DestroyWindow, KeySpec, RotationSchedule, VersionState};
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRead, KmsRescue};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use support::{Bench, DAY, decrypt, encrypt, key, refused, version, wait};

/// The same folder, seen by a process whose clock is ahead.
fn ahead(bench: &Bench, days: u32) -> (EmbeddedKms, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::starting_at(later(bench.clock.now(), DAY * days)));
    let root = RootKeySource::File(bench.root());
    let kms = EmbeddedKms::new(&bench.kms_folder(), root, clock.clone(), support::rng());
    (kms, clock)
}

#[test]
fn a_clock_that_was_wrong_for_a_while_wiped_nothing() {
    let start = Bench::new().clock.now();
    let bench = Bench::with_key_like(KeySpec {
        rotation: Some(RotationSchedule::new(DAY * 365, later(start, DAY * 365)).unwrap()),
        ..KeySpec::default()
    });
    let sealed = bench.encrypt();
    bench.kms.schedule_destruction(&version(1)).unwrap();

    let (wrong, _) = ahead(&bench, 3650);
    assert_eq!(
        wait(wrong.get_version(&version(1))).present().unwrap().state,
        VersionState::Destroyed,
        "as its clock says"
    );
    // A rotation is due by that clock, and carried out by an encryption; then everything else that writes.
    assert_eq!(encrypt(&wrong).unwrap().version, version(11));
    refused(
        wait(wrong.restore(&version(1))),
        KmsCode::FailedPrecondition,
        "has value DESTROYED",
    );
    wait(wrong.disable(&version(2))).unwrap();
    wait(wrong.enable(&version(2))).unwrap();
    wait(wrong.create_version(&key())).unwrap();
    wait(wrong.set_rotation(&key(), None)).unwrap();

    let restored = wait(bench.kms.restore(&version(1))).unwrap();
    assert_eq!(restored.state, VersionState::Disabled);
    wait(bench.kms.enable(&version(1))).unwrap();
    assert_eq!(decrypt(&bench.kms, &sealed).unwrap().expose(), b"plain");
}

#[test]
fn what_a_wrong_clock_found_due_counts_for_nothing_later() {
    let bench = Bench::with_key_like(KeySpec {
        destroy_window: DestroyWindow::new(DAY * 2).unwrap(),
        ..KeySpec::default()
    });
    bench.kms.schedule_destruction(&version(1)).unwrap();
    let (wrong, _) = ahead(&bench, 5);
    wait(wrong.create_version(&key())).unwrap();
    wait(bench.kms.create_version(&key())).unwrap();
    // The same clock again, a week on.
    let (wrong, clock) = ahead(&bench, 12);
    wait(wrong.create_version(&key())).unwrap();
    assert!(bench.material(1).is_some());
    clock.advance(DAY);
    wait(wrong.create_version(&key())).unwrap();
    assert!(bench.material(1).is_none(), "found due twice, a day apart");
}

#[test]
fn a_file_without_notes_gets_them() {
    let bench = Bench::with_key_like(KeySpec {
        destroy_window: DestroyWindow::new(DAY).unwrap(),
        ..KeySpec::default()
    });
    bench.sql("DROP TABLE IF EXISTS found_due");
    bench.kms.schedule_destruction(&version(1)).unwrap();
    for made in [2, 3] {
        bench.clock.advance(DAY);
        assert_eq!(
            wait(bench.kms.create_version(&key())).unwrap().name,
            version(made)
        );
        assert_eq!(bench.material(1).is_none(), made == 3);
    }
}
