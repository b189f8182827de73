//! GetCryptoKey: one key, with a copy of its primary version.

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{CryptoKey, GetCryptoKeyRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetCryptoKey;

impl Rpc for GetCryptoKey {
    const METHOD: Method = Method::looks("GetCryptoKey", "cloudkms.cryptoKeys.get");
    type Request = GetCryptoKeyRequest;
    type Response = CryptoKey;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::key(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let (key, primary) = call.keys.key(&name::key(&request.name)?)?;
        Ok(resource::key(&key, primary.as_ref()))
    }
}
