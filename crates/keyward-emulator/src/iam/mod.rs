//! Who may do what: policies of projects, rings and keys, and whether they are enforced.
//!
//! Conditions are stored and given back, and not evaluated: while policies are enforced, one with a condition is refused.

mod get_iam_policy;
mod member;
mod permission;
mod place;
mod policy;
mod role;
mod set_iam_policy;
mod test_iam_permissions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use keyward_core::error::{Error, Result};
use keyward_core::kms::{KmsCode, KmsError};
use prost::Message;
use prost_types::FieldMask;
use tonic::Code;

use crate::interface::google::iam::v1::Policy;
use crate::interface::google::iam::v1::iam_policy_server::IamPolicy as IamPolicyInterface;
use crate::kms::field::name;
use crate::kms::unverified;
use crate::refusal::Refusal;
use crate::rpc::{Call, Caller, Method, Rpc};
use crate::service::service;
use crate::shelf::Shelf;
pub(crate) use place::Kind;

service! {
    /// The policies of rings and keys.
    IamPolicy: IamPolicyInterface {
        get_iam_policy => get_iam_policy::GetIamPolicy,
        set_iam_policy => set_iam_policy::SetIamPolicy,
        test_iam_permissions => test_iam_permissions::TestIamPermissions,
    }
}

/// A call of the policy service. It says itself which permission it takes: that depends on what the policy stands on.
const fn method(name: &'static str, changes: bool) -> Method {
    Method {
        service: "google.iam.v1.IAMPolicy",
        name,
        permission: "",
        changes,
    }
}

/// Most policies; of projects, rings and keys together.
const POLICIES: usize = 100_000;

/// Longest policies of all resources together, in bytes of their names and messages.
const POLICIES_LEN: usize = 64 * 1024 * 1024;

/// Most custom roles, and most permissions of one.
const ROLES: usize = 1000;

const POLICY: &str = "policy";
const ROLE: &str = "role";

/// The policies. Clones are the same policies.
#[derive(Clone)]
pub(crate) struct Iam(Arc<Inner>);

struct Inner {
    enforced: AtomicBool,
    shelf: Shelf,
    /// Held by whoever changes something, for as long as the disk takes.
    writing: Mutex<()>,
    /// Held for looking, and for the moment in which what is on the shelf becomes visible.
    held: RwLock<Held>,
}

/// What the shelf holds, for looking.
#[derive(Default)]
struct Held {
    policies: BTreeMap<String, Policy>,
    /// Length of all of them, as [`POLICIES_LEN`] counts.
    length: usize,
    roles: BTreeMap<String, BTreeSet<String>>,
}

impl Iam {
    /// The policies of a shelf. They are not enforced yet.
    ///
    /// # Errors
    /// What the shelf says; `INTERNAL` when it is damaged.
    pub(crate) fn open(shelf: &Shelf) -> Result<Self, KmsError> {
        let mut held = Held::default();
        for (name, value) in everything(shelf, POLICY)? {
            let policy = Policy::decode(&*value).map_err(|_| damaged(&name))?;
            held.length += length(&name, &policy);
            held.policies.insert(name, policy);
        }
        for (name, value) in everything(shelf, ROLE)? {
            let permissions = serde_json::from_slice(&value).map_err(|_| damaged(&name))?;
            held.roles.insert(name, permissions);
        }
        Ok(Self(Arc::new(Inner {
            enforced: AtomicBool::new(false),
            shelf: shelf.clone(),
            writing: Mutex::default(),
            held: RwLock::new(held),
        })))
    }

    /// Whether policies are enforced.
    pub(crate) fn is_enforced(&self) -> bool {
        self.0.enforced.load(Ordering::Acquire)
    }

    /// Enforces policies, or not.
    ///
    /// # Errors
    /// Refused while a policy has a condition.
    pub(crate) fn enforce(&self, enforced: bool) -> Result<()> {
        // Its turn keeps a policy with a condition from coming in between.
        let _turn = self.turn();
        let held = self.held();
        let conditional = held
            .policies
            .iter()
            .find(|(_, policy)| policy::has_conditions(policy));
        if let Some((name, _)) = conditional.filter(|_| enforced) {
            return Err(
                Error::refused("its policy has a condition, which this emulator does not evaluate")
                    .on(name)
                    .hint("take the condition out of the policy, or leave permissions unenforced"),
            );
        }
        self.0.enforced.store(enforced, Ordering::Release);
        Ok(())
    }

    /// Whether the caller may make a call about `resource`, in Google's order: the name first, since a permission stands
    /// on what can exist.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what is no name of what the call is about, and those of [`Self::check`].
    pub(crate) fn admit<R: Rpc>(&self, caller: &Caller, resource: &str) -> Result<(), Refusal> {
        if !self.is_enforced() {
            return Ok(());
        }
        R::check_name(resource)?;
        self.check(caller, &R::METHOD, resource)
    }

    /// Whether the caller holds the permission of `method` on `resource`.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, in the words that do not tell whether the resource exists.
    pub(crate) fn check(&self, caller: &Caller, method: &Method, resource: &str) -> Result<(), Refusal> {
        match method.permission.is_empty() || !self.is_enforced() {
            true => Ok(()),
            false => self.demand(caller, method.permission, resource),
        }
    }

    /// Whether the caller holds a permission on a resource.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(crate) fn demand(&self, caller: &Caller, permission: &str, resource: &str) -> Result<(), Refusal> {
        if self.holds(caller, permission, resource) {
            return Ok(());
        }
        let sentence =
            format!("Permission '{permission}' denied on resource '{resource}' (or it may not exist).");
        Err(Refusal::new(Code::PermissionDenied, sentence).reason(
            "IAM_PERMISSION_DENIED",
            &[("permission", permission), ("resource", resource)],
        ))
    }

    fn holds(&self, caller: &Caller, permission: &str, resource: &str) -> bool {
        let Caller::Bearer(token) = caller else {
            return true;
        };
        if !self.is_enforced() {
            return true;
        }
        let held = self.held();
        place::lineage(resource).any(|name| held.grants(name, token, permission))
    }

    /// The policy of a resource, as it is stored.
    pub(crate) fn policy(&self, resource: &str) -> Policy {
        let held = self.held();
        held.policies
            .get(resource)
            .cloned()
            .unwrap_or_else(policy::never_set)
    }

    /// Sets the policy of a resource, which the caller has checked to exist.
    ///
    /// # Errors
    /// `ABORTED` when the etag is not that of the current policy; `INVALID_ARGUMENT`; what the shelf says.
    pub(crate) fn set_policy(
        &self,
        resource: &str,
        policy: Policy,
        mask: Option<&FieldMask>,
    ) -> Result<Policy, Refusal> {
        self.change_policy(resource, |current| {
            let now = jiff::Timestamp::now().as_microsecond();
            policy::set(current, policy, mask, now)
        })
    }

    /// Puts a policy in the place of whatever there is, for the trouble file.
    ///
    /// # Errors
    /// A usage error when it is none, or the resource carries none; what the shelf says.
    pub(crate) fn replace(&self, resource: &str, policy: Policy) -> Result<()> {
        check_place(resource)?;
        let replaced = self.set_policy(resource, policy, None);
        replaced
            .map(|_| ())
            .map_err(|refusal| as_error(refusal, resource))
    }

    /// Adds a member to a role in the policy of a project, ring or key.
    ///
    /// # Errors
    /// A usage error when one of the three is not such a name; what the shelf says.
    pub(crate) fn grant(&self, resource: &str, role: &str, member: &str) -> Result<()> {
        check_place(resource)?;
        let granted = self.change_policy(resource, |current| {
            let mut policy = current.clone();
            policy::add(&mut policy, role, member);
            policy::set(current, policy, None, jiff::Timestamp::now().as_microsecond())
        });
        granted.map(|_| ()).map_err(|refusal| as_error(refusal, resource))
    }

    /// Says what a role permits that is not known here.
    ///
    /// # Errors
    /// A usage error when it is no role, or one that is known; what the shelf says.
    pub(crate) fn set_role(&self, name: &str, permissions: &[impl AsRef<str>]) -> Result<()> {
        if !policy::is_role(name) {
            return Err(Error::usage(format!(
                "`{}` is not the name of a role",
                crate::trouble::shown(name)
            ))
            .hint("write roles/custom.NAME or projects/PROJECT/roles/NAME"));
        }
        if role::permits(name, "").is_some() {
            return Err(Error::usage(format!(
                "{name} is Google's own role, and known here"
            )));
        }
        let permissions: BTreeSet<String> = permissions.iter().map(|name| name.as_ref().to_owned()).collect();
        if let Some(unknown) = permissions.iter().find(|name| !permission::exists(name)) {
            let unknown = crate::trouble::shown(unknown);
            return Err(Error::usage(format!(
                "`{unknown}` is not a permission of Cloud KMS"
            )));
        }
        let value = serde_json::to_vec(&permissions)
            .map_err(|error| Error::bug("a role has no JSON").because(error))?;
        let _turn = self.turn();
        let is_one_more = !self.held().roles.contains_key(name);
        if is_one_more && self.held().roles.len() >= ROLES {
            return Err(Error::refused(format!("there are {ROLES} custom roles already")));
        }
        self.0
            .shelf
            .change::<_, Error>(|shelved| Ok(shelved.put(ROLE, name, &value)?))?;
        self.held_mut().roles.insert(name.to_owned(), permissions);
        Ok(())
    }

    /// Not enforced, no policies of projects, no custom roles. Policies of rings and keys stay.
    ///
    /// # Errors
    /// What the shelf says.
    pub(crate) fn reset(&self) -> Result<()> {
        let _turn = self.turn();
        let is_project = |name: &str| Kind::of(name) == Some(Kind::Project);
        let (policies, roles): (Vec<_>, Vec<_>) = {
            let held = self.held();
            let policies = held.policies.keys().filter(|name| is_project(name));
            (policies.cloned().collect(), held.roles.keys().cloned().collect())
        };
        self.0.shelf.change::<_, Error>(|shelved| {
            for name in &policies {
                shelved.delete(POLICY, name)?;
            }
            for name in &roles {
                shelved.delete(ROLE, name)?;
            }
            Ok(())
        })?;
        let mut held = self.held_mut();
        held.policies.retain(|name, _| !is_project(name));
        held.length = held
            .policies
            .iter()
            .map(|(name, policy)| length(name, policy))
            .sum();
        held.roles.clear();
        self.0.enforced.store(false, Ordering::Release);
        Ok(())
    }

    /// Durable before it is visible.
    fn change_policy(
        &self,
        resource: &str,
        change: impl FnOnce(&Policy) -> Result<Policy, Refusal>,
    ) -> Result<Policy, Refusal> {
        let _turn = self.turn();
        let changed = change(&self.policy(resource))?;
        let length = {
            let held = self.held();
            if self.is_enforced() {
                held.check_enforceable(&changed)?;
            }
            held.length_with(resource, &changed)?
        };
        self.0
            .shelf
            .change::<_, Refusal>(|shelved| Ok(shelved.put(POLICY, resource, &changed.encode_to_vec())?))?;
        let mut held = self.held_mut();
        held.length = length;
        held.policies.insert(resource.to_owned(), changed.clone());
        Ok(changed)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The length of all policies once `resource` has this one.
    fn length_with(&self, resource: &str, policy: &Policy) -> Result<usize, Refusal> {
        let before = self.policies.get(resource);
        let others = self.length - before.map_or(0, |before| length(resource, before));
        let length = others + length(resource, policy);
        let is_one_more = before.is_none() && self.policies.len() >= POLICIES;
        match is_one_more || length > POLICIES_LEN {
            true => Err(Refusal::new(
                Code::ResourceExhausted,
                format!(
                    "All policies together are too large: {POLICIES} of them, or {POLICIES_LEN} bytes, is the limit."
                ),
            )),
            false => Ok(length),
        }
    }

    fn grants(&self, resource: &str, token: &str, permission: &str) -> bool {
        let Some(policy) = self.policies.get(resource) else {
            return false;
        };
        policy.bindings.iter().any(|binding| {
            binding.condition.is_none()
                && binding.members.iter().any(|member| member::is(member, token))
                && self.permits(&binding.role, permission)
        })
    }

    fn permits(&self, role: &str, permission: &str) -> bool {
        let custom = || {
            self.roles
                .get(role)
                .is_some_and(|permissions| permissions.contains(permission))
        };
        role::permits(role, permission).unwrap_or_else(custom)
    }

    /// A policy that would not do what it says is refused while policies count.
    fn check_enforceable(&self, policy: &Policy) -> Result<(), Refusal> {
        for binding in &policy.bindings {
            if let Some(condition) = &binding.condition {
                let title = crate::trouble::shown(&condition.title);
                return Err(Refusal::new(
                    Code::Unimplemented,
                    format!(
                        "Condition `{title}` of {} is not evaluated by this emulator.",
                        binding.role
                    ),
                ));
            }
            if role::permits(&binding.role, "").is_none() && !self.roles.contains_key(&binding.role) {
                return Err(Refusal::invalid(format!(
                    "Role {} is not supported for this resource.",
                    binding.role
                )));
            }
        }
        Ok(())
    }
}

/// Whether a name is one of a resource with a policy that this emulator serves.
fn check_name(resource: &str) -> Result<(), Refusal> {
    match Kind::of(resource) {
        Some(Kind::Ring) => name::ring(resource).map(drop),
        Some(Kind::Key) => name::key(resource).map(drop),
        Some(Kind::ImportJob) => name::check_in_ring("ImportJob", "importJobs", resource),
        Some(Kind::Project) | None => Err(unverified::malformed("resource with a policy", resource)),
    }
}

/// Whether there is such a resource.
fn existing(call: &Call<'_>, resource: &str) -> Result<(), Refusal> {
    check_name(resource)?;
    match Kind::of(resource) {
        Some(Kind::Ring) => Ok(call.state.keys.ring(&name::ring(resource)?).map(drop)?),
        Some(Kind::Key) => Ok(call.state.keys.key(&name::key(resource)?).map(drop)?),
        _ => Err(name::not_found("ImportJob", resource)),
    }
}

/// The permission to get or set the policy of a resource: it depends on what that is.
fn permission_for(resource: &str, verb: &str) -> String {
    let kind = match Kind::of(resource) {
        Some(Kind::Key) => "cryptoKeys",
        Some(Kind::ImportJob) => "importJobs",
        _ => "keyRings",
    };
    format!("cloudkms.{kind}.{verb}IamPolicy")
}

fn check_place(resource: &str) -> Result<()> {
    match Kind::of(resource) {
        Some(_) => Ok(()),
        None => Err(
            Error::usage(format!("`{}` carries no policy", crate::trouble::shown(resource)))
                .hint("policies stand on projects, key rings and keys"),
        ),
    }
}

/// Without a resource: a trouble file puts its own place there.
fn as_error(refusal: Refusal, resource: &str) -> Error {
    let what = format!("{}: {}", crate::trouble::shown(resource), refusal.message);
    match refusal.code {
        Code::InvalidArgument | Code::Unimplemented => Error::usage(what),
        _ => Error::unavailable(what),
    }
}

fn length(resource: &str, policy: &Policy) -> usize {
    resource.len() + policy.encoded_len()
}

fn everything(shelf: &Shelf, namespace: &str) -> Result<Vec<(String, Vec<u8>)>, KmsError> {
    shelf.read(|shelved| shelved.scan(namespace, "", None, usize::MAX))
}

fn damaged(name: &str) -> KmsError {
    KmsError::new(
        KmsCode::Internal,
        format!("emulator.db is damaged: what it holds for {name} is no policy"),
    )
}

#[cfg(test)]
mod tests;
