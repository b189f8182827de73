//! Who holds a permission on a key: a pure answer out of every policy that decides about it.

use std::collections::BTreeMap;

use super::deny::Denied;
use super::{DenyPolicy, Member, Place, Policy, Roles};
use crate::kms::Observed;

/// Everything that decides about one key.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The policies of the key and of everything that it lies in.
    pub policies: Vec<(Place, &'a Observed<Policy>)>,
    /// Deny policies of the project and of what it lies in. One that could not be seen takes away nothing.
    pub denies: Vec<&'a Observed<Vec<DenyPolicy>>>,
    /// What roles permit.
    pub roles: &'a Roles,
    /// Why it is not known what the key lies in, if it is not.
    pub cut: Option<String>,
}

/// Who holds a permission, each with the grant that shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Who certainly does.
    pub sure: BTreeMap<String, Grant>,
    /// Who may: by a condition, a role that could not be read, or unless a deny policy says otherwise.
    pub maybe: BTreeMap<String, String>,
    /// Why more may that are not seen.
    pub unseen: Vec<String>,
}

/// A role that was granted somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: String,
    /// Where.
    pub place: Place,
}

impl Chain<'_> {
    /// Who holds any of `permissions`.
    pub fn holders(&self, permissions: &[&str]) -> Holders {
        let mut holders = Holders::default();
        holders.unseen.extend(self.cut.clone());
        for (place, policy) in &self.policies {
            match policy {
                Observed::Present(policy) => self.add(place, policy, permissions, &mut holders),
                Observed::Absent => {}
                Observed::Unknown(why) => {
                    holders
                        .unseen
                        .push(format!("the policy of {place} was not seen: {why}"));
                }
            }
        }
        let Holders { sure, maybe, .. } = &mut holders;
        maybe.retain(|member, _| !sure.contains_key(member));
        holders
    }

    fn add(&self, place: &Place, policy: &Policy, permissions: &[&str], holders: &mut Holders) {
        for binding in &policy.bindings {
            let members = || {
                binding
                    .members
                    .iter()
                    .filter(|member| Member::of(member) != Member::Deleted)
            };
            let on = format!("{} on {place}", binding.role);
            for permission in permissions {
                match self.roles.permits(&binding.role, &[permission]) {
                    Ok(false) => {}
                    Ok(true) => members().for_each(|member| {
                        let doubt = match self.denied(member, permission) {
                            Denied::Yes => return,
                            Denied::Maybe => Some(format!("{on}, unless a deny policy takes it away")),
                            Denied::No if binding.conditional => Some(format!("{on}, on a condition")),
                            Denied::No => None,
                        };
                        match doubt {
                            Some(doubt) => drop(holders.maybe.insert(member.clone(), doubt)),
                            None => drop(holders.sure.insert(member.clone(), grant(&binding.role, place))),
                        }
                    }),
                    Err(why) => members().for_each(|member| {
                        holders.maybe.insert(member.clone(), format!("{on}; {why}"));
                    }),
                }
            }
        }
    }

    fn denied(&self, member: &str, permission: &str) -> Denied {
        let policies = self.denies.iter().filter_map(|seen| match seen {
            Observed::Present(policies) => Some(policies),
            _ => None,
        });
        let mut worst = Denied::No;
        for rule in policies.flatten().flat_map(|policy| &policy.rules) {
            match rule.denies(member, permission) {
                Denied::Yes => return Denied::Yes,
                Denied::Maybe => worst = Denied::Maybe,
                Denied::No => {}
            }
        }
        worst
    }
}

impl Holders {
    /// Whether this is everybody, so that who is not in it holds nothing.
    pub fn is_whole(&self) -> bool {
        self.maybe.is_empty() && self.unseen.is_empty()
    }

    /// Why it may not be everybody.
    pub fn doubt(&self) -> Option<String> {
        let maybe = self
            .maybe
            .iter()
            .next()
            .map(|(member, how)| format!("{member} may: {how}"));
        self.unseen.first().cloned().or(maybe)
    }
}

fn grant(role: &str, place: &Place) -> Grant {
    Grant {
        role: role.to_owned(),
        place: place.clone(),
    }
}
