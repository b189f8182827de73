//! GetRetiredResource: never there, since nothing can be deleted yet.

use super::field::name;
use crate::interface::google::cloud::kms::v1::{GetRetiredResourceRequest, RetiredResource};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetRetiredResource;

impl Rpc for GetRetiredResource {
    const METHOD: Method = Method::looks("GetRetiredResource", "cloudkms.retiredResources.get");
    type Request = GetRetiredResourceRequest;
    type Response = RetiredResource;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::check_in_place("RetiredResource", "retiredResources", resource)
    }

    fn answer(_call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        name::check_in_place("RetiredResource", "retiredResources", &request.name)?;
        Err(name::not_found("RetiredResource", &request.name))
    }
}
