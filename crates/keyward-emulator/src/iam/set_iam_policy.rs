//! SetIamPolicy: the policy of a ring or key, unless somebody changed it since it was read.

use super::{existing, method, permission_for};
use crate::interface::google::iam::v1::{Policy, SetIamPolicyRequest};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct SetIamPolicy;

impl Rpc for SetIamPolicy {
    const METHOD: Method = method("SetIamPolicy", true);
    type Request = SetIamPolicyRequest;
    type Response = Policy;

    fn resource(request: &Self::Request) -> &str {
        &request.resource
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        super::check_name(resource)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let resource = &request.resource;
        let permission = permission_for(resource, "set");
        call.state.iam.demand(call.caller, &permission, resource)?;
        existing(call, resource)?;
        let policy = request
            .policy
            .ok_or_else(|| Refusal::invalid("policy is missing."))?;
        call.state
            .iam
            .set_policy(resource, policy, request.update_mask.as_ref())
    }
}
