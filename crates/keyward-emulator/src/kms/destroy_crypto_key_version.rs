//! DestroyCryptoKeyVersion: schedules the destruction of a version.

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{CryptoKeyVersion, DestroyCryptoKeyVersionRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct DestroyCryptoKeyVersion;

impl Rpc for DestroyCryptoKeyVersion {
    const METHOD: Method = Method::changes("DestroyCryptoKeyVersion", "cloudkms.cryptoKeyVersions.destroy");
    type Request = DestroyCryptoKeyVersionRequest;
    type Response = CryptoKeyVersion;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::version(resource).map(drop)
    }

    /// Nobody asks who still uses the version: neither does Cloud KMS.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let name = name::version(&request.name)?;
        let version = call.state.keys.change(name.key(), |machine, now| {
            machine.schedule_destruction(&name, now)
        })?;
        Ok(resource::version(&version))
    }
}
