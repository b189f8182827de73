//! V04: the lock is there, and it has the keys that the manifest declares, no more and no fewer.

use std::collections::BTreeSet;

use super::{Check, CheckId, Evidence, LockState, Recorded, Verdict, counted};
use crate::kms::Observed;
use crate::manifest::{LOCK_FILE_NAME, Lock, Manifest, Mark};
use crate::name::KeyRef;

/// Shows what became of the manifest, the first step wherever it and the lock mean different keys.
pub(super) const MANIFEST_HISTORY: &str = "git log -p -- keyward.yaml";
/// Shows what became of the lock, where what it says is not to be overwritten.
pub(super) const LOCK_HISTORY: &str = "git log -p -- keyward.lock";

/// A key that the lock does not have was never proven; a key that moved has another full name, so it is not in the
/// lock either. That a *recorded* key is no longer declared is found by [`undeclared`]. Only a key that no file needs is
/// offered to be made: where one does, the record of it was lost, or the key was.
pub(super) fn location(evidence: Evidence<'_>) -> Check {
    let verdict = match evidence.recorded {
        Recorded::Proven(recorded) if matches!(recorded.mark, Mark::Edited(_)) => Verdict::Fail(
            "the entry of this key in the lock was edited by hand: it is no proof of anything".to_owned(),
        ),
        Recorded::Proven(_) => Verdict::Pass,
        Recorded::Never => Verdict::Fail(format!(
            "the lock does not have this key: it was never proven in this location; {}",
            evidence.uses.all_text()
        )),
        Recorded::Elsewhere(old) => Verdict::Fail(format!(
            "the lock does not have this key, and has it in {}; {}",
            another_place(old, &evidence.expected.key),
            evidence.uses.all_text()
        )),
        Recorded::NoLock => no_lock(),
    };
    let next = match evidence.recorded {
        Recorded::Elsewhere(_) => MANIFEST_HISTORY.to_owned(),
        Recorded::Proven(_) => evidence.adopt(),
        _ if evidence.may_be_needed() => LOCK_HISTORY.to_owned(),
        _ if matches!(evidence.seen.key, Observed::Present(_)) => evidence.adopt(),
        _ => evidence.create(),
    };
    evidence.check(CheckId::V04, verdict).next(next)
}

/// The lock itself: it is there, can be read, and is the one of this manifest.
pub(super) fn file(lock: LockState<'_>, declared: &BTreeSet<&KeyRef>) -> Check {
    let verdict = match lock {
        LockState::Read(lock) if is_of_another(lock, declared) => Verdict::Fail(format!(
            "none of its {} is of a keyring here: it seems to be the lock of another manifest or environment",
            counted(lock.keys.len() as u64, "key")
        )),
        LockState::Read(_) => Verdict::Pass,
        LockState::Missing => Verdict::Fail(
            "there is no lock beside the manifest, so that a key which moved or vanished could not be told from a new \
             one; bring it back from git (where there never was one, `keyward key create KEYRING` writes it)"
                .into(),
        ),
        LockState::Damaged(why) => Verdict::Fail(why.to_owned()),
        LockState::Conflicted(why) => Verdict::Fail(format!(
            "{why}; every key is an entry of its own: keep the entries of both sides and take out the marks, or go on \
             with one side"
        )),
        LockState::Unreadable(why) => Verdict::Unknown(why.to_owned()),
    };
    let next = match lock {
        LockState::Damaged(_) => Some(format!("git checkout {LOCK_FILE_NAME}")),
        LockState::Conflicted(_) => Some(format!("git checkout --ours {LOCK_FILE_NAME}")),
        LockState::Read(_) => Some(LOCK_HISTORY.to_owned()),
        LockState::Missing | LockState::Unreadable(_) => None,
    };
    Check::new(CheckId::V04, LOCK_FILE_NAME, verdict).next(next)
}

/// Whether the lock has keys, and none of a declared ring, or of one whose location or project was changed.
fn is_of_another(lock: &Lock, declared: &BTreeSet<&KeyRef>) -> bool {
    let is_ours = |key: &KeyRef| {
        let is_before = |now: &&KeyRef| {
            let is_same_ring = key.provider == now.provider && key.name.ring() == now.name.ring();
            is_same_ring || is_same_elsewhere(key, now) || is_same_in_another_project(key, now)
        };
        declared.iter().any(is_before)
    };
    !lock.keys.is_empty() && !declared.is_empty() && !lock.keys.keys().any(is_ours)
}

/// Recorded keys that the manifest does not declare any more, one finding each. Old keys stay until nothing needs
/// them.
pub(super) fn undeclared(lock: LockState<'_>, declared: &BTreeSet<&KeyRef>) -> Vec<Check> {
    let LockState::Read(lock) = lock else {
        return Vec::new();
    };
    if is_of_another(lock, declared) {
        return Vec::new();
    }
    let gone = lock.keys.keys().filter(|key| !declared.contains(key));
    gone.map(|key| {
        let same = || declared.iter().filter(|now| is_same_elsewhere(key, now));
        let other_project = declared.iter().find(|now| is_same_in_another_project(key, now));
        let moved = same().find(|now| !lock.keys.contains_key(now));
        let why = match (other_project, moved, same().next()) {
            (Some(now), _, _) => format!(
                "the manifest has it in the project {} now, and the lock in {}: that is another key, and this one stays \
                 until nothing needs it",
                now.name.ring().project(),
                key.name.ring().project()
            ),
            (None, Some(now), _) => format!(
                "the manifest has it in {} now: a changed location is a move, and the key here stays until nothing \
                 needs it",
                now.name.location()
            ),
            (None, None, Some(_)) => {
                "the manifest has taken this location out: the key here stays until nothing needs it".to_owned()
            }
            (None, None, None) => {
                "the lock has this key and the manifest does not declare it any more: files may still need it"
                    .to_owned()
            }
        };
        Check::new(CheckId::V04, key, Verdict::Fail(why)).next(MANIFEST_HISTORY.to_owned())
    })
    .collect()
}

/// The key of `lock` that `manifest` seems to have meant before it came to declare `key`, which the lock does not have:
/// the same ring and id in another project or location, declared by no keyring any more. A changed project comes before a
/// changed location.
pub fn recorded_elsewhere<'a>(lock: &'a Lock, key: &KeyRef, manifest: &Manifest) -> Option<&'a KeyRef> {
    let candidates = || {
        lock.keys
            .keys()
            .filter(|old| is_same_elsewhere(old, key) || is_same_in_another_project(old, key))
            .filter(|old| !manifest.keyrings().any(|keyring| keyring.keys().contains(old)))
    };
    candidates()
        .find(|old| is_same_in_another_project(old, key))
        .or_else(|| candidates().next())
}

/// What is another about the place of `old` than that of `now`.
pub(super) fn another_place(old: &KeyRef, now: &KeyRef) -> String {
    let (old, now) = (old.name.ring(), now.name.ring());
    if old.project() == now.project() {
        old.location().to_string()
    } else {
        format!("the project {}", old.project())
    }
}

fn is_same_elsewhere(old: &KeyRef, now: &KeyRef) -> bool {
    old.provider == now.provider
        && old.name.id() == now.name.id()
        && old.name.ring().id() == now.name.ring().id()
        && old.name.ring().project() == now.name.ring().project()
        && old.name.location() != now.name.location()
}

fn is_same_in_another_project(old: &KeyRef, now: &KeyRef) -> bool {
    old.provider == now.provider
        && old.name.id() == now.name.id()
        && old.name.ring().id() == now.name.ring().id()
        && old.name.location() == now.name.location()
        && old.name.ring().project() != now.name.ring().project()
}

/// The verdict about a key when there is no lock at all, which is a finding of its own.
pub(super) fn no_lock() -> Verdict {
    Verdict::NotApplicable("there is no lock to compare with".into())
}
