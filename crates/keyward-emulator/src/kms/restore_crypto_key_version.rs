//! RestoreCryptoKeyVersion: takes a version out of its destroy schedule. It is disabled afterwards.

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{CryptoKeyVersion, RestoreCryptoKeyVersionRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct RestoreCryptoKeyVersion;

impl Rpc for RestoreCryptoKeyVersion {
    const METHOD: Method = Method::changes("RestoreCryptoKeyVersion", "cloudkms.cryptoKeyVersions.restore");
    type Request = RestoreCryptoKeyVersionRequest;
    type Response = CryptoKeyVersion;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::version(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let name = name::version(&request.name)?;
        let version = call
            .state
            .keys
            .change(name.key(), |machine, now| machine.restore(&name, now))?;
        Ok(resource::version(&version))
    }
}
