//! V10: a key and its versions are as the lock last proved them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::lock::{LOCK_HISTORY, no_lock};
use super::versions::rescue;
use super::{Check, CheckId, Evidence, Recorded, Verdict};
use crate::clock::until;
use crate::key::{CryptoKey, KeyVersion, VersionState};
use crate::manifest::{LockedKey, LockedVersion, Mark, duration_text};

pub(super) fn judge(evidence: Evidence<'_>) -> Check {
    let recorded = match evidence.recorded {
        Recorded::Proven(recorded) => recorded,
        Recorded::Never | Recorded::Elsewhere(_) => {
            let why = Verdict::NotApplicable("the lock does not have this key".into());
            return evidence.check(CheckId::V10, why);
        }
        Recorded::NoLock => return evidence.check(CheckId::V10, no_lock()),
    };
    let (key, live) = match evidence.live() {
        Ok(live) => live,
        Err(verdict) => return evidence.check(CheckId::V10, verdict),
    };
    let rotated = rotated(evidence, recorded, live);
    let differences = [
        older(recorded),
        another_key(recorded, key),
        changed_kind(recorded, key),
        changed_schedules(recorded, key),
        changed_versions(recorded, live),
        new_versions(evidence, recorded, live, &rotated),
        another_primary(recorded, key),
    ]
    .concat();
    if differences.is_empty() {
        return evidence.check(CheckId::V10, Verdict::Pass);
    }
    evidence
        .check(CheckId::V10, Verdict::Fail(differences.join("; ")))
        .next(next(evidence, recorded, key, live))
}

/// First what brings a version back; else what brings the lock up, unless that would bury that something is gone.
fn next(
    evidence: Evidence<'_>,
    recorded: &LockedKey,
    key: &CryptoKey,
    live: &[KeyVersion],
) -> Option<String> {
    let changed = live.iter().filter(|now| {
        let was = recorded.versions.get(&now.name.number());
        was.is_some_and(|was| differs(was, now))
    });
    if let Some(rescue) = changed.into_iter().find_map(|version| rescue(evidence, version)) {
        return Some(rescue);
    }
    match key.created == recorded.created && changed_identities(recorded, live).is_empty() {
        true => Some(evidence.adopt()),
        false => Some(LOCK_HISTORY.to_owned()),
    }
}

fn older(recorded: &LockedKey) -> Vec<String> {
    let is_older = matches!(recorded.mark, Mark::Missing) || recorded.protection.is_none();
    let text = "its entry in the lock is of an older form, without the proof of each version";
    is_older.then(|| text.to_owned()).into_iter().collect()
}

fn another_key(recorded: &LockedKey, key: &CryptoKey) -> Vec<String> {
    let text = format!(
        "it was created at {} and the recorded one at {}: it is another key",
        key.created, recorded.created
    );
    if key.created == recorded.created {
        Vec::new()
    } else {
        vec![text]
    }
}

fn changed_kind(recorded: &LockedKey, key: &CryptoKey) -> Vec<String> {
    let was = recorded
        .protection
        .as_deref()
        .filter(|was| *was != key.protection.id());
    let text = |was| format!("the protection level was {was} and is {}", key.protection);
    was.map(text).into_iter().collect()
}

fn changed_schedules(recorded: &LockedKey, key: &CryptoKey) -> Vec<String> {
    let text = |period: Option<Duration>| period.map_or("none".to_owned(), duration_text);
    let rotation = key.rotation.and_then(|schedule| schedule.period());
    let window = key.destroy_window.length();
    [
        ("rotation period", recorded.rotation, rotation),
        ("destroy window", Some(recorded.destroy_window), Some(window)),
    ]
    .into_iter()
    .filter(|(_, was, is)| was != is)
    .map(|(what, was, is)| format!("the {what} was {} and is {}", text(was), text(is)))
    .collect()
}

fn changed_versions(recorded: &LockedKey, live: &[KeyVersion]) -> Vec<String> {
    let mut differences = changed_identities(recorded, live);
    for now in live {
        let number = now.name.number();
        match recorded.versions.get(&number) {
            Some(was) if was.created == now.created && differs(was, now) => {
                differences.push(format!("version {number} was {} and is {}", was.state, now.state));
            }
            _ => {}
        }
    }
    differences
}

/// Versions that are gone, or are others of the same number.
fn changed_identities(recorded: &LockedKey, live: &[KeyVersion]) -> Vec<String> {
    let changed = recorded.versions.iter().filter_map(|(number, was)| {
        match live.iter().find(|live| live.name.number() == *number) {
            None => Some(format!(
                "version {number} is in the lock and does not exist any more"
            )),
            Some(now) if now.created != was.created => Some(format!(
                "version {number} was created at another time: it is another version"
            )),
            Some(_) => None,
        }
    });
    changed.collect()
}

fn differs(was: &LockedVersion, now: &KeyVersion) -> bool {
    now.state.id() != was.state
}

/// Versions that are not in the lock, which has what was proven and nothing else: also one that a due rotation made.
fn new_versions(
    evidence: Evidence<'_>,
    recorded: &LockedKey,
    live: &[KeyVersion],
    rotated: &BTreeSet<u64>,
) -> Vec<String> {
    let why = |number: u64| match (rotated.contains(&number), evidence.expected.rotation) {
        (true, _) => ": a rotation that was due made it",
        (false, Some(_)) => ", and no rotation that was due made it",
        (false, None) => "",
    };
    live.iter()
        .filter(|version| !recorded.versions.contains_key(&version.name.number()))
        .map(|version| {
            let (number, state) = (version.name.number(), version.state);
            format!("version {number}, {state}, is not in the lock{}", why(number))
        })
        .collect()
}

fn another_primary(recorded: &LockedKey, key: &CryptoKey) -> Vec<String> {
    if key.primary == recorded.primary {
        return Vec::new();
    }
    let text = |primary: Option<u64>| primary.map_or("none".to_owned(), |number| number.to_string());
    vec![format!(
        "the primary is {} and was {}",
        text(key.primary),
        text(recorded.primary)
    )]
}

/// The versions that a declared rotation made since the proof: enabled, numbered on from the highest recorded one
/// without a gap, and one for each period that has begun.
fn rotated(evidence: Evidence<'_>, recorded: &LockedKey, live: &[KeyVersion]) -> BTreeSet<u64> {
    let Some(period) = evidence.expected.rotation else {
        return BTreeSet::new();
    };
    let is_enabled = |number: &u64| {
        let version = live.iter().find(|version| version.name.number() == *number);
        version.is_some_and(|version| version.state == VersionState::Enabled)
    };
    let begun = until(recorded.proven_at, evidence.now).as_secs() / period.as_secs().max(1) + 1;
    let highest = recorded.versions.keys().next_back().copied().unwrap_or_default();
    let due = highest.saturating_add(1)..=highest.saturating_add(begun);
    due.take_while(is_enabled).collect()
}
