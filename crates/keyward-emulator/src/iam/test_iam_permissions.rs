//! TestIamPermissions: which of some permissions the caller holds. Anybody may ask.

use tonic::Code;

use super::{existing, method, permission};
use crate::interface::google::iam::v1::{TestIamPermissionsRequest, TestIamPermissionsResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

/// Most permissions of one call (IAM documentation).
const MOST: usize = 100;

pub(crate) struct TestIamPermissions;

impl Rpc for TestIamPermissions {
    const METHOD: Method = method("TestIamPermissions", false);
    type Request = TestIamPermissionsRequest;
    type Response = TestIamPermissionsResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.resource
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        super::check_name(resource)
    }

    /// On what does not exist nobody holds anything.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let (resource, mut permissions) = (&request.resource, request.permissions);
        check(&permissions)?;
        match existing(call, resource) {
            Ok(()) => permissions.retain(|name| call.state.iam.demand(call.caller, name, resource).is_ok()),
            Err(refusal) if refusal.code == Code::NotFound => permissions.clear(),
            Err(refusal) => return Err(refusal),
        }
        Ok(TestIamPermissionsResponse { permissions })
    }
}

fn check(permissions: &[String]) -> Result<(), Refusal> {
    if permissions.len() > MOST {
        return Err(Refusal::invalid(format!(
            "At most {MOST} permissions are tested at a time."
        )));
    }
    match permissions.iter().find(|name| !permission::exists(name)) {
        Some(unknown) => Err(Refusal::invalid(format!(
            "Permission {} is not valid for this resource.",
            crate::trouble::shown(unknown)
        ))),
        None => Ok(()),
    }
}
