//! UpdateCryptoKeyPrimaryVersion: makes a version primary, whatever its state.

use keyward_core::key::KeyUpdate;

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{CryptoKey, UpdateCryptoKeyPrimaryVersionRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct UpdateCryptoKeyPrimaryVersion;

impl Rpc for UpdateCryptoKeyPrimaryVersion {
    const METHOD: Method = Method::changes("UpdateCryptoKeyPrimaryVersion", "cloudkms.cryptoKeys.update");
    type Request = UpdateCryptoKeyPrimaryVersionRequest;
    type Response = CryptoKey;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::key(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let key = name::key(&request.name)?;
        call.state.keys.key(&key)?;
        let version = name::version_of(&key, &request.crypto_key_version_id)?;
        let (before, updated) = call.state.keys.change(&key, |machine, now| {
            // Changes nothing itself, but what was due is done.
            let before = machine.update_key(&key, KeyUpdate::default(), now)?.primary;
            let updated = machine.set_primary(&version, now)?;
            Ok((before, resource::key(&updated, machine.record(&key)?.primary())))
        })?;
        call.state.trouble.primary_set(&key, before, version.number());
        Ok(updated)
    }
}
