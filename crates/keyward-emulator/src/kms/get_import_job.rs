//! GetImportJob: never there, since none can be created yet.

use super::field::name;
use crate::interface::google::cloud::kms::v1::{GetImportJobRequest, ImportJob};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetImportJob;

impl Rpc for GetImportJob {
    const METHOD: Method = Method::looks("GetImportJob", "cloudkms.importJobs.get");
    type Request = GetImportJobRequest;
    type Response = ImportJob;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::check_in_ring("ImportJob", "importJobs", resource)
    }

    fn answer(_call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        name::check_in_ring("ImportJob", "importJobs", &request.name)?;
        Err(name::not_found("ImportJob", &request.name))
    }
}
