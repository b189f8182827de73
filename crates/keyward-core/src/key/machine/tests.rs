//! Single facts of Cloud KMS, one test each; sequences are compared with a naive model in the `tests` package.

use std::time::Duration;

use super::*;
use crate::clock::later;
use crate::key::DestroyWindow;
use crate::kms::KmsCode;
use crate::limits;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(days: u32) -> Timestamp {
    later("2026-01-01T00:00:00Z".parse().unwrap(), DAY * days)
}

fn ring() -> KeyRingName {
    "projects/local/locations/europe-west1/keyRings/r"
        .parse()
        .unwrap()
}

fn key() -> CryptoKeyName {
    ring().key("k").unwrap()
}

fn machine(spec: KeySpec) -> Machine {
    let mut machine = Machine::new();
    machine.create_ring(&ring(), at(0)).unwrap();
    machine.create_key(&key(), spec, at(0)).unwrap();
    machine
}

fn every(days: u32, first: u32) -> KeySpec {
    KeySpec {
        rotation: Some(RotationSchedule::new(DAY * days, at(first)).unwrap()),
        ..KeySpec::default()
    }
}

fn primary(machine: &Machine) -> Option<u64> {
    machine.record(&key()).unwrap().key.primary
}

fn state(machine: &Machine, number: u64) -> VersionState {
    machine.version(&key().version(number)).unwrap().state
}

fn says(error: KmsError, code: KmsCode, message: &str) {
    assert_eq!((error.code, error.message.as_str()), (code, message));
}

#[test]
fn a_new_key_has_one_enabled_version_which_is_primary() {
    let mut machine = machine(KeySpec::default());
    assert_eq!(primary(&machine), Some(1));
    assert_eq!(state(&machine, 1), VersionState::Enabled);
    assert_eq!(machine.take_effects(), [Effect::MakeMaterial(key().version(1))]);
    let window = machine.record(&key()).unwrap().key.destroy_window;
    assert_eq!(window, DestroyWindow::new(DAY * 30).unwrap());
}

#[test]
fn a_key_without_initial_version_has_no_primary_until_one_is_set() {
    let mut machine = machine(KeySpec {
        skip_initial_version: true,
        ..KeySpec::default()
    });
    assert_eq!(
        machine
            .encrypting_version(EncryptWith::Key(&key()), at(0))
            .unwrap_err()
            .code,
        KmsCode::FailedPrecondition
    );
    machine.create_version(&key(), at(0)).unwrap();
    assert_eq!(primary(&machine), None);
    machine.set_primary(&key().version(1), at(0)).unwrap();
    assert_eq!(primary(&machine), Some(1));
}

#[test]
fn names_are_taken_or_missing() {
    let mut machine = machine(KeySpec::default());
    let (ring, key) = (ring(), key());
    says(
        machine.create_ring(&ring, at(1)).unwrap_err(),
        KmsCode::AlreadyExists,
        "KeyRing projects/local/locations/europe-west1/keyRings/r already exists.",
    );
    says(
        machine.create_key(&key, KeySpec::default(), at(1)).unwrap_err(),
        KmsCode::AlreadyExists,
        "CryptoKey projects/local/locations/europe-west1/keyRings/r/cryptoKeys/k already exists.",
    );
    let elsewhere: KeyRingName = "projects/local/locations/global/keyRings/r".parse().unwrap();
    says(
        machine
            .create_key(&elsewhere.key("k").unwrap(), KeySpec::default(), at(1))
            .unwrap_err(),
        KmsCode::NotFound,
        "KeyRing projects/local/locations/global/keyRings/r not found.",
    );
    says(
        machine.enable(&key.version(2), at(1)).unwrap_err(),
        KmsCode::NotFound,
        &format!("CryptoKeyVersion {key}/cryptoKeyVersions/2 not found."),
    );
}

#[test]
fn the_primary_is_unprotected() {
    let mut machine = machine(KeySpec::default());
    let first = key().version(1);
    machine.schedule_destruction(&first, at(0)).unwrap();
    assert_eq!(primary(&machine), Some(1));
    says(
        machine
            .encrypting_version(EncryptWith::Key(&key()), at(1))
            .unwrap_err(),
        KmsCode::FailedPrecondition,
        &format!("{first} is not enabled, current state is: DESTROY_SCHEDULED."),
    );
    machine.create_version(&key(), at(1)).unwrap();
    machine.disable(&key().version(2), at(1)).unwrap();
    machine.set_primary(&key().version(2), at(1)).unwrap();
    assert_eq!(primary(&machine), Some(2));
}

#[test]
fn destruction_waits_for_the_window_of_the_key_and_is_final() {
    let mut machine = machine(KeySpec {
        destroy_window: DestroyWindow::new(DAY * 2).unwrap(),
        ..KeySpec::default()
    });
    let first = key().version(1);
    let scheduled = machine.schedule_destruction(&first, at(1)).unwrap();
    assert_eq!(scheduled.destroy_at, Some(at(3)));
    says(
        machine.schedule_destruction(&first, at(1)).unwrap_err(),
        KmsCode::FailedPrecondition,
        &format!(
            "The request cannot be fulfilled. Resource {first} has value DESTROY_SCHEDULED in field \
             crypto_key_version.state."
        ),
    );
    let _ = machine.take_effects();
    assert_eq!(
        machine.restore(&first, at(3)).unwrap_err().code,
        KmsCode::FailedPrecondition
    );
    assert_eq!(machine.take_effects(), [Effect::WipeMaterial(first.clone())]);
    let gone = machine.version(&first).unwrap();
    assert_eq!(
        (gone.state, gone.destroy_at, gone.destroyed_at),
        (VersionState::Destroyed, None, Some(at(3)))
    );
    assert!(machine.enable(&first, at(4)).is_err());
}

#[test]
fn a_restored_version_is_disabled() {
    let mut machine = machine(KeySpec::default());
    let first = key().version(1);
    machine.schedule_destruction(&first, at(0)).unwrap();
    let restored = machine.restore(&first, at(29)).unwrap();
    assert_eq!(
        (restored.state, restored.destroy_at),
        (VersionState::Disabled, None)
    );
    machine.advance(at(31));
    assert_eq!(state(&machine, 1), VersionState::Disabled);
    machine.enable(&first, at(31)).unwrap();
    assert!(
        machine
            .encrypting_version(EncryptWith::Key(&key()), at(31))
            .is_ok()
    );
}

#[test]
fn numbers_are_never_reused() {
    let mut machine = machine(KeySpec::default());
    machine.create_version(&key(), at(0)).unwrap();
    machine.schedule_destruction(&key().version(2), at(0)).unwrap();
    machine.advance(at(40));
    assert_eq!(machine.create_version(&key(), at(40)).unwrap().name.number(), 3);
}

#[test]
fn a_due_rotation_makes_a_version_and_makes_it_primary() {
    let mut machine = machine(every(10, 10));
    machine.advance(at(9));
    assert_eq!(primary(&machine), Some(1));
    machine.advance(at(35));
    let record = machine.record(&key()).unwrap();
    assert_eq!(record.key.primary, Some(4));
    assert_eq!(record.key.rotation.unwrap().next(), at(40));
    let created: Vec<_> = record.versions.values().map(|version| version.created).collect();
    assert_eq!(created, [at(0), at(10), at(20), at(30)]);
    assert_eq!(machine.take_effects().len(), 4);
}

#[test]
fn only_the_schedule_moves_the_next_rotation() {
    let mut machine = machine(every(10, 10));
    machine.create_version(&key(), at(5)).unwrap();
    machine.set_primary(&key().version(2), at(5)).unwrap();
    assert_eq!(
        machine.record(&key()).unwrap().key.rotation.unwrap().next(),
        at(10)
    );
    machine.set_rotation(&key(), None, at(6)).unwrap();
    machine.advance(at(1000));
    assert_eq!(primary(&machine), Some(2));
    let past = RotationSchedule::new(DAY, at(1000)).unwrap();
    assert_eq!(
        machine
            .set_rotation(&key(), Some(past), at(1000))
            .unwrap_err()
            .code,
        KmsCode::InvalidArgument
    );
}

#[test]
fn a_rotation_without_a_period_happens_once() {
    let mut machine = machine(KeySpec {
        rotation: Some(RotationSchedule::once(at(10))),
        ..KeySpec::default()
    });
    machine.advance(at(9));
    assert_eq!(primary(&machine), Some(1));
    machine.advance(at(1000));
    assert_eq!(primary(&machine), Some(2));
    let record = machine.record(&key()).unwrap();
    assert_eq!((record.versions[&2].created, record.key.rotation), (at(10), None));
}

#[test]
fn an_update_changes_what_it_names_and_all_of_it_or_nothing() {
    let mut machine = machine(every(10, 10));
    let labels = |name: &str| BTreeMap::from([(name.to_owned(), "x".to_owned())]);
    let update = |labels, rotation| KeyUpdate { labels, rotation };
    let of_labels = update(Some(labels("team")), None);
    let changed = machine.update_key(&key(), of_labels, at(1)).unwrap();
    assert_eq!(changed.labels, labels("team"));
    assert_eq!(changed.rotation.unwrap().next(), at(10));
    let of_rotation = update(None, Some(None));
    let changed = machine.update_key(&key(), of_rotation, at(1)).unwrap();
    assert_eq!((changed.labels, changed.rotation), (labels("team"), None));
    let next = Some(RotationSchedule::once(at(5)));
    for refused in [
        update(Some(labels("other")), Some(Some(RotationSchedule::once(at(1))))),
        update(Some(labels(&"x".repeat(253))), Some(next)),
        update(
            None,
            Some(Some(RotationSchedule::observed(Some(Duration::ZERO), at(5)))),
        ),
    ] {
        let error = machine.update_key(&key(), refused, at(1)).unwrap_err();
        assert_eq!(error.code, KmsCode::InvalidArgument);
    }
    let kept = &machine.record(&key()).unwrap().key;
    assert_eq!((&kept.labels, kept.rotation), (&labels("team"), None));
}

#[test]
fn a_key_that_cannot_be_is_not_created() {
    for spec in [
        KeySpec {
            purpose: Purpose::Other,
            ..KeySpec::default()
        },
        KeySpec {
            protection: ProtectionLevel::Other,
            ..KeySpec::default()
        },
        KeySpec {
            destroy_window: DestroyWindow::observed(Duration::ZERO),
            ..KeySpec::default()
        },
    ] {
        let mut machine = machine(KeySpec::default());
        let other = ring().key("other").unwrap();
        let refused = machine.create_key(&other, spec, at(0)).unwrap_err();
        assert_eq!(refused.code, KmsCode::InvalidArgument, "{refused}");
    }
}

#[test]
fn versions_are_protected_like_their_key() {
    let mut machine = machine(KeySpec {
        protection: ProtectionLevel::Hsm,
        ..KeySpec::default()
    });
    let second = machine.create_version(&key(), at(0)).unwrap();
    assert_eq!(second.protection, ProtectionLevel::Hsm);
    assert_eq!(second.algorithm, Algorithm::GoogleSymmetricEncryption);
}

#[test]
fn a_use_of_what_is_not_enabled_says_which_condition_is_not_met() {
    let mut machine = machine(KeySpec::default());
    let first = key().version(1);
    machine.disable(&first, at(0)).unwrap();
    assert_eq!(violated(&mut machine, at(0)), "KEY_DISABLED");
    machine.schedule_destruction(&first, at(0)).unwrap();
    assert_eq!(violated(&mut machine, at(1)), "KEY_DESTROY_SCHEDULED");
    assert_eq!(violated(&mut machine, at(30)), "KEY_DESTROYED");
}

/// The kind of the violation that encrypting meets.
fn violated(machine: &mut Machine, now: Timestamp) -> String {
    let refused = machine.encrypting_version(EncryptWith::Key(&key()), now);
    let violation = refused.unwrap_err().violation.unwrap();
    assert_eq!(violation.subject, key().version(1).to_string());
    violation.kind
}

#[test]
fn labels_are_few_and_short() {
    let with = |count: usize, length: usize| {
        let mut machine = machine(KeySpec::default());
        let labels = (0..count).map(|number| (number.to_string(), "x".repeat(length)));
        let spec = KeySpec {
            labels: labels.collect(),
            ..KeySpec::default()
        };
        machine.create_key(&key().ring().key("labelled").unwrap(), spec, at(0))
    };
    assert!(with(64, 252).is_ok());
    for refused in [with(65, 1), with(1, 253)] {
        assert_eq!(refused.unwrap_err().code, KmsCode::InvalidArgument);
    }
}

#[test]
fn catching_up_is_bounded() {
    let mut machine = machine(every(1, 1));
    machine.advance(at(20_000));
    let record = machine.record(&key()).unwrap();
    assert_eq!(record.versions.len(), limits::KEY_VERSIONS);
    assert_eq!(record.key.rotation.unwrap().next(), at(20_001));
    let refused = machine.create_version(&key(), at(20_000)).unwrap_err();
    assert_eq!(refused.code, KmsCode::FailedPrecondition);
    machine.advance(Timestamp::MAX);
}

#[test]
fn what_was_missed_does_not_depend_on_who_looked_meanwhile() {
    for last in [1500, 9_999, 10_000, 12_345] {
        let (mut at_once, mut step_by_step) = (machine(every(1, 1)), machine(every(1, 1)));
        at_once.advance(at(last));
        for now in [1, 1200, 1201, 9_998, 10_100, last] {
            step_by_step.advance(at(now.min(last)));
        }
        assert_eq!(step_by_step, at_once, "{last}");
    }
}

#[test]
fn a_ciphertext_of_nobody_does_not_open_and_state_comes_before_it() {
    let mut machine = machine(KeySpec::default());
    let refused = machine.decrypting_version(&key(), None, at(0)).unwrap_err();
    assert_eq!(refused, decryption_failed());
    machine.disable(&key().version(1), at(0)).unwrap();
    let disabled = machine.decrypting_version(&key(), Some(1), at(0)).unwrap_err();
    assert_eq!(disabled.code, KmsCode::FailedPrecondition);
}
