//! V06 to V09, and V11: the primary is enabled, and nothing that is needed is on its way out.

use std::time::Duration;

use super::{Check, CheckId, Evidence, Verdict};
use crate::clock::{Timestamp, until};
use crate::key::{KeyVersion, VersionState};
use crate::name::VersionRef;

pub(super) fn primary(evidence: Evidence<'_>) -> Check {
    let (key, versions) = match evidence.live() {
        Ok(live) => live,
        Err(verdict) => return evidence.check(CheckId::V06, verdict),
    };
    let Some(number) = key.primary else {
        let why = "the key has no primary version: nothing can be encrypted under it";
        return evidence.check(CheckId::V06, Verdict::Fail(why.into()));
    };
    match versions.iter().find(|version| version.name.number() == number) {
        None => {
            let why = format!("primary version {number} does not exist any more");
            evidence.check(CheckId::V06, Verdict::Fail(why))
        }
        Some(version) if version.state == VersionState::Enabled => {
            evidence.check(CheckId::V06, Verdict::Pass)
        }
        Some(version) => {
            let why = format!("primary version {number} is {}", version.state);
            evidence
                .check(CheckId::V06, Verdict::Fail(why))
                .next(rescue(evidence, version))
        }
    }
}

pub(super) fn scheduled(evidence: Evidence<'_>) -> Check {
    over_versions(evidence, CheckId::V07, |version| {
        let number = version.name.number();
        (version.state == VersionState::DestroyScheduled).then(|| {
            let when = deadline(version.destroy_at, evidence.now);
            Verdict::Fail(format!(
                "version {number} will be destroyed {when}; {}",
                evidence.uses.text(number)
            ))
        })
    })
}

pub(super) fn gone_but_needed(evidence: Evidence<'_>) -> Check {
    let check = over_versions(evidence, CheckId::V08, |version| {
        let gone = version.state == VersionState::Destroyed;
        gone.then(|| needed(evidence, version, Verdict::Fail)).flatten()
    });
    let Ok((_, live)) = evidence.live() else {
        return check;
    };
    let is_live = |number: &u64| live.iter().any(|version| version.name.number() == *number);
    match evidence.uses.versions().find(|number| !is_live(number)) {
        Some(number) if !matches!(check.verdict, Verdict::Fail(_)) => {
            let why = format!("version {number} does not exist; {}", evidence.uses.text(number));
            evidence.check(CheckId::V08, Verdict::Fail(why))
        }
        _ => check,
    }
}

pub(super) fn disabled_but_needed(evidence: Evidence<'_>) -> Check {
    over_versions(evidence, CheckId::V09, |version| match version.state {
        VersionState::Disabled => needed(evidence, version, Verdict::Fail),
        // Neither usable for certain, nor unusable for certain.
        VersionState::PendingGeneration | VersionState::Other => needed(evidence, version, Verdict::Unknown),
        VersionState::Enabled | VersionState::DestroyScheduled | VersionState::Destroyed => None,
    })
}

/// How long the making of a version may take.
const MAKING: Duration = Duration::from_secs(60 * 60);

pub(super) fn stuck(evidence: Evidence<'_>) -> Check {
    over_versions(evidence, CheckId::V11, |version| {
        let number = version.name.number();
        match version.state {
            VersionState::PendingGeneration if until(version.created, evidence.now) > MAKING => {
                Some(Verdict::Fail(format!(
                    "version {number} is {} since {}",
                    version.state, version.created
                )))
            }
            VersionState::Other => Some(Verdict::Unknown(format!(
                "version {number} is in a state that this release cannot tell: a making, an import or a destruction that \
                 failed or goes on, or something newer"
            ))),
            _ => None,
        }
    })
}

/// Asks `judge` about every version. The first failure decides and names its rescue; all of them are told. When a file
/// could not be looked into, a version that is not usable cannot be said to be unneeded.
fn over_versions(
    evidence: Evidence<'_>,
    id: CheckId,
    judge: impl Fn(&KeyVersion) -> Option<Verdict>,
) -> Check {
    let versions = match evidence.live() {
        Ok((_, versions)) => versions,
        Err(verdict) => return evidence.check(id, verdict),
    };
    let found: Vec<_> = versions
        .iter()
        .filter_map(|version| Some((version, judge(version)?)))
        .collect();
    let failed: Vec<_> = found
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_)))
        .collect();
    if let [(first, _), ..] = failed[..] {
        let reasons: Vec<_> = failed
            .iter()
            .filter_map(|(_, verdict)| verdict.reason())
            .collect();
        return evidence
            .check(id, Verdict::Fail(reasons.join("; ")))
            .next(rescue(evidence, first));
    }
    if let Some((_, verdict)) = found.into_iter().next() {
        return evidence.check(id, verdict);
    }
    evidence.check(id, unseen_need(evidence, id, versions).unwrap_or(Verdict::Pass))
}

/// The verdict when a version is in the state that check `id` is about, and a file that may need it was not read.
fn unseen_need(evidence: Evidence<'_>, id: CheckId, versions: &[KeyVersion]) -> Option<Verdict> {
    let state = match id {
        CheckId::V08 => VersionState::Destroyed,
        CheckId::V09 => VersionState::Disabled,
        _ => return None,
    };
    let version = versions.iter().find(|version| version.state == state)?;
    let (number, unread) = (version.name.number(), evidence.unread);
    (!unread.is_empty()).then(|| {
        Verdict::Unknown(format!(
            "version {number} is {state}, and may be needed by {}",
            unread.text()
        ))
    })
}

fn needed(
    evidence: Evidence<'_>,
    version: &KeyVersion,
    verdict: impl Fn(String) -> Verdict,
) -> Option<Verdict> {
    let number = version.name.number();
    let why = || {
        verdict(format!(
            "version {number} is {}; {}",
            version.state,
            evidence.uses.text(number)
        ))
    };
    evidence.uses.need(number).then(why)
}

/// The one command that brings a version back, if anything can.
pub(super) fn rescue(evidence: Evidence<'_>, version: &KeyVersion) -> Option<String> {
    let name = VersionRef {
        provider: evidence.expected.key.provider,
        name: version.name.clone(),
    };
    match version.state {
        VersionState::DestroyScheduled => Some(format!("keyward key restore {name}")),
        VersionState::Disabled => Some(format!("keyward key enable {name}")),
        _ => None,
    }
}

fn deadline(at: Option<Timestamp>, now: Timestamp) -> String {
    match at {
        Some(at) => {
            let minutes = until(now, at).as_secs() / 60;
            format!("at {at}, in {} h {} min", minutes / 60, minutes % 60)
        }
        None => "at a time that the provider does not tell".into(),
    }
}
