//! GetOperation: never there, since no call of this emulator goes on after its answer.

use super::field::name;
use crate::interface::google::longrunning::{GetOperationRequest, Operation};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetOperation;

impl Rpc for GetOperation {
    const METHOD: Method = Method {
        service: "google.longrunning.Operations",
        name: "GetOperation",
        permission: "cloudkms.operations.get",
        changes: false,
    };
    type Request = GetOperationRequest;
    type Response = Operation;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::check_in_place("Operation", "operations", resource)
    }

    fn answer(_call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        name::check_in_place("Operation", "operations", &request.name)?;
        Err(name::not_found("Operation", &request.name))
    }
}
