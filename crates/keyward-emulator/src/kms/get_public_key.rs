//! GetPublicKey: what only asymmetric versions have, and there are none yet.

use keyward_core::key::{Purpose, usable};

use super::field::name;
use super::unverified;
use crate::interface::google::cloud::kms::v1::{GetPublicKeyRequest, PublicKey};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetPublicKey;

impl Rpc for GetPublicKey {
    const METHOD: Method = Method::looks("GetPublicKey", "cloudkms.cryptoKeyVersions.viewPublicKey");
    type Request = GetPublicKeyRequest;
    type Response = PublicKey;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::version(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let version = call.keys.version(&name::version(&request.name)?)?;
        usable(&version)?;
        Err(unverified::purpose(&request.name, Purpose::EncryptDecrypt.id()))
    }
}
