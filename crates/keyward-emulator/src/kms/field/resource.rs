//! Rings, keys and versions as answers: every field that Cloud KMS fills, and none that it leaves out.

use keyward_core::key::{Algorithm, CryptoKey, KeyRing, KeyVersion, ProtectionLevel, Purpose, VersionState};

use super::time::{duration_to_wire, to_wire};
use crate::interface::google::cloud::kms::v1 as wire;
use wire::crypto_key::{CryptoKeyPurpose, RotationSchedule};
use wire::crypto_key_version::{CryptoKeyVersionAlgorithm, CryptoKeyVersionState};

/// A ring.
pub(crate) fn ring(ring: &KeyRing) -> wire::KeyRing {
    wire::KeyRing {
        name: ring.name.to_string(),
        create_time: Some(to_wire(ring.created)),
    }
}

/// A key, with a full copy of its primary version.
pub(crate) fn key(key: &CryptoKey, primary: Option<&KeyVersion>) -> wire::CryptoKey {
    let schedule = key.rotation.as_ref();
    let period = schedule.and_then(|schedule| schedule.period());
    wire::CryptoKey {
        name: key.name.to_string(),
        primary: primary.map(version),
        purpose: purpose(key.purpose).into(),
        create_time: Some(to_wire(key.created)),
        next_rotation_time: schedule.map(|schedule| to_wire(schedule.next())),
        rotation_schedule: period.map(|period| RotationSchedule::RotationPeriod(duration_to_wire(period))),
        version_template: Some(wire::CryptoKeyVersionTemplate {
            protection_level: protection(key.protection).into(),
            algorithm: algorithm(key.algorithm).into(),
        }),
        labels: key.labels.clone(),
        destroy_scheduled_duration: Some(duration_to_wire(key.destroy_window.length())),
        ..Default::default()
    }
}

/// A version. Symmetric material is there as soon as the version is.
pub(crate) fn version(version: &KeyVersion) -> wire::CryptoKeyVersion {
    wire::CryptoKeyVersion {
        name: version.name.to_string(),
        state: state(version.state).into(),
        protection_level: protection(version.protection).into(),
        algorithm: algorithm(version.algorithm).into(),
        create_time: Some(to_wire(version.created)),
        generate_time: Some(to_wire(version.created)),
        destroy_time: version.destroy_at.map(to_wire),
        destroy_event_time: version.destroyed_at.map(to_wire),
        ..Default::default()
    }
}

/// A protection level. Core and the API have the same words for all of these.
pub(crate) fn protection(level: ProtectionLevel) -> wire::ProtectionLevel {
    wire::ProtectionLevel::from_str_name(level.id()).unwrap_or_default()
}

/// Where a new key is to be kept.
pub(crate) fn protection_from(level: wire::ProtectionLevel) -> ProtectionLevel {
    ProtectionLevel::from_id(level.as_str_name())
}

fn purpose(purpose: Purpose) -> CryptoKeyPurpose {
    CryptoKeyPurpose::from_str_name(purpose.id()).unwrap_or_default()
}

fn algorithm(algorithm: Algorithm) -> CryptoKeyVersionAlgorithm {
    CryptoKeyVersionAlgorithm::from_str_name(algorithm.id()).unwrap_or_default()
}

fn state(state: VersionState) -> CryptoKeyVersionState {
    CryptoKeyVersionState::from_str_name(state.id()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_core_are_words_of_the_api() {
        assert_eq!(
            state(VersionState::DestroyScheduled),
            CryptoKeyVersionState::DestroyScheduled
        );
        assert_eq!(protection(ProtectionLevel::Hsm), wire::ProtectionLevel::Hsm);
        assert_eq!(purpose(Purpose::EncryptDecrypt), CryptoKeyPurpose::EncryptDecrypt);
        let symmetric = CryptoKeyVersionAlgorithm::GoogleSymmetricEncryption;
        assert_eq!(algorithm(Algorithm::GoogleSymmetricEncryption), symmetric);
        assert_eq!(
            protection_from(wire::ProtectionLevel::ExternalVpc),
            ProtectionLevel::ExternalVpc
        );
    }
}
