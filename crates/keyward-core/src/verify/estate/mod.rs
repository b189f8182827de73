//! V21 to V36: what is around the keys in a cloud. They take more rights than the gate, and run where `checks:` names them.

mod alert;
mod consumers;
mod events;
mod filter;
mod logging;
mod org_policies;
mod project;
mod rescuers;
mod seen;
mod who;

use std::collections::BTreeSet;

pub use events::OwnChange;
pub use seen::{EstateSeen, KeySeen, PlaceSeen, ProjectSeen};
pub use who::{powers, who_may_end};

use super::{Check, CheckId, Verdict};
use crate::clock::Timestamp;
use crate::kms::Observed;
use crate::manifest::{KeyringSpec, Manifest};
use crate::name::{KeyRef, Provider};

/// The command that prints what to set up against most of what these checks find.
const HARDEN: &str = "keyward harden --format gcloud";

/// Organisation policies that V22 asks about.
pub const CONSTRAINTS: [&str; 3] = [
    "cloudkms.minimumDestroyScheduledDuration",
    "cloudkms.disableBeforeDestroy",
    "cloudkms.allowedProtectionLevels",
];

/// The checks, by the numbers that the manifest has.
const CHECKS: [(u8, CheckId); 13] = [
    (21, CheckId::V21),
    (22, CheckId::V22),
    (23, CheckId::V23),
    (24, CheckId::V24),
    (25, CheckId::V25),
    (26, CheckId::V26),
    (27, CheckId::V27),
    (28, CheckId::V28),
    (30, CheckId::V30),
    (32, CheckId::V32),
    (34, CheckId::V34),
    (35, CheckId::V35),
    (36, CheckId::V36),
];

/// What is judged, and against what.
#[derive(Clone, Copy)]
pub struct EstateEvidence<'a> {
    /// What should be.
    pub manifest: &'a Manifest,
    /// The keyrings that are looked at.
    pub keyrings: &'a [&'a KeyringSpec],
    /// What was seen.
    pub seen: &'a EstateSeen,
    /// What our own audit log says was done, since [`EstateSeen::since`].
    pub own: &'a Observed<Vec<OwnChange>>,
    /// The instant of the verification.
    pub now: Timestamp,
}

impl<'a> EstateEvidence<'a> {
    /// The keys in Google Cloud, with their keyrings.
    fn keys(self) -> impl Iterator<Item = (&'a KeyRef, &'a KeyringSpec)> {
        let keyrings = self.keyrings.iter().copied();
        let keys = keyrings.flat_map(|keyring| keyring.keys().iter().map(move |key| (key, keyring)));
        keys.filter(|(key, _)| key.provider == Provider::Gcp)
    }

    /// Their projects.
    fn projects(self) -> BTreeSet<&'a str> {
        self.keys().map(|(key, _)| key.name.ring().project()).collect()
    }

    /// One finding a key.
    fn by_key(self, judge: impl Fn(Self, &KeyRef, &KeyringSpec) -> Check) -> Vec<Check> {
        self.keys()
            .map(|(key, keyring)| judge(self, key, keyring))
            .collect()
    }

    /// One finding a project.
    fn by_project(self, judge: impl Fn(Self, &str, &ProjectSeen) -> Check) -> Vec<Check> {
        let unseen = ProjectSeen::default();
        let seen = |project: &str| self.seen.projects.get(project).unwrap_or(&unseen);
        self.projects()
            .into_iter()
            .map(|project| judge(self, project, seen(project)))
            .collect()
    }
}

/// Judges what is around the keys. A check that the manifest does not name does not apply.
pub fn judge_estate(evidence: EstateEvidence<'_>) -> Vec<Check> {
    let all = CHECKS.iter().flat_map(|(number, id)| {
        if !evidence.manifest.checks().contains(number) {
            let why = format!("`checks:` in the manifest does not name {id}");
            return vec![not_applicable(*id, why)];
        }
        if evidence.keys().next().is_none() {
            return vec![not_applicable(*id, "no key is in Google Cloud".to_owned())];
        }
        judge(*id, evidence)
    });
    all.collect()
}

fn judge(id: CheckId, evidence: EstateEvidence<'_>) -> Vec<Check> {
    match id {
        CheckId::V21 => evidence.by_key(who::judge),
        CheckId::V22 => evidence.by_project(org_policies::judge),
        CheckId::V23 => evidence.by_project(alert::judge),
        CheckId::V24 => evidence.by_project(logging::judge),
        CheckId::V25 => evidence.by_project(events::changes),
        CheckId::V26 => evidence.by_project(events::failed_uses),
        CheckId::V27 => evidence.by_key(consumers::protected),
        CheckId::V28 => consumers::buckets(evidence),
        CheckId::V34 => evidence.by_project(project::judge),
        CheckId::V35 => evidence.by_key(rescuers::judge),
        CheckId::V36 => evidence.by_project(project::denied),
        CheckId::V30 => vec![not_applicable(
            id,
            "a keyring has no keys that the provider makes by itself or keeps in a module of one tenant"
                .to_owned(),
        )],
        _ => vec![not_applicable(
            id,
            "what a change will ask for is known when it is planned only".to_owned(),
        )],
    }
}

fn not_applicable(id: CheckId, why: String) -> Check {
    Check::new(id, crate::manifest::FILE_NAME, Verdict::NotApplicable(why))
}

/// What is there, or the verdict of every check that needs it.
fn present<'a, T>(what: &str, seen: &'a Observed<T>) -> Result<&'a T, Verdict> {
    match seen {
        Observed::Present(value) => Ok(value),
        Observed::Absent => Err(Verdict::Fail(format!("{what} is not there"))),
        Observed::Unknown(why) => Err(Verdict::Unknown(format!("{what}: {why}"))),
    }
}

/// Of several complaints: failed for any, else unknown for any doubt, else passed.
fn verdict(complaints: Vec<String>, doubts: Vec<String>) -> Verdict {
    if !complaints.is_empty() {
        Verdict::Fail(complaints.join("; "))
    } else if !doubts.is_empty() {
        Verdict::Unknown(doubts.join("; "))
    } else {
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests;
