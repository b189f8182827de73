//! GetKeyRing: one ring.

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{GetKeyRingRequest, KeyRing};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetKeyRing;

impl Rpc for GetKeyRing {
    const METHOD: Method = Method::looks("GetKeyRing", "cloudkms.keyRings.get");
    type Request = GetKeyRingRequest;
    type Response = KeyRing;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::ring(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let ring = call.keys.ring(&name::ring(&request.name)?)?;
        Ok(resource::ring(&ring))
    }
}
