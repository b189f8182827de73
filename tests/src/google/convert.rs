//! Google's messages in the words of the ports, written apart from those of the provider under test.

use std::time::Duration;

use google_cloud_kms_v1::model;
use google_cloud_kms_v1::model::crypto_key::{CryptoKeyPurpose, RotationSchedule as Period};
use google_cloud_kms_v1::model::crypto_key_version::CryptoKeyVersionAlgorithm;
use google_cloud_wkt as wkt;
use keyward_core::clock::Timestamp;
use keyward_core::key::{
    Algorithm, CryptoKey, DestroyWindow, KeyRing, KeySpec, KeyVersion, ProtectionLevel, Purpose,
    RotationSchedule, VersionState,
};

pub(super) fn ring(ring: model::KeyRing) -> KeyRing {
    KeyRing {
        name: ring.name.parse().expect("the name of a ring"),
        created: time(ring.create_time).expect("a time of creation"),
    }
}

pub(super) fn key(key: model::CryptoKey) -> CryptoKey {
    let template = key.version_template.expect("a template");
    let primary = key.primary.map(|primary| version(primary).name.number());
    let next = time(key.next_rotation_time);
    let period = match key.rotation_schedule {
        Some(Period::RotationPeriod(period)) => Some(length(*period)),
        _ => None,
    };
    CryptoKey {
        name: key.name.parse().expect("the name of a key"),
        purpose: Purpose::from_id(key.purpose.name().expect("a known purpose")),
        algorithm: Algorithm::from_id(template.algorithm.name().expect("a known algorithm")),
        protection: ProtectionLevel::from_id(template.protection_level.name().expect("a known level")),
        created: time(key.create_time).expect("a time of creation"),
        rotation: next.map(|next| RotationSchedule::observed(period, next)),
        destroy_window: DestroyWindow::observed(length(key.destroy_scheduled_duration.expect("a window"))),
        primary,
        labels: key.labels.into_iter().collect(),
        access_reasons: key.key_access_justifications_policy.map(|policy| {
            let reasons = policy.allowed_access_reasons.into_iter();
            reasons.map(|reason| reason.to_string()).collect()
        }),
    }
}

pub(super) fn version(version: model::CryptoKeyVersion) -> KeyVersion {
    let state = version.state.name().expect("a known state");
    KeyVersion {
        name: version.name.parse().expect("the name of a version"),
        state: VersionState::from_id(state),
        algorithm: Algorithm::from_id(version.algorithm.name().expect("a known algorithm")),
        protection: ProtectionLevel::from_id(version.protection_level.name().expect("a known level")),
        created: time(version.create_time).expect("a time of creation"),
        destroy_at: time(version.destroy_time),
        destroyed_at: time(version.destroy_event_time),
    }
}

pub(super) fn spec(spec: &KeySpec) -> model::CryptoKey {
    let template = model::CryptoKeyVersionTemplate::new()
        .set_protection_level(spec.protection.id())
        .set_algorithm(CryptoKeyVersionAlgorithm::GoogleSymmetricEncryption);
    let key = model::CryptoKey::new()
        .set_purpose(CryptoKeyPurpose::EncryptDecrypt)
        .set_version_template(template)
        .set_labels(spec.labels.clone())
        .set_destroy_scheduled_duration(duration(spec.destroy_window.length()));
    rotation(key, spec.rotation)
}

pub(super) fn rotation(key: model::CryptoKey, rotation: Option<RotationSchedule>) -> model::CryptoKey {
    let Some(rotation) = rotation else {
        return key;
    };
    let next = rotation.next();
    let next = wkt::Timestamp::new(next.as_second(), next.subsec_nanosecond()).expect("a time");
    let key = key.set_next_rotation_time(next);
    match rotation.period() {
        Some(period) => key.set_rotation_period(duration(period)),
        None => key,
    }
}

fn time(time: Option<wkt::Timestamp>) -> Option<Timestamp> {
    time.map(|time| Timestamp::new(time.seconds(), time.nanos()).expect("a time"))
}

fn length(length: wkt::Duration) -> Duration {
    Duration::try_from(length).expect("a length of time")
}

fn duration(length: Duration) -> wkt::Duration {
    wkt::Duration::try_from(length).expect("a length of time")
}
