//! CreateCryptoKeyVersion: the next version of a key. It does not become primary.

use keyward_core::clock::Timestamp;
use keyward_core::key::{KeyVersion, Machine};
use keyward_core::kms::KmsError;
use keyward_core::name::CryptoKeyName;

use super::field::{name, resource};
use super::unverified;
use crate::interface::google::cloud::kms::v1::crypto_key_version::CryptoKeyVersionState as State;
use crate::interface::google::cloud::kms::v1::{CreateCryptoKeyVersionRequest, CryptoKeyVersion};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

/// Which of two states a new version is in.
const FIELD: &str = "crypto_key_version.state";

pub(crate) struct CreateCryptoKeyVersion;

impl Rpc for CreateCryptoKeyVersion {
    const METHOD: Method = Method::changes("CreateCryptoKeyVersion", "cloudkms.cryptoKeyVersions.create");
    type Request = CreateCryptoKeyVersionRequest;
    type Response = CryptoKeyVersion;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::key(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let key = name::key(&request.parent)?;
        call.state.keys.key(&key)?;
        let asked = request.crypto_key_version.unwrap_or_default();
        let make = match State::try_from(asked.state) {
            _ if asked.external_protection_level_options.is_some() => {
                let field = "crypto_key_version.external_protection_level_options";
                return Err(Refusal::not_served(field));
            }
            _ if asked.trusted_wrapping_enabled => {
                return Err(Refusal::not_served("crypto_key_version.trusted_wrapping_enabled"));
            }
            Ok(State::Unspecified | State::Enabled) => Machine::create_version,
            Ok(State::Disabled) => create_disabled,
            Ok(other) => return Err(unverified::value(FIELD, other.as_str_name())),
            Err(_) => return Err(unverified::value(FIELD, &asked.state.to_string())),
        };
        let version = call
            .state
            .keys
            .change(&key, |machine, now| make(machine, &key, now))?;
        Ok(resource::version(&version))
    }
}

fn create_disabled(
    machine: &mut Machine,
    key: &CryptoKeyName,
    now: Timestamp,
) -> Result<KeyVersion, KmsError> {
    let version = machine.create_version(key, now)?;
    machine.disable(&version.name, now)
}
