//! V22: organisation policies slow destruction down, and do not stand in the way of what is declared.

use std::time::Duration;

use super::{CONSTRAINTS, Check, CheckId, EstateEvidence, HARDEN, ProjectSeen, verdict};
use crate::estate::{Allowed, Constraint};
use crate::kms::Observed;
use crate::manifest::{KeyringSpec, Protection, duration_text};

/// What one policy leaves to be desired.
enum Say {
    Nothing,
    Complaint(String),
    Doubt(String),
}

pub(super) fn judge(evidence: EstateEvidence<'_>, project: &str, seen: &ProjectSeen) -> Check {
    let keyrings: Vec<_> = evidence
        .keys()
        .filter(|(key, _)| key.name.ring().project() == project)
        .collect();
    let (mut complaints, mut doubts) = (Vec::new(), Vec::new());
    for name in CONSTRAINTS {
        let said = match seen.constraints.get(name) {
            Some(Observed::Present(Constraint::Open(why))) => Say::Doubt(format!("{name} {why}")),
            Some(Observed::Present(found)) => {
                about(name, found, keyrings.iter().map(|(_, keyring)| *keyring))
            }
            Some(Observed::Absent) => about(name, &Constraint::Values(Allowed::All), [].into_iter()),
            Some(Observed::Unknown(why)) => Say::Doubt(format!("{name}: {why}")),
            None => Say::Doubt(format!("{name} was not looked at")),
        };
        match said {
            Say::Nothing => {}
            Say::Complaint(text) => complaints.push(text),
            Say::Doubt(text) => doubts.push(text),
        }
    }
    let verdict = verdict(complaints, doubts);
    Check::new(CheckId::V22, format!("projects/{project}"), verdict).next(HARDEN.to_owned())
}

fn about<'a>(name: &str, found: &Constraint, keyrings: impl Iterator<Item = &'a KeyringSpec>) -> Say {
    if name == CONSTRAINTS[0] {
        return window(name, found, keyrings.map(|keyring| keyring.destroy_after).max());
    }
    if name == CONSTRAINTS[1] {
        return match found {
            Constraint::Enforced(true) => Say::Nothing,
            _ => Say::Complaint(format!(
                "{name} is not enforced: an enabled version can be destroyed"
            )),
        };
    }
    let mut declared = keyrings.map(|keyring| keyring.protection);
    match found {
        Constraint::Values(allowed) => match declared.find(|level| !permits(allowed, *level)) {
            Some(level) => Say::Complaint(format!(
                "{name} does not allow {}, which is declared",
                word(level)
            )),
            None => Say::Nothing,
        },
        _ => Say::Doubt(format!("{name} is not a list of levels")),
    }
}

/// The shortest destroy window that a new key may have.
fn window(name: &str, found: &Constraint, declared: Option<Duration>) -> Say {
    let declared = declared.unwrap_or_default();
    match found {
        Constraint::Values(Allowed::Only(values)) => {
            let shortest = values.iter().map(|value| days(value)).min();
            match shortest.flatten() {
                Some(shortest) if shortest >= declared => Say::Nothing,
                Some(shortest) => Say::Complaint(format!(
                    "{name} is {}, and {} is declared: a key with a shorter window can be made",
                    duration_text(shortest),
                    duration_text(declared)
                )),
                None => Say::Doubt(format!(
                    "{name} has values that are not known here: {}",
                    values.join(", ")
                )),
            }
        }
        Constraint::Values(Allowed::AllBut(values)) => Say::Doubt(format!(
            "{name} denies {}, which is not understood here",
            values.join(", ")
        )),
        _ => Say::Complaint(format!(
            "{name} is not set: a key with a window of one day can be made"
        )),
    }
}

/// The length in a value such as `in:30d`. Not verified against the service: that form is from second hand.
fn days(value: &str) -> Option<Duration> {
    let number: u32 = value
        .strip_prefix("in:")
        .unwrap_or(value)
        .strip_suffix('d')?
        .parse()
        .ok()?;
    Some(Duration::from_secs(u64::from(number) * 86_400))
}

fn permits(allowed: &Allowed, level: Protection) -> bool {
    let is_in = |values: &[String]| {
        values
            .iter()
            .any(|value| value.trim_start_matches("is:") == word(level))
    };
    match allowed {
        Allowed::All => true,
        Allowed::None => false,
        Allowed::Only(values) => is_in(values),
        Allowed::AllBut(values) => !is_in(values),
    }
}

fn word(level: Protection) -> &'static str {
    match level {
        Protection::Software => "SOFTWARE",
        Protection::Hsm => "HSM",
    }
}
