//! UpdateCryptoKeyVersion: enables and disables.

use keyward_core::clock::Timestamp;
use keyward_core::key::{KeyVersion, Machine, VersionState};
use keyward_core::kms::KmsError;
use keyward_core::name::KeyVersionName;

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

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::version(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let asked = request.crypto_key_version.unwrap_or_default();
        let name = name::version(&asked.name)?;
        let keys = &call.state.keys;
        let before = keys.version(&name)?;
        mask::paths(request.update_mask.as_ref(), &["state"], &UNSERVED)?;
        let step = step(asked.state)?;
        let version = keys.change(name.key(), |machine, now| step(machine, &name, now))?;
        if version.state != before.state {
            tell(call, &version);
        }
        Ok(resource::version(&version))
    }
}

type Step = fn(&mut Machine, &KeyVersionName, Timestamp) -> Result<KeyVersion, KmsError>;

fn step(state: i32) -> Result<Step, Refusal> {
    let other = match State::try_from(state) {
        Ok(State::Enabled) => return Ok(Machine::enable),
        Ok(State::Disabled) => return Ok(Machine::disable),
        Ok(other) => other.as_str_name().to_owned(),
        Err(_) => state.to_string(),
    };
    Err(unverified::value("crypto_key_version.state", &other))
}

/// Who encrypts and decrypts hears of it: of an enabled version at once, of a disabled one when it is time.
fn tell(call: &Call<'_>, version: &KeyVersion) {
    match version.state {
        VersionState::Enabled => call.state.trouble.enabled(&version.name),
        _ => call.state.trouble.disabled(&version.name),
    }
}
