//! GetIamPolicy: the policy of a ring or key, with the etag that setting it takes.

use super::{existing, method, permission_for, policy};
use crate::interface::google::iam::v1::{GetIamPolicyRequest, Policy};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GetIamPolicy;

impl Rpc for GetIamPolicy {
    const METHOD: Method = method("GetIamPolicy", false);
    type Request = GetIamPolicyRequest;
    type Response = Policy;

    fn resource(request: &Self::Request) -> &str {
        &request.resource
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        super::check_name(resource)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let resource = &request.resource;
        let permission = permission_for(resource, "get");
        call.state.iam.demand(call.caller, &permission, resource)?;
        existing(call, resource)?;
        let requested = request
            .options
            .map_or(0, |options| options.requested_policy_version);
        policy::shown(call.state.iam.policy(resource), requested)
    }
}
