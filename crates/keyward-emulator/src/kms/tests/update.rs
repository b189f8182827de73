//! Updates of keys: masks, and what they leave as it was.

use prost_types::{Duration, Timestamp};
use tonic::Code::{InvalidArgument, NotFound, Unimplemented};
use wire::crypto_key::RotationSchedule;

use super::super::bench::{Bench, DAY, code, key_name, symmetric};
use super::super::update_crypto_key;
use crate::interface::google::cloud::kms::v1 as wire;
use crate::kms::field::time;
use keyward_core::clock::later;

fn period(days: i64) -> Option<RotationSchedule> {
    Some(RotationSchedule::RotationPeriod(Duration {
        seconds: days * 86_400,
        nanos: 0,
    }))
}

fn at(bench: &Bench, days: u32) -> Option<Timestamp> {
    Some(time::to_wire(later(bench.now(), days * DAY)))
}

/// A key that rotates, with a label.
fn bench() -> (Bench, wire::CryptoKey) {
    let bench = Bench::with_ring();
    let asked = wire::CryptoKey {
        labels: [("team".to_owned(), "alpha".to_owned())].into(),
        rotation_schedule: period(30),
        next_rotation_time: at(&bench, 10),
        ..symmetric()
    };
    let key = bench.create("k", asked).unwrap();
    (bench, key)
}

fn named() -> wire::CryptoKey {
    wire::CryptoKey {
        name: key_name("k"),
        ..Default::default()
    }
}

#[test]
fn a_mask_changes_what_it_names_and_nothing_else() {
    let (bench, before) = bench();
    let labels = wire::CryptoKey {
        labels: [("owner".to_owned(), "ops".to_owned())].into(),
        rotation_schedule: period(90),
        ..named()
    };
    let after = bench.update(labels.clone(), &["labels"]).unwrap();
    assert_eq!(
        after,
        wire::CryptoKey {
            labels: labels.labels,
            ..before
        }
    );
    assert_eq!(bench.key(&key_name("k")), Ok(after));
    let schedule = wire::CryptoKey {
        rotation_schedule: period(7),
        next_rotation_time: at(&bench, 3),
        ..named()
    };
    let after = bench
        .update(schedule.clone(), &["rotation_period", "next_rotation_time"])
        .unwrap();
    assert_eq!(after.rotation_schedule, schedule.rotation_schedule);
    assert_eq!(after.next_rotation_time, schedule.next_rotation_time);
    assert_eq!(after.labels.len(), 1);
}

#[test]
fn half_of_a_schedule_keeps_the_other_half() {
    let (bench, before) = bench();
    let after = bench.update(
        wire::CryptoKey {
            rotation_schedule: period(7),
            ..named()
        },
        &["rotation_period"],
    );
    let after = after.unwrap();
    assert_eq!(
        (after.rotation_schedule, after.next_rotation_time),
        (period(7), before.next_rotation_time)
    );
    let next = wire::CryptoKey {
        next_rotation_time: at(&bench, 1),
        ..named()
    };
    let after = bench.update(next, &["next_rotation_time"]).unwrap();
    assert_eq!(
        (after.rotation_schedule, after.next_rotation_time),
        (period(7), at(&bench, 1))
    );
    let once = bench.update(named(), &["rotation_period"]).unwrap();
    assert_eq!(
        (once.rotation_schedule, once.next_rotation_time),
        (None, at(&bench, 1))
    );
}

#[test]
fn a_schedule_is_cleared_as_terraform_does_it() {
    let (bench, _) = bench();
    let cleared = bench
        .update(named(), &["rotation_period", "next_rotation_time"])
        .unwrap();
    assert_eq!(
        (cleared.rotation_schedule, cleared.next_rotation_time),
        (None, None)
    );
    bench.advance(100 * DAY);
    assert!(
        bench
            .key(&key_name("k"))
            .unwrap()
            .primary
            .unwrap()
            .name
            .ends_with("/1"),
        "it does not rotate"
    );
    bench
        .update(named(), &["rotation_period", "next_rotation_time"])
        .expect("twice is fine");
}

#[test]
fn what_was_due_happens_before_an_update() {
    let (bench, _) = bench();
    bench.advance(11 * DAY);
    let slower = wire::CryptoKey {
        rotation_schedule: period(60),
        ..named()
    };
    let after = bench.update(slower, &["rotation_period"]).unwrap();
    assert!(after.primary.unwrap().name.ends_with("/2"));
    assert_eq!(
        after.next_rotation_time,
        at(&bench, 29),
        "by the period that stood when it was due"
    );
}

#[test]
fn schedules_that_cannot_be_leave_the_key_as_it_was() {
    let (bench, before) = bench();
    for (what, key, paths) in [
        ("next alone cleared", named(), &["next_rotation_time"][..]),
        (
            "a short period",
            wire::CryptoKey {
                rotation_schedule: period(0),
                ..named()
            },
            &["rotation_period"],
        ),
        (
            "a rotation now",
            wire::CryptoKey {
                next_rotation_time: at(&bench, 0),
                ..named()
            },
            &["next_rotation_time"],
        ),
        (
            "no time",
            wire::CryptoKey {
                next_rotation_time: Some(Timestamp {
                    seconds: i64::MAX,
                    nanos: 0,
                }),
                ..named()
            },
            &["next_rotation_time"],
        ),
        (
            "a good label beside a bad period",
            wire::CryptoKey {
                rotation_schedule: period(0),
                ..named()
            },
            &["labels", "rotation_period"],
        ),
        (
            "a bad label",
            wire::CryptoKey {
                labels: [("A".to_owned(), String::new())].into(),
                ..named()
            },
            &["labels"],
        ),
    ] {
        assert_eq!(code(bench.update(key, paths)), InvalidArgument, "{what}");
        assert_eq!(bench.key(&key_name("k")).as_ref(), Ok(&before), "{what}");
    }
}

#[test]
fn the_algorithm_can_be_named_again_and_nothing_else() {
    let (bench, before) = bench();
    let template = |algorithm| wire::CryptoKey {
        version_template: Some(wire::CryptoKeyVersionTemplate {
            protection_level: 0,
            algorithm,
        }),
        ..named()
    };
    let path = &["version_template.algorithm"];
    assert_eq!(bench.update(template(1), path), Ok(before));
    for algorithm in [0, 5, 999] {
        assert_eq!(
            code(bench.update(template(algorithm), path)),
            InvalidArgument,
            "{algorithm}"
        );
    }
}

#[test]
fn other_paths_are_refused() {
    let (bench, _) = bench();
    for path in [
        "",
        "*",
        "name",
        "purpose",
        "primary",
        "create_time",
        "import_only",
        "crypto_key_backend",
        "destroy_scheduled_duration",
        "version_template",
        "version_template.protection_level",
        "labels.team",
        "rotationPeriod",
        "no_such_field",
    ] {
        assert_eq!(code(bench.update(named(), &[path])), InvalidArgument, "{path}");
    }
    assert_eq!(
        code(bench.update(named(), &["key_access_justifications_policy"])),
        Unimplemented
    );
    assert_eq!(code(bench.update(named(), &[])), InvalidArgument);
    let no_mask = wire::UpdateCryptoKeyRequest {
        crypto_key: Some(named()),
        update_mask: None,
    };
    assert_eq!(
        code(bench.ask::<update_crypto_key::UpdateCryptoKey>(no_mask)),
        InvalidArgument
    );
    assert_eq!(
        code(bench.ask::<update_crypto_key::UpdateCryptoKey>(Default::default())),
        InvalidArgument
    );
}

#[test]
fn existence_comes_before_the_mask() {
    let (bench, _) = bench();
    let missing = wire::CryptoKey {
        name: key_name("missing"),
        ..Default::default()
    };
    assert_eq!(code(bench.update(missing, &[])), NotFound);
}
