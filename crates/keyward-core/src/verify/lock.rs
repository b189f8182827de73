//! V04, V10: what is there is what the lock last proved.

use std::collections::BTreeSet;

use super::versions::rescue;
use super::{Check, CheckId, Evidence, LockState, Recorded, Verdict};
use crate::key::{CryptoKey, KeyVersion};
use crate::manifest::{LOCK_FILE_NAME, LockedKey, LockedVersion};
use crate::name::KeyRef;

/// A key that the lock does not have was never proven; a key that moved has another full name, so it is not in the
/// lock either. That a *recorded* key is no longer declared is found by [`undeclared`]. Only a key that no file needs is
/// offered to be made: where one does, the record of it was lost, or the key was.
pub(super) fn location(evidence: Evidence<'_>) -> Check {
    let verdict = match evidence.recorded {
        Recorded::Proven(_) => Verdict::Pass,
        Recorded::Never => Verdict::Fail(format!(
            "the lock does not have this key: it was never proven in this location; {}",
            evidence.uses.all_text()
        )),
        Recorded::NoLock => no_lock(),
    };
    let next = if evidence.may_be_needed() {
        format!("git log -p -- {LOCK_FILE_NAME}")
    } else {
        evidence.create()
    };
    evidence.check(CheckId::V04, verdict).next(next)
}

/// The lock itself: it is there and can be read.
pub(super) fn file(lock: LockState<'_>) -> Check {
    let verdict = match lock {
        LockState::Read(_) => Verdict::Pass,
        LockState::Missing => Verdict::Fail(
            "there is no lock beside the manifest, so that a key which moved or vanished could not be told from a new \
             one; bring it back from git, or, where no file is encrypted yet, make the keys with `keyward key create \
             KEYRING`"
                .into(),
        ),
        LockState::Damaged(why) => Verdict::Fail(why.to_owned()),
        LockState::Unreadable(why) => Verdict::Unknown(why.to_owned()),
    };
    let next = match lock {
        LockState::Damaged(_) => Some(format!("git checkout {LOCK_FILE_NAME}")),
        LockState::Read(_) | LockState::Missing | LockState::Unreadable(_) => None,
    };
    Check::new(CheckId::V04, LOCK_FILE_NAME, verdict).next(next)
}

/// Recorded keys that the manifest does not declare any more, one finding each. Old keys stay until nothing needs
/// them.
pub(super) fn undeclared(lock: LockState<'_>, declared: &BTreeSet<&KeyRef>) -> Vec<Check> {
    let LockState::Read(lock) = lock else {
        return Vec::new();
    };
    let gone = lock.keys.keys().filter(|key| !declared.contains(key));
    gone.map(|key| {
        let same = || declared.iter().filter(|now| is_same_elsewhere(key, now));
        let why = match (same().find(|now| !lock.keys.contains_key(now)), same().next()) {
            (Some(now), _) => format!(
                "the manifest has it in {} now: a changed location is a move, and the key here stays until nothing \
                 needs it",
                now.name.location()
            ),
            (None, Some(_)) => {
                "the manifest has taken this location out: the key here stays until nothing needs it".to_owned()
            }
            (None, None) => {
                "the lock has this key and the manifest does not declare it any more: files may still need it"
                    .to_owned()
            }
        };
        Check::new(CheckId::V04, key, Verdict::Fail(why)).next("git log -p -- keyward.yaml".to_owned())
    })
    .collect()
}

fn is_same_elsewhere(old: &KeyRef, now: &KeyRef) -> bool {
    old.provider == now.provider
        && old.name.id() == now.name.id()
        && old.name.ring().id() == now.name.ring().id()
        && old.name.location() != now.name.location()
}

pub(super) fn versions(evidence: Evidence<'_>) -> Check {
    let recorded = match evidence.recorded {
        Recorded::Proven(recorded) => recorded,
        Recorded::Never => {
            let why = Verdict::NotApplicable("the lock does not have this key".into());
            return evidence.check(CheckId::V10, why);
        }
        Recorded::NoLock => return evidence.check(CheckId::V10, no_lock()),
    };
    let (key, live) = match evidence.live() {
        Ok(live) => live,
        Err(verdict) => return evidence.check(CheckId::V10, verdict),
    };
    let differences = [
        another_key(recorded, key),
        changed_versions(recorded, live),
        new_versions(evidence, recorded, live),
        another_primary(evidence, recorded, key),
    ]
    .concat();
    if differences.is_empty() {
        return evidence.check(CheckId::V10, Verdict::Pass);
    }
    let changed = live.iter().find(|now| {
        recorded
            .versions
            .get(&now.name.number())
            .is_some_and(|was| differs(was, now))
    });
    evidence
        .check(CheckId::V10, Verdict::Fail(differences.join("; ")))
        .next(changed.and_then(|version| rescue(evidence, version)))
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

fn changed_versions(recorded: &LockedKey, live: &[KeyVersion]) -> Vec<String> {
    let mut differences = Vec::new();
    for (number, was) in &recorded.versions {
        match live.iter().find(|live| live.name.number() == *number) {
            None => differences.push(format!(
                "version {number} is in the lock and does not exist any more"
            )),
            Some(now) if now.created != was.created => {
                differences.push(format!(
                    "version {number} was created at another time: it is another version"
                ));
            }
            Some(now) if differs(was, now) => {
                differences.push(format!("version {number} was {} and is {}", was.state, now.state));
            }
            Some(_) => {}
        }
    }
    differences
}

fn differs(was: &LockedVersion, now: &KeyVersion) -> bool {
    now.state.id() != was.state
}

/// Versions that are not in the lock. A declared rotation makes new ones, numbered above all recorded ones.
fn new_versions(evidence: Evidence<'_>, recorded: &LockedKey, live: &[KeyVersion]) -> Vec<String> {
    let numbers = live.iter().map(|live| live.name.number());
    let new = numbers.filter(|number| !recorded.versions.contains_key(number));
    new.filter(|number| !is_rotation(evidence, recorded, *number))
        .map(|number| format!("version {number} is not in the lock"))
        .collect()
}

fn another_primary(evidence: Evidence<'_>, recorded: &LockedKey, key: &CryptoKey) -> Vec<String> {
    let rotated = key
        .primary
        .is_some_and(|number| is_rotation(evidence, recorded, number));
    if key.primary == recorded.primary || rotated {
        return Vec::new();
    }
    let text = |primary: Option<u64>| primary.map_or("none".to_owned(), |number| number.to_string());
    vec![format!(
        "the primary is {} and was {}",
        text(key.primary),
        text(recorded.primary)
    )]
}

fn is_rotation(evidence: Evidence<'_>, recorded: &LockedKey, number: u64) -> bool {
    let highest = recorded.versions.keys().next_back().copied().unwrap_or_default();
    evidence.expected.rotation.is_some() && number > highest
}

fn no_lock() -> Verdict {
    Verdict::NotApplicable("there is no lock to compare with".into())
}
