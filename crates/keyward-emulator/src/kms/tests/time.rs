//! What time does: rotations and ends happen when they are due, and only then.

use prost_types::{Duration, Timestamp};
use tonic::Code::FailedPrecondition;
use wire::crypto_key::RotationSchedule;

use super::super::bench::{Bench, DAY, code, key_name, symmetric, version_name};
use crate::interface::google::cloud::kms::v1 as wire;
use crate::kms::field::time;
use keyward_core::clock::later;

fn at(bench: &Bench, days: u32) -> Option<Timestamp> {
    Some(time::to_wire(later(bench.now(), days * DAY)))
}

#[test]
fn a_key_rotates_by_its_schedule_and_opens_what_older_versions_wrapped() {
    let bench = Bench::with_ring();
    let daily = wire::CryptoKey {
        rotation_schedule: Some(RotationSchedule::RotationPeriod(Duration {
            seconds: 86_400,
            nanos: 0,
        })),
        next_rotation_time: at(&bench, 1),
        ..symmetric()
    };
    let (key, first_rotation) = (key_name("k"), daily.next_rotation_time);
    bench.create("k", daily).unwrap();
    let mut sealed = vec![bench.encrypt(&key, b"secret").unwrap()];
    for day in 1..=3 {
        bench.advance(DAY);
        let now = bench.encrypt(&key, b"secret").unwrap();
        assert_eq!(now.name, version_name("k", day + 1));
        let found = bench.key(&key).unwrap();
        assert_eq!(found.primary.unwrap().name, now.name);
        assert_eq!(found.next_rotation_time, at(&bench, 1));
        sealed.push(now);
    }
    for (number, old) in sealed.iter().enumerate() {
        let opened = bench.decrypt(&key, &old.ciphertext).unwrap();
        assert_eq!(&*opened.plaintext, b"secret");
        assert_eq!(opened.used_primary, number == 3, "{}", old.name);
    }
    let second = bench.version(&version_name("k", 2)).unwrap();
    assert_eq!(
        second.create_time, first_rotation,
        "made at the instant at which it was due"
    );
}

#[test]
fn one_rotation_happens_once() {
    let bench = Bench::with_ring();
    let once = wire::CryptoKey {
        next_rotation_time: at(&bench, 1),
        ..symmetric()
    };
    let key = bench.create("k", once).unwrap();
    assert!(key.next_rotation_time.is_some() && key.rotation_schedule.is_none());
    bench.advance(10 * DAY);
    let rotated = bench.key(&key.name).unwrap();
    assert_eq!(rotated.primary.unwrap().name, version_name("k", 2));
    assert_eq!(
        (rotated.next_rotation_time, rotated.rotation_schedule),
        (None, None)
    );
}

#[test]
fn creating_and_promoting_by_hand_leave_the_schedule() {
    let bench = Bench::with_ring();
    let weekly = wire::CryptoKey {
        rotation_schedule: Some(RotationSchedule::RotationPeriod(Duration {
            seconds: 7 * 86_400,
            nanos: 0,
        })),
        next_rotation_time: at(&bench, 7),
        ..symmetric()
    };
    let key = bench.create("k", weekly).unwrap();
    bench.advance(DAY);
    bench.add_version(&key.name).unwrap();
    let promoted = bench.set_primary(&key.name, "2").unwrap();
    assert_eq!(promoted.next_rotation_time, key.next_rotation_time);
}

#[test]
fn destroyed_for_good() {
    let bench = Bench::with_keys(&["k"]);
    let (key, version) = (key_name("k"), version_name("k", 1));
    let sealed = bench.encrypt(&key, b"archived logs").unwrap().ciphertext;
    bench.destroy(&version).unwrap();
    bench.advance(30 * DAY - std::time::Duration::from_micros(1));
    assert_eq!(bench.version(&version).unwrap().state, 4, "a microsecond before");
    bench.advance(std::time::Duration::from_micros(1));
    assert_eq!(code(bench.decrypt(&key, &sealed)), FailedPrecondition);
    assert_eq!(code(bench.restore(&version)), FailedPrecondition);
    assert_eq!(code(bench.set_state(&version, 1)), FailedPrecondition);
    let found = bench.key(&key).unwrap().primary.unwrap();
    assert_eq!(
        (found.name, found.state),
        (version, 3),
        "it stays, and stays primary"
    );
    assert_eq!(
        bench.add_version(&key).unwrap().name,
        version_name("k", 2),
        "its number is not used again"
    );
}
