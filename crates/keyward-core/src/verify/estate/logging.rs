//! V24: uses of keys are logged, so that a use that fails can be seen.

use super::{Check, CheckId, EstateEvidence, HARDEN, ProjectSeen, Verdict};
use crate::estate::{AuditConfig, Place};
use crate::kms::Observed;

pub(super) fn judge(_evidence: EstateEvidence<'_>, id: &str, seen: &ProjectSeen) -> Check {
    let verdict = logged(id, seen);
    Check::new(CheckId::V24, format!("projects/{id}"), verdict).next(HARDEN.to_owned())
}

/// Whether uses of keys are logged. What is logged at one place is logged at all that lie in it, and so are exemptions.
pub(super) fn logged(id: &str, seen: &ProjectSeen) -> Verdict {
    let mut doubts: Vec<_> = seen.cut(id).into_iter().collect();
    let mut on: Option<Place> = None;
    let mut exempted = Vec::new();
    for place in seen.places(id) {
        match seen.policies.get(&place) {
            Some(Observed::Present(policy)) => {
                for config in policy.audit.iter().filter(|config| is_about_uses(config)) {
                    exempted.extend(config.exempted.iter().cloned());
                    on.get_or_insert_with(|| place.clone());
                }
            }
            Some(Observed::Absent) => {}
            Some(Observed::Unknown(why)) => doubts.push(format!("the policy of {place}: {why}")),
            None => doubts.push(format!("the policy of {place} was not looked at")),
        }
    }
    match (on, exempted.first()) {
        (Some(place), Some(member)) => Verdict::Fail(format!(
            "uses by {member} are exempted from the log that {place} keeps"
        )),
        (Some(_), None) => Verdict::Pass,
        (None, _) if doubts.is_empty() => {
            Verdict::Fail("Data Access logs (DATA_READ) of Cloud KMS are off: uses leave no trace".to_owned())
        }
        (None, _) => Verdict::Unknown(doubts.join("; ")),
    }
}

fn is_about_uses(config: &AuditConfig) -> bool {
    let service = ["cloudkms.googleapis.com", "allServices"].contains(&config.service.as_str());
    service && config.log_type == "DATA_READ"
}
