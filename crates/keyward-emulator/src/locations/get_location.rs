//! GetLocation: one location.

use super::{message, method};
use crate::interface::google::cloud::location::{GetLocationRequest, Location};
use crate::kms::field::name;
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetLocation;

impl Rpc for GetLocation {
    const METHOD: Method = method("GetLocation", "cloudkms.locations.get");
    type Request = GetLocationRequest;
    type Response = Location;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::place(resource).map(drop)
    }

    fn answer(_call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let place = name::place(&request.name)?;
        Ok(message(&place.project, &place.location))
    }
}
