//! V12, V13, V14: the destroy window and the rotation schedule are as declared, and rotations happen.

use std::time::Duration;

use super::{Check, CheckId, Evidence, Verdict};
use crate::clock::{Timestamp, until};
use crate::key::{CryptoKey, KeyVersion, RotationSchedule};
use crate::manifest::duration_text;

/// How late a rotation may be before it counts as not happening: schedules are carried out by a service that may be
/// busy, and clocks differ.
const GRACE: Duration = Duration::from_secs(60 * 60);

pub(super) fn destroy_window(evidence: Evidence<'_>) -> Check {
    over_key(evidence, CheckId::V12, |key| {
        let (live, declared) = (key.destroy_window.length(), evidence.expected.destroy_window);
        (live < declared).then(|| {
            format!(
                "the destroy window is {} and at least {} is declared; it cannot be changed on an existing key",
                duration_text(live),
                duration_text(declared)
            )
        })
    })
}

pub(super) fn rotation(evidence: Evidence<'_>) -> Check {
    over_key(evidence, CheckId::V13, |key| {
        match (evidence.expected.rotation, key.rotation) {
            (None, None) => None,
            (None, Some(live)) => Some(format!("{} and no rotation is declared", rhythm(live))),
            (Some(declared), None) => Some(format!(
                "rotation every {} is declared and none is set: it does not rotate",
                duration_text(declared)
            )),
            (Some(declared), Some(live)) if live.period() != Some(declared) => {
                let declared = duration_text(declared);
                Some(format!("{} and {declared} is declared", rhythm(live)))
            }
            (Some(declared), Some(live)) => off_schedule(declared, live, evidence.now),
        }
    })
}

/// A schedule says what is to happen; how old the primary is says whether it did.
pub(super) fn last_rotation(evidence: Evidence<'_>) -> Check {
    let verdict = match (evidence.expected.rotation, evidence.live()) {
        (None, _) => Verdict::Pass,
        (Some(_), Err(verdict)) => verdict,
        (Some(period), Ok((key, versions))) => {
            let primary = versions
                .iter()
                .find(|version| Some(version.name.number()) == key.primary);
            match primary {
                // That there is none is a finding of its own.
                None => Verdict::Pass,
                Some(primary) => overdue(period, primary, evidence.now).map_or(Verdict::Pass, Verdict::Fail),
            }
        }
    };
    evidence.check(CheckId::V14, verdict)
}

fn overdue(period: Duration, primary: &KeyVersion, now: Timestamp) -> Option<String> {
    let is_overdue = until(primary.created, now) > period.saturating_add(GRACE);
    is_overdue.then(|| {
        format!(
            "the primary, version {}, was made at {}, more than {} ago: it was not rotated since",
            primary.name.number(),
            primary.created,
            duration_text(period)
        )
    })
}

fn rhythm(live: RotationSchedule) -> String {
    match live.period() {
        Some(period) => format!("it rotates every {}", duration_text(period)),
        None => format!("it rotates once, at {},", live.next()),
    }
}

/// A rotation that is overdue does not happen; one that is more than a period away has been put off.
fn off_schedule(declared: Duration, live: RotationSchedule, now: Timestamp) -> Option<String> {
    let next = live.next();
    if until(next, now) > GRACE {
        Some(format!("the rotation that was due at {next} has not happened"))
    } else if until(now, next) > declared.saturating_add(GRACE) {
        Some(format!(
            "the next rotation is at {next} only, later than one period from now"
        ))
    } else {
        None
    }
}

fn over_key(evidence: Evidence<'_>, id: CheckId, complaint: impl Fn(&CryptoKey) -> Option<String>) -> Check {
    let verdict = match evidence.live_key() {
        Ok(key) => complaint(key).map_or(Verdict::Pass, Verdict::Fail),
        Err(verdict) => verdict,
    };
    evidence.check(id, verdict)
}
