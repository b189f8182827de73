//! A policy: what it may say, how it is changed without losing somebody else's change, and whom it permits.

use prost_types::FieldMask;
use tonic::Code;

use super::member;
use crate::interface::google::iam::v1::{Binding, Policy};
use crate::refusal::Refusal;

/// The etag of a policy that was never set, as Google's services answer it.
const NEVER_SET: &[u8] = &[0x00, 0x20, 0x01];

/// The version of policies whose bindings have conditions.
const WITH_CONDITIONS: i32 = 3;

/// Most members of all bindings together (IAM documentation, "Quotas and limits").
const MEMBERS: usize = 1500;

/// Longest name of a role, in bytes.
const LONGEST_ROLE: usize = 256;

/// Longest policy, in bytes of its message.
const LONGEST: usize = 256 * 1024;

/// The policy of what has none.
pub(super) fn never_set() -> Policy {
    Policy {
        etag: NEVER_SET.to_vec(),
        ..Policy::default()
    }
}

/// `current` after a call that sets `new`: the fields that the mask names, by default bindings and etag.
///
/// # Errors
/// `ABORTED` when `new` was made from another policy than the current one; `INVALID_ARGUMENT` for what no policy says.
pub(super) fn set(
    current: &Policy,
    new: Policy,
    mask: Option<&FieldMask>,
    now: i64,
) -> Result<Policy, Refusal> {
    let masked = masked(mask)?;
    if !new.etag.is_empty() && new.etag != current.etag {
        return Err(Refusal::new(
            Code::Aborted,
            "There were concurrent policy changes. Read the policy again, and repeat the change with the new etag.",
        ));
    }
    let mut policy = current.clone();
    if masked.contains(&"bindings") {
        check_version(&new)?;
        policy.bindings = merged(new.bindings);
    }
    if masked.contains(&"audit_configs") {
        policy.audit_configs = new.audit_configs;
    }
    policy.version = if has_conditions(&policy) {
        WITH_CONDITIONS
    } else {
        1
    };
    policy.etag = next_etag(&current.etag, now);
    check(&policy)?;
    Ok(policy)
}

/// As a caller sees it who asked for a version. One who does not know conditions sees roles of other names in their
/// place, so that writing back what was read cannot turn a conditional binding into an unconditional one.
///
/// # Errors
/// `INVALID_ARGUMENT` for a version that there is not.
pub(super) fn shown(mut policy: Policy, requested: i32) -> Result<Policy, Refusal> {
    if ![0, 1, WITH_CONDITIONS].contains(&requested) {
        return Err(Refusal::invalid(format!(
            "requested_policy_version is {requested}; there are 0, 1 and 3."
        )));
    }
    if requested < WITH_CONDITIONS && has_conditions(&policy) {
        policy.version = 1;
        for (index, binding) in policy.bindings.iter_mut().enumerate() {
            if binding.condition.take().is_some() {
                binding.role = format!("{}{WITH_CONDITION}{index:020x}", binding.role);
            }
        }
    }
    Ok(policy)
}

/// What the roles of conditional bindings have behind their names for callers who do not know conditions.
const WITH_CONDITION: &str = "_withcond_";

pub(super) fn has_conditions(policy: &Policy) -> bool {
    policy.bindings.iter().any(|binding| binding.condition.is_some())
}

/// Adds a member to a role, without a condition.
pub(super) fn add(policy: &mut Policy, role: &str, member: &str) {
    policy.bindings.push(Binding {
        role: role.to_owned(),
        members: vec![member.to_owned()],
        condition: None,
    });
    policy.bindings = merged(std::mem::take(&mut policy.bindings));
}

fn masked(mask: Option<&FieldMask>) -> Result<Vec<&str>, Refusal> {
    let mask = mask.filter(|mask| !mask.paths.is_empty());
    let Some(mask) = mask else {
        return Ok(vec!["bindings", "etag"]);
    };
    let known = ["bindings", "etag", "audit_configs", "version"];
    let paths: Vec<_> = mask.paths.iter().map(|path| path.trim()).collect();
    match paths.iter().find(|path| !known.contains(path)) {
        Some(path) => Err(Refusal::invalid(format!(
            "update_mask names `{}`; a policy has bindings, etag, audit_configs and version.",
            crate::trouble::shown(path)
        ))),
        None => Ok(paths),
    }
}

fn check_version(policy: &Policy) -> Result<(), Refusal> {
    if ![0, 1, WITH_CONDITIONS].contains(&policy.version) {
        return Err(Refusal::invalid(format!(
            "Policies have version 0, 1 or 3, not {}.",
            policy.version
        )));
    }
    match has_conditions(policy) && policy.version != WITH_CONDITIONS {
        true => Err(Refusal::invalid("A policy with conditions has version 3.")),
        false => Ok(()),
    }
}

fn check(policy: &Policy) -> Result<(), Refusal> {
    let members: usize = policy.bindings.iter().map(|binding| binding.members.len()).sum();
    if members > MEMBERS || prost::Message::encoded_len(policy) > LONGEST {
        return Err(Refusal::invalid(format!(
            "The policy is too large: at most {MEMBERS} members, and {LONGEST} bytes."
        )));
    }
    for binding in &policy.bindings {
        if !is_role(&binding.role) {
            let role = crate::trouble::shown(&binding.role);
            return Err(Refusal::invalid(format!(
                "Role `{role}` is not the name of a role."
            )));
        }
        if let Some(bad) = binding
            .members
            .iter()
            .find(|member| !member::is_well_formed(member))
        {
            let bad = crate::trouble::shown(bad);
            return Err(Refusal::invalid(format!(
                "Member `{bad}` is not one: write user:, serviceAccount:, group: or domain: before a name."
            )));
        }
    }
    Ok(())
}

/// `roles/R`, `projects/P/roles/R` or `organizations/O/roles/R`.
pub(super) fn is_role(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    let id = match *parts {
        ["roles", id] => id,
        ["projects" | "organizations", parent, "roles", id] if !parent.is_empty() => id,
        _ => return false,
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    name.len() <= LONGEST_ROLE && !id.is_empty() && id.bytes().all(allowed) && !id.contains(WITH_CONDITION)
}

/// One binding a role and condition, each member once, none without members.
fn merged(bindings: Vec<Binding>) -> Vec<Binding> {
    let mut merged: Vec<Binding> = Vec::new();
    for binding in bindings {
        let same = |other: &&mut Binding| other.role == binding.role && other.condition == binding.condition;
        let Some(into) = merged.iter_mut().find(same) else {
            merged.push(binding);
            continue;
        };
        into.members.extend(binding.members);
    }
    for binding in &mut merged {
        let mut seen = std::collections::BTreeSet::new();
        binding.members.retain(|member| seen.insert(member.clone()));
    }
    merged.retain(|binding| !binding.members.is_empty());
    merged
}

/// Never one that was there before: the time in microseconds, or one more than the last.
fn next_etag(last: &[u8], now: i64) -> Vec<u8> {
    let last = last.try_into().map_or(0, u64::from_be_bytes) & NUMBER;
    let next = (last + 1).max(now.max(0).cast_unsigned() & NUMBER);
    (MARK | next).to_be_bytes().to_vec()
}

/// The first byte of an etag, and the rest of it.
const MARK: u64 = 0x07 << 56;
const NUMBER: u64 = (1 << 56) - 1;
