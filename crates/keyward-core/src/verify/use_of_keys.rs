//! V18, V19: the key works now, and files name only keys that their keyring has.

use super::versions::rescue;
use super::{Canary, Check, CheckId, Evidence, Scan, Verdict};
use crate::key::VersionState;

pub(super) fn canary(evidence: Evidence<'_>) -> Check {
    let verdict = match &evidence.seen.canary {
        Canary::Opened(version) => answered_by(evidence, version.name.number()),
        Canary::Failed(why) => Verdict::Fail(why.clone()),
        Canary::Unknown(why) => Verdict::Unknown(why.clone()),
        Canary::Off(why) => Verdict::NotApplicable(why.clone()),
    };
    evidence
        .check(CheckId::V18, verdict)
        .next(rescue_of_primary(evidence))
}

/// What brings the primary back, when that is what it needs.
fn rescue_of_primary(evidence: Evidence<'_>) -> Option<String> {
    let (key, versions) = evidence.live().ok()?;
    let number = key.primary?;
    let primary = versions.iter().find(|version| version.name.number() == number)?;
    rescue(evidence, primary)
}

/// The primary should have answered. A change of primary takes its time (Cloud KMS documentation, "Consistency"), so
/// that another enabled version may answer for a while; any other answer is wrong.
fn answered_by(evidence: Evidence<'_>, number: u64) -> Verdict {
    let (key, versions) = match evidence.live() {
        Ok(live) => live,
        Err(verdict) => return verdict,
    };
    let primary = match key.primary {
        Some(primary) if primary == number => return Verdict::Pass,
        Some(primary) => format!("the primary is {primary}"),
        None => "the key has no primary".to_owned(),
    };
    let answered = versions.iter().find(|version| version.name.number() == number);
    match answered.map(|version| version.state) {
        Some(VersionState::Enabled) => Verdict::Unknown(format!(
            "version {number} answered, and {primary}: the change may not have arrived everywhere yet"
        )),
        _ => Verdict::Fail(format!(
            "version {number} answered, which is not an enabled one, and {primary}"
        )),
    }
}

/// One finding for one keyring.
pub(super) fn names(keyring: &str, scan: &Scan) -> Check {
    let verdict = match scan.foreign.get(keyring) {
        Some(foreign) => Verdict::Fail(format!(
            "files are wrapped under keys that the keyring does not have: {}",
            foreign.text()
        )),
        None if !scan.unread.is_empty() => {
            Verdict::Unknown(format!("could not be read: {}", scan.unread.text()))
        }
        None => Verdict::Pass,
    };
    Check::new(CheckId::V19, format!("keyring {keyring}"), verdict)
}
