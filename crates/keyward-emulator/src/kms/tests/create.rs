//! Creating: what is answered, and which fields are honoured or refused.

use prost_types::{Duration, Timestamp};
use tonic::Code::{AlreadyExists, InvalidArgument, NotFound, Unimplemented};
use wire::crypto_key::RotationSchedule;

use super::super::bench::{Bench, PLACE, RING, code, key_name, refused, symmetric, version_name};
use super::super::{create_crypto_key, create_crypto_key_version, create_key_ring, get_key_ring};
use crate::interface::google::cloud::kms::v1 as wire;
use crate::refusal::Refusal;

/// The bench's clock at its start, in seconds; it shows microseconds 123456.
const START: i64 = 1_795_600_800;

fn ring(bench: &Bench, parent: &str, id: &str) -> Result<wire::KeyRing, Refusal> {
    bench.ask::<create_key_ring::CreateKeyRing>(wire::CreateKeyRingRequest {
        parent: parent.to_owned(),
        key_ring_id: id.to_owned(),
        key_ring: None,
    })
}

fn start() -> Option<Timestamp> {
    Some(Timestamp {
        seconds: START,
        nanos: 123_456_000,
    })
}

fn days(days: i64) -> Duration {
    Duration {
        seconds: days * 86_400,
        nanos: 0,
    }
}

#[test]
fn a_ring_is_created_once() {
    let bench = Bench::new();
    let created = ring(&bench, PLACE, "r").unwrap();
    assert_eq!(
        created,
        wire::KeyRing {
            name: RING.to_owned(),
            create_time: start()
        }
    );
    let request = wire::GetKeyRingRequest {
        name: RING.to_owned(),
    };
    assert_eq!(bench.ask::<get_key_ring::GetKeyRing>(request), Ok(created));
    let again = refused(ring(&bench, PLACE, "r"));
    assert_eq!(again, (AlreadyExists, format!("KeyRing {RING} already exists.")));
    ring(&bench, "projects/p/locations/us", "r").expect("the location is part of its identity");
    for bad in ["", "a b", "a/b", "ä", "r.", &"a".repeat(64)] {
        assert_eq!(code(ring(&bench, PLACE, bad)), InvalidArgument, "{bad}");
    }
    assert_eq!(code(ring(&bench, "projects/p/locations/mars", "r")), NotFound);
    assert_eq!(code(ring(&bench, "projects/p", "r")), InvalidArgument);
}

#[test]
fn a_key_is_answered_with_all_that_google_fills() {
    let bench = Bench::with_ring();
    let key = bench.create("k", symmetric()).unwrap();
    let primary = wire::CryptoKeyVersion {
        name: version_name("k", 1),
        state: 1,
        protection_level: 1,
        algorithm: 1,
        create_time: start(),
        generate_time: start(),
        ..Default::default()
    };
    let expected = wire::CryptoKey {
        name: key_name("k"),
        primary: Some(primary.clone()),
        purpose: 1,
        create_time: start(),
        version_template: Some(wire::CryptoKeyVersionTemplate {
            protection_level: 1,
            algorithm: 1,
        }),
        destroy_scheduled_duration: Some(days(30)),
        ..Default::default()
    };
    assert_eq!(key, expected);
    assert_eq!(bench.key(&key_name("k")), Ok(expected));
    assert_eq!(bench.version(&version_name("k", 1)), Ok(primary));
}

#[test]
fn every_field_is_honoured() {
    let bench = Bench::with_ring();
    let asked = wire::CryptoKey {
        name: "ignored".to_owned(),
        labels: [("team".to_owned(), "alpha".to_owned())].into(),
        rotation_schedule: Some(RotationSchedule::RotationPeriod(days(90))),
        next_rotation_time: Some(Timestamp {
            seconds: START + 86_400,
            nanos: 0,
        }),
        destroy_scheduled_duration: Some(days(1)),
        version_template: Some(wire::CryptoKeyVersionTemplate {
            protection_level: 2,
            algorithm: 1,
        }),
        ..symmetric()
    };
    let key = bench.create("k", asked.clone()).unwrap();
    assert_eq!(key.labels, asked.labels);
    assert_eq!(key.rotation_schedule, asked.rotation_schedule);
    assert_eq!(key.next_rotation_time, asked.next_rotation_time);
    assert_eq!(key.destroy_scheduled_duration, asked.destroy_scheduled_duration);
    assert_eq!(key.version_template, asked.version_template);
    assert_eq!(key.primary.unwrap().protection_level, 2);
}

#[test]
fn a_key_without_a_version_has_no_primary() {
    let bench = Bench::with_ring();
    let request = wire::CreateCryptoKeyRequest {
        parent: RING.to_owned(),
        crypto_key_id: "k".to_owned(),
        crypto_key: Some(symmetric()),
        skip_initial_version_creation: true,
        trusted_wrapping_enabled: false,
    };
    let key = bench.ask::<create_crypto_key::CreateCryptoKey>(request).unwrap();
    assert_eq!(key.primary, None);
    let version = bench.add_version(&key.name).unwrap();
    assert_eq!(version.name, version_name("k", 1));
    assert_eq!(
        bench.key(&key.name).unwrap().primary,
        None,
        "a new version is never primary by itself"
    );
}

#[test]
fn fields_that_are_not_served_are_refused_by_name() {
    let bench = Bench::with_ring();
    let template = |protection_level| {
        Some(wire::CryptoKeyVersionTemplate {
            protection_level,
            algorithm: 0,
        })
    };
    for (field, key) in [
        (
            "purpose ASYMMETRIC_SIGN",
            wire::CryptoKey {
                purpose: 5,
                ..symmetric()
            },
        ),
        (
            "purpose MAC",
            wire::CryptoKey {
                purpose: 9,
                ..symmetric()
            },
        ),
        (
            "import_only",
            wire::CryptoKey {
                import_only: true,
                ..symmetric()
            },
        ),
        (
            "crypto_key_backend",
            wire::CryptoKey {
                crypto_key_backend: "x".to_owned(),
                ..symmetric()
            },
        ),
        (
            "key_access_justifications_policy",
            wire::CryptoKey {
                key_access_justifications_policy: Some(Default::default()),
                ..symmetric()
            },
        ),
        (
            "protection_level EXTERNAL",
            wire::CryptoKey {
                version_template: template(3),
                ..symmetric()
            },
        ),
        (
            "protection_level HSM_SINGLE_TENANT",
            wire::CryptoKey {
                version_template: template(5),
                ..symmetric()
            },
        ),
    ] {
        let (code, message) = refused(bench.create("k", key));
        assert_eq!(code, Unimplemented, "{field}");
        assert!(message.contains(field), "{message}");
    }
}

#[test]
fn what_no_key_can_be_is_invalid() {
    let bench = Bench::with_ring();
    let future = Some(Timestamp {
        seconds: START + 86_400,
        nanos: 0,
    });
    let period = |seconds| Some(RotationSchedule::RotationPeriod(Duration { seconds, nanos: 0 }));
    let template = |protection_level, algorithm| {
        Some(wire::CryptoKeyVersionTemplate {
            protection_level,
            algorithm,
        })
    };
    for (what, key) in [
        ("no purpose", wire::CryptoKey::default()),
        (
            "an unknown purpose",
            wire::CryptoKey {
                purpose: 99,
                ..symmetric()
            },
        ),
        (
            "an unknown level",
            wire::CryptoKey {
                version_template: template(99, 1),
                ..symmetric()
            },
        ),
        (
            "another algorithm",
            wire::CryptoKey {
                version_template: template(1, 5),
                ..symmetric()
            },
        ),
        (
            "an unknown algorithm",
            wire::CryptoKey {
                version_template: template(1, 999),
                ..symmetric()
            },
        ),
        (
            "a period alone",
            wire::CryptoKey {
                rotation_schedule: period(86_400),
                ..symmetric()
            },
        ),
        (
            "a short period",
            wire::CryptoKey {
                rotation_schedule: period(86_399),
                next_rotation_time: future,
                ..symmetric()
            },
        ),
        (
            "a long period",
            wire::CryptoKey {
                rotation_schedule: period(876_000 * 3600 + 1),
                next_rotation_time: future,
                ..symmetric()
            },
        ),
        (
            "a rotation now",
            wire::CryptoKey {
                next_rotation_time: start(),
                ..symmetric()
            },
        ),
        (
            "a short window",
            wire::CryptoKey {
                destroy_scheduled_duration: Some(days(0)),
                ..symmetric()
            },
        ),
        (
            "a long window",
            wire::CryptoKey {
                destroy_scheduled_duration: Some(days(121)),
                ..symmetric()
            },
        ),
        (
            "a label",
            wire::CryptoKey {
                labels: [("Team".to_owned(), String::new())].into(),
                ..symmetric()
            },
        ),
    ] {
        assert_eq!(code(bench.create("k", key)), InvalidArgument, "{what}");
    }
    assert_eq!(code(bench.create("k k", symmetric())), InvalidArgument);
    bench.create("k", symmetric()).expect("none of these was created");
}

#[test]
fn a_name_stays_taken() {
    let bench = Bench::with_keys(&["k"]);
    bench.destroy(&version_name("k", 1)).unwrap();
    let (code, message) = refused(bench.create("k", symmetric()));
    assert_eq!(code, AlreadyExists);
    assert_eq!(message, format!("CryptoKey {} already exists.", key_name("k")));
}

#[test]
fn versions_are_numbered_and_may_be_created_disabled() {
    let bench = Bench::with_keys(&["k"]);
    let add = |version: wire::CryptoKeyVersion| {
        bench.ask::<create_crypto_key_version::CreateCryptoKeyVersion>(wire::CreateCryptoKeyVersionRequest {
            parent: key_name("k"),
            crypto_key_version: Some(version),
        })
    };
    let with_state = |state| wire::CryptoKeyVersion {
        state,
        ..Default::default()
    };
    assert_eq!(add(with_state(0)).unwrap().name, version_name("k", 2));
    assert_eq!(add(with_state(1)).unwrap().state, 1);
    assert_eq!(add(with_state(2)).unwrap().state, 2);
    assert_eq!(code(add(with_state(3))), InvalidArgument);
    assert_eq!(code(add(with_state(99))), InvalidArgument);
    let external = wire::CryptoKeyVersion {
        external_protection_level_options: Some(Default::default()),
        ..Default::default()
    };
    assert_eq!(code(add(external)), Unimplemented);
    assert_eq!(
        bench.key(&key_name("k")).unwrap().primary.unwrap().name,
        version_name("k", 1)
    );
    assert_eq!(
        code(bench.version(&version_name("k", 5))),
        NotFound,
        "what was refused left no version"
    );
}
