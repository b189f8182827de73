//! ListRetiredResources: none, since nothing can be deleted yet. It knows pages only, no filter and no order.

use super::field::name;
use super::list::check_empty;
use crate::interface::google::cloud::kms::v1::{ListRetiredResourcesRequest, ListRetiredResourcesResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct ListRetiredResources;

impl Rpc for ListRetiredResources {
    const METHOD: Method = Method::looks("ListRetiredResources", "cloudkms.retiredResources.list");
    type Request = ListRetiredResourcesRequest;
    type Response = ListRetiredResourcesResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::place(resource).map(drop)
    }

    fn answer(_call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        name::place(&request.parent)?;
        check_empty(request.page_size, &request.page_token)?;
        Ok(ListRetiredResourcesResponse::default())
    }
}
