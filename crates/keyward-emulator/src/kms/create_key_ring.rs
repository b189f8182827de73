//! CreateKeyRing: a ring in a location, for ever.

use super::field::{name, resource};
use crate::interface::google::cloud::kms::v1::{CreateKeyRingRequest, KeyRing};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct CreateKeyRing;

impl Rpc for CreateKeyRing {
    const METHOD: Method = Method::changes("CreateKeyRing", "cloudkms.keyRings.create");
    type Request = CreateKeyRingRequest;
    type Response = KeyRing;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::place(resource).map(drop)
    }

    /// Everything in the ring of the request is output only.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let place = name::place(&request.parent)?;
        let ring = name::new_ring(place, &request.key_ring_id)?;
        Ok(resource::ring(&call.state.keys.create_ring(&ring)?))
    }
}
