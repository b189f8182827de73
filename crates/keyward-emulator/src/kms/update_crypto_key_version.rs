//! UpdateCryptoKeyVersion: enables and disables.

use keyward_core::key::Machine;

use super::field::{mask, name, resource};
use super::unverified;
use crate::interface::google::cloud::kms::v1::crypto_key_version::CryptoKeyVersionState as State;
use crate::interface::google::cloud::kms::v1::{CryptoKeyVersion, UpdateCryptoKeyVersionRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

/// Cloud KMS can change it.
const UNSERVED: [&str; 1] = ["external_protection_level_options"];

pub(crate) struct UpdateCryptoKeyVersion;

impl Rpc for UpdateCryptoKeyVersion {
    const METHOD: Method = Method::changes("UpdateCryptoKeyVersion", "cloudkms.cryptoKeyVersions.update");
    type Request = UpdateCryptoKeyVersionRequest;
    type Response = CryptoKeyVersion;

    fn resource(request: &Self::Request) -> &str {
        request
            .crypto_key_version
            .as_ref()
            .map_or("", |version| &version.name)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let asked = request.crypto_key_version.unwrap_or_default();
        let name = name::version(&asked.name)?;
        call.state.keys.version(&name)?;
        mask::paths(request.update_mask.as_ref(), &["state"], &UNSERVED)?;
        let step = match State::try_from(asked.state) {
            Ok(State::Enabled) => Machine::enable,
            Ok(State::Disabled) => Machine::disable,
            Ok(other) => return Err(unverified::value("crypto_key_version.state", other.as_str_name())),
            Err(_) => {
                return Err(unverified::value(
                    "crypto_key_version.state",
                    &asked.state.to_string(),
                ));
            }
        };
        let version = call
            .state
            .keys
            .change(name.key(), |machine, now| step(machine, &name, now))?;
        Ok(resource::version(&version))
    }
}
