//! GetCryptoKeyVersion: one version.

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{CryptoKeyVersion, GetCryptoKeyVersionRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetCryptoKeyVersion;

impl Rpc for GetCryptoKeyVersion {
    const METHOD: Method = Method::looks("GetCryptoKeyVersion", "cloudkms.cryptoKeyVersions.get");
    type Request = GetCryptoKeyVersionRequest;
    type Response = CryptoKeyVersion;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::version(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let version = call.keys.version(&name::version(&request.name)?)?;
        Ok(resource::version(&version))
    }
}
