//! CreateCryptoKey: a key with its first version, which is primary, or without any.

use keyward_core::key::{Algorithm, KeySpec, ProtectionLevel, Purpose};

use super::field::{label, name, resource, schedule};
use super::unverified;
use crate::interface::google::cloud::kms::v1::crypto_key::CryptoKeyPurpose;
use crate::interface::google::cloud::kms::v1::crypto_key_version::CryptoKeyVersionAlgorithm;
use crate::interface::google::cloud::kms::v1::{self as wire, CreateCryptoKeyRequest, CryptoKey};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct CreateCryptoKey;

impl Rpc for CreateCryptoKey {
    const METHOD: Method = Method::changes("CreateCryptoKey", "cloudkms.cryptoKeys.create");
    type Request = CreateCryptoKeyRequest;
    type Response = CryptoKey;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::ring(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let ring = name::ring(&request.parent)?;
        let name = name::new_key(&ring, &request.crypto_key_id)?;
        call.state.keys.ring(&ring)?;
        let spec = spec(request)?;
        let key = call.state.keys.change(&name, |machine, now| {
            let key = machine.create_key(&name, spec, now)?;
            let primary = machine.record(&name)?.primary();
            Ok(resource::key(&key, primary))
        })?;
        Ok(key)
    }
}

/// What is to be created. Fields that are output only say nothing; every other one is honoured, or refused by name.
fn spec(request: CreateCryptoKeyRequest) -> Result<KeySpec, Refusal> {
    if request.trusted_wrapping_enabled {
        return Err(Refusal::not_served("trusted_wrapping_enabled"));
    }
    let key = request.crypto_key.unwrap_or_default();
    check_purpose(key.purpose)?;
    check_served(&key)?;
    let template = key.version_template.unwrap_or_default();
    check_algorithm(template.algorithm)?;
    label::check(&key.labels)?;
    Ok(KeySpec {
        purpose: Purpose::EncryptDecrypt,
        protection: protection(template.protection_level)?,
        rotation: schedule::rotation(
            schedule::period(key.rotation_schedule.as_ref())?,
            schedule::next(key.next_rotation_time.as_ref())?,
        )?,
        destroy_window: schedule::destroy_window(key.destroy_scheduled_duration.as_ref())?,
        labels: key.labels,
        skip_initial_version: request.skip_initial_version_creation,
    })
}

fn check_purpose(purpose: i32) -> Result<(), Refusal> {
    match CryptoKeyPurpose::try_from(purpose) {
        Ok(CryptoKeyPurpose::EncryptDecrypt) => Ok(()),
        Ok(CryptoKeyPurpose::Unspecified) => Err(unverified::required("crypto_key.purpose")),
        Ok(other) => Err(not_served("crypto_key.purpose", other.as_str_name())),
        Err(_) => Err(unverified::value("crypto_key.purpose", &purpose.to_string())),
    }
}

/// Fields that only kinds of keys have which are not served.
fn check_served(key: &CryptoKey) -> Result<(), Refusal> {
    let unserved = [
        ("crypto_key.import_only", key.import_only),
        (
            "crypto_key.crypto_key_backend",
            !key.crypto_key_backend.is_empty(),
        ),
        (
            "crypto_key.key_access_justifications_policy",
            key.key_access_justifications_policy.is_some(),
        ),
    ];
    let set = unserved.iter().find(|(_, is_set)| *is_set);
    set.map_or(Ok(()), |(field, _)| Err(Refusal::not_served(field)))
}

fn protection(level: i32) -> Result<ProtectionLevel, Refusal> {
    let field = "crypto_key.version_template.protection_level";
    match wire::ProtectionLevel::try_from(level) {
        Ok(wire::ProtectionLevel::Unspecified) => Ok(ProtectionLevel::default()),
        Ok(level @ (wire::ProtectionLevel::Software | wire::ProtectionLevel::Hsm)) => {
            Ok(resource::protection_from(level))
        }
        Ok(level) => Err(not_served(field, level.as_str_name())),
        Err(_) => Err(unverified::value(field, &level.to_string())),
    }
}

/// The algorithm of new versions. Symmetric encryption knows one, and takes it when none is named.
///
/// # Errors
/// `INVALID_ARGUMENT` for any other.
pub(super) fn check_algorithm(algorithm: i32) -> Result<(), Refusal> {
    let known = CryptoKeyVersionAlgorithm::try_from(algorithm);
    let word = known.map_or_else(|_| algorithm.to_string(), |known| known.as_str_name().to_owned());
    let only = Algorithm::GoogleSymmetricEncryption.id();
    if algorithm == 0 || word == only {
        return Ok(());
    }
    Err(unverified::value("crypto_key.version_template.algorithm", &word))
}

fn not_served(field: &str, value: &str) -> Refusal {
    Refusal::not_served(&format!("{field} {value}"))
}
