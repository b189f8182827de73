//! Bringing back needs nothing but the folder and a name; what was destroyed is gone from the file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::fs;

use keyward_core::key::{DestroyWindow, KeySpec, VersionState};
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRead, KmsRescue};
use support::{Bench, DAY, decrypt, encrypt, key, refused, version, wait};

#[test]
fn restoring_and_enabling_need_no_root_key() {
    let bench = Bench::with_rotating_key();
    let sealed = bench.encrypt();
    bench.kms.schedule_destruction(&version(1)).unwrap();
    let root = fs::read(bench.root()).unwrap();
    fs::remove_file(bench.root()).unwrap();

    // Rotations are due too, and would make material.
    bench.clock.advance(DAY * 3);
    let kms = bench.again();
    let restored = wait(kms.restore(&version(1))).unwrap();
    assert_eq!(restored.state, VersionState::Disabled);
    assert_eq!(
        wait(kms.enable(&version(1))).unwrap().state,
        VersionState::Enabled
    );
    assert_eq!(
        wait(kms.get_version(&version(1))).present().unwrap().state,
        VersionState::Enabled
    );
    assert!(!bench.root().exists());

    // They were left due, and are carried out by the first who can.
    let shown = wait(kms.list_versions(&key()));
    assert_eq!(wait(kms.get_key(&key())).present().unwrap().primary, Some(4));
    fs::write(bench.root(), root).unwrap();
    decrypt(&kms, &sealed).unwrap();
    assert_eq!(encrypt(&kms).unwrap().version, version(4));
    assert_eq!(wait(kms.list_versions(&key())), shown);
}

#[test]
fn a_version_that_is_only_due_can_be_enabled_and_stays_due() {
    let bench = Bench::with_rotating_key();
    bench.clock.advance(DAY);
    let enabled = wait(bench.kms.enable(&version(2))).unwrap();
    assert_eq!(enabled.state, VersionState::Enabled);
    assert_eq!(bench.encrypt().version, version(2));
    wait(bench.kms.disable(&version(2))).unwrap();
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn destroyed_material_is_overwritten_in_the_file() {
    let bench = Bench::with_key_like(KeySpec {
        destroy_window: DestroyWindow::new(DAY).unwrap(),
        ..KeySpec::default()
    });
    wait(bench.kms.create_version(&key())).unwrap();
    let (doomed, kept) = (bench.material(1).unwrap(), bench.material(2).unwrap());
    assert!(contains(&fs::read(bench.db()).unwrap(), &doomed));
    bench.kms.schedule_destruction(&version(1)).unwrap();
    bench.clock.advance(DAY);
    refused(
        wait(bench.kms.restore(&version(1))),
        KmsCode::FailedPrecondition,
        "has value DESTROYED in field crypto_key_version.state",
    );
    wait(bench.kms.create_version(&key())).unwrap();
    assert!(bench.material(1).is_some(), "one look at the clock is not enough");
    bench.clock.advance(DAY);
    wait(bench.kms.enable(&version(2))).unwrap();
    assert!(bench.material(1).is_some(), "bringing back wipes nothing");
    wait(bench.kms.create_version(&key())).unwrap();
    let file = fs::read(bench.db()).unwrap();
    assert_eq!(bench.material(1), None);
    assert!(!contains(&file, &doomed));
    assert!(contains(&file, &kept));
    assert_eq!(
        fs::read_dir(bench.kms_folder()).unwrap().count(),
        1,
        "no journal is left"
    );
}

#[test]
fn the_clock_alone_makes_material_unusable() {
    let bench = Bench::with_key_like(KeySpec {
        destroy_window: DestroyWindow::new(DAY).unwrap(),
        ..KeySpec::default()
    });
    let sealed = bench.encrypt();
    bench.kms.schedule_destruction(&version(1)).unwrap();
    bench.clock.advance(DAY);
    refused(
        decrypt(&bench.kms, &sealed),
        KmsCode::FailedPrecondition,
        "current state is: DESTROYED",
    );
    assert!(bench.material(1).is_some(), "reading wiped nothing");
}
