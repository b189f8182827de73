//! ListImportJobs: none, since none can be created yet.

use super::field::name;
use super::list::{Listing, list};
use crate::interface::google::cloud::kms::v1::{ListImportJobsRequest, ListImportJobsResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct ListImportJobs;

impl Rpc for ListImportJobs {
    const METHOD: Method = Method::looks("ListImportJobs", "cloudkms.importJobs.list");
    type Request = ListImportJobsRequest;
    type Response = ListImportJobsResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::ring(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        call.keys.ring(&name::ring(&request.parent)?)?;
        let listing = Listing {
            method: Self::METHOD.name,
            parent: &request.parent,
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let found = list(&listing, |_| Ok(Vec::new()), || Ok(0))?;
        Ok(ListImportJobsResponse {
            import_jobs: found.items,
            next_page_token: found.next_page_token,
            total_size: found.total_size,
        })
    }
}
