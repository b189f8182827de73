//! What was seen around the keys.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::estate::{
    AdminEvent, AlertPolicy, Billing, Bucket, Chain, Channel, Constraint, DenyPolicy, FailedUse, Lien,
    LogBucket, LogMetric, Place, Policy, Project, Protected, Roles,
};
use crate::key::KeyVersion;
use crate::kms::Observed;
use crate::name::KeyRef;

/// Everything that was seen around the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EstateSeen {
    /// Since when events are listed.
    pub since: Timestamp,
    /// By the id of the project that keys are in.
    pub projects: BTreeMap<String, ProjectSeen>,
    /// By key.
    pub keys: BTreeMap<KeyRef, KeySeen>,
    /// What the roles permit that occur in the policies.
    pub roles: Roles,
    /// By the id of each project in which buckets are looked for.
    pub places: BTreeMap<String, PlaceSeen>,
    /// Buckets that the manifest names.
    pub buckets: BTreeMap<String, Observed<Bucket>>,
}

/// What was seen of a project. What was not looked at is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSeen {
    /// The project.
    pub project: Observed<Project>,
    /// What it lies in, nearest first.
    pub ancestors: Observed<Vec<Place>>,
    /// The policies of the project and of what it lies in.
    pub policies: BTreeMap<Place, Observed<Policy>>,
    /// Deny policies there.
    pub denies: BTreeMap<Place, Observed<Vec<DenyPolicy>>>,
    /// Who pays.
    pub billing: Observed<Billing>,
    /// What holds it.
    pub liens: Observed<Vec<Lien>>,
    /// Whether Cloud KMS is on.
    pub service: Observed<bool>,
    /// Organisation policies, by constraint.
    pub constraints: BTreeMap<String, Observed<Constraint>>,
    /// Alert policies.
    pub alerts: Observed<Vec<AlertPolicy>>,
    /// Metrics that count log entries.
    pub metrics: Observed<Vec<LogMetric>>,
    /// Who can be told.
    pub channels: Observed<Vec<Channel>>,
    /// Changes that the provider has logged.
    pub changes: Observed<Vec<AdminEvent>>,
    /// Uses that failed.
    pub failed_uses: Observed<Vec<FailedUse>>,
}

/// What was seen of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySeen {
    /// Its own policy.
    pub policy: Observed<Policy>,
    /// That of its ring.
    pub ring_policy: Observed<Policy>,
    /// What the provider keeps under it.
    pub protected: Observed<Protected>,
    /// Its versions.
    pub versions: Observed<Vec<KeyVersion>>,
}

/// What was seen of a project in which buckets are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceSeen {
    /// Its buckets.
    pub buckets: Observed<Vec<Bucket>>,
    /// Its log buckets.
    pub log_buckets: Observed<Vec<LogBucket>>,
}

fn unseen<T>() -> Observed<T> {
    Observed::Unknown("it was not looked at".to_owned())
}

impl Default for ProjectSeen {
    fn default() -> Self {
        Self {
            project: unseen(),
            ancestors: unseen(),
            policies: BTreeMap::new(),
            denies: BTreeMap::new(),
            billing: unseen(),
            liens: unseen(),
            service: unseen(),
            constraints: BTreeMap::new(),
            alerts: unseen(),
            metrics: unseen(),
            channels: unseen(),
            changes: unseen(),
            failed_uses: unseen(),
        }
    }
}

impl Default for KeySeen {
    fn default() -> Self {
        Self {
            policy: unseen(),
            ring_policy: unseen(),
            protected: unseen(),
            versions: unseen(),
        }
    }
}

impl Default for PlaceSeen {
    fn default() -> Self {
        Self {
            buckets: unseen(),
            log_buckets: unseen(),
        }
    }
}

impl EstateSeen {
    /// Everything that decides who may do what to `key`.
    pub(super) fn chain(&self, key: &KeyRef) -> Chain<'_> {
        let mut chain = Chain {
            policies: Vec::new(),
            denies: Vec::new(),
            roles: &self.roles,
            cut: None,
        };
        let ring = key.name.ring();
        if let Some(seen) = self.keys.get(key) {
            chain.policies.push((Place::Key(key.name.clone()), &seen.policy));
            chain
                .policies
                .push((Place::Ring(ring.clone()), &seen.ring_policy));
        } else {
            chain.cut = Some(format!("the policy of {} was not looked at", key.name));
        }
        match self.projects.get(ring.project()) {
            Some(project) => project.complete(ring.project(), &mut chain),
            None => {
                chain.cut = Some(format!(
                    "the policy of projects/{} was not looked at",
                    ring.project()
                ))
            }
        }
        chain
    }
}

impl ProjectSeen {
    /// Where policies decide about the project: itself, and what it lies in as far as that is known.
    pub(super) fn places(&self, id: &str) -> Vec<Place> {
        let mut places = vec![Place::Project(id.to_owned())];
        if let Observed::Present(ancestors) = &self.ancestors {
            places.extend(ancestors.iter().cloned());
        }
        places
    }

    /// Why it is not known what the project lies in, if it is not.
    pub(super) fn cut(&self, id: &str) -> Option<String> {
        match &self.ancestors {
            Observed::Present(_) => None,
            Observed::Absent => Some(format!("what projects/{id} lies in is not there")),
            Observed::Unknown(why) => Some(format!("what projects/{id} lies in was not seen: {why}")),
        }
    }

    fn complete<'a>(&'a self, id: &str, chain: &mut Chain<'a>) {
        for place in self.places(id) {
            match self.policies.get(&place) {
                Some(policy) => chain.policies.push((place.clone(), policy)),
                None => chain.cut = Some(format!("the policy of {place} was not looked at")),
            }
            chain.denies.extend(self.denies.get(&place));
        }
        chain.cut = self.cut(id).or_else(|| chain.cut.take());
    }
}
