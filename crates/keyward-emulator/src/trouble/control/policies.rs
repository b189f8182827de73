//! SetIamEnforcement, SetProjectPolicy, GetProjectPolicy, SetRole: what Cloud KMS leaves to other services.

use super::{control, told};
use crate::iam::Kind;
use crate::interface::google::iam::v1::Policy;
use crate::interface::keyward::emulator::v1::{
    GetProjectPolicyRequest, IamEnforcement, Role, SetIamEnforcementRequest, SetProjectPolicyRequest,
    SetRoleRequest,
};
use crate::refusal::Refusal;

control!(
    SetIamEnforcement(SetIamEnforcementRequest) -> IamEnforcement, changes: true,
    |state, request| {
        state.iam.enforce(request.enforced).map_err(told)?;
        Ok(IamEnforcement { enforced: state.iam.is_enforced() })
    }
);

control!(
    SetProjectPolicy(SetProjectPolicyRequest) -> Policy, changes: true,
    |state, request| {
        check(&request.resource)?;
        state.iam.set_policy(&request.resource, request.policy.unwrap_or_default(), None)
    }
);

control!(
    GetProjectPolicy(GetProjectPolicyRequest) -> Policy, changes: false,
    |state, request| {
        check(&request.resource)?;
        Ok(state.iam.policy(&request.resource))
    }
);

control!(
    SetRole(SetRoleRequest) -> Role, changes: true,
    |state, request| {
        let role = request.role.unwrap_or_default();
        state.iam.set_role(&role.name, &role.permissions).map_err(told)?;
        Ok(role)
    }
);

fn check(resource: &str) -> Result<(), Refusal> {
    match Kind::of(resource) {
        Some(Kind::Project) => Ok(()),
        _ => Err(Refusal::invalid(
            "resource is projects/PROJECT; rings and keys have google.iam.v1.IAMPolicy.",
        )),
    }
}
