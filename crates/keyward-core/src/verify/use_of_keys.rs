//! V17, V18, V19: the key works, as it did when it was proven and now, and files name only keys that their keyring has.

use super::lock::LOCK_HISTORY;
use super::versions::rescue;
use super::{Canary, Check, CheckId, Evidence, Kept, Recorded, Scan, Verdict};
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

/// A canary that opened once and does not now was sealed under other material, or the lock is not what it was. What is not
/// enabled cannot open anything, and has findings of its own.
pub(super) fn kept_canaries(evidence: Evidence<'_>) -> Check {
    let (tried, recorded) = match (&evidence.seen.kept, evidence.recorded) {
        (Kept::Off(why), _) => return evidence.check(CheckId::V17, Verdict::NotApplicable(why.clone())),
        (Kept::Unknown(why), _) => return evidence.check(CheckId::V17, Verdict::Unknown(why.clone())),
        (Kept::Tried(tried), Recorded::Proven(recorded)) => (tried, recorded),
        (Kept::Tried(_), _) => {
            let why = "the lock does not have this key".to_owned();
            return evidence.check(CheckId::V17, Verdict::NotApplicable(why));
        }
    };
    if let Err(verdict) = evidence.live() {
        return evidence.check(CheckId::V17, verdict);
    }
    let (mut failed, mut unknown, mut is_lacking) = (Vec::new(), Vec::new(), false);
    // A version that the lock does not have at all is for the comparison with the lock to tell.
    let known = |number: &u64| recorded.versions.contains_key(number);
    for number in evidence.to_open().into_iter().filter(known) {
        match tried.get(&number) {
            Some(Canary::Opened(_)) => {}
            Some(Canary::Failed(why)) => {
                failed.push(format!("that of version {number} does not open: {why}"))
            }
            Some(Canary::Unknown(why) | Canary::Off(why)) => unknown.push(format!("version {number}: {why}")),
            None => {
                is_lacking = true;
                unknown.push(format!("the lock keeps none of version {number}"));
            }
        }
    }
    let (verdict, next) = match (failed.is_empty(), unknown.is_empty()) {
        (false, _) => (Verdict::Fail(failed.join("; ")), Some(LOCK_HISTORY.to_owned())),
        (true, false) => (
            Verdict::Unknown(unknown.join("; ")),
            is_lacking.then(|| evidence.adopt()),
        ),
        (true, true) => (Verdict::Pass, None),
    };
    evidence.check(CheckId::V17, verdict).next(next)
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
