//! The gate: pure functions from what should be, what was recorded and what is seen to a report.
//!
//! Every check has a number that never changes its meaning, one verdict of four, and a severity that orders the report
//! but never decides the exit code. A *gate* check that could not be decided blocks: unknown is neither absent nor
//! fine.

mod census;
mod check;
mod drift;
mod estate;
mod evidence;
mod existence;
mod lock;
mod report;
mod scan;
mod schedule;
mod survival;
mod terraform;
mod timeline;
mod use_of_keys;
mod versions;

use std::collections::BTreeSet;

pub use census::Census;
pub use check::{Check, CheckId, Severity, Verdict};
pub use estate::{
    CONSTRAINTS, EstateEvidence, EstateSeen, KeySeen, OwnChange, PlaceSeen, ProjectSeen, judge_estate,
    powers, who_may_end,
};
pub use evidence::{Canary, Evidence, Expected, Kept, Recorded, Seen};
pub use lock::recorded_elsewhere;
pub use report::Report;
pub use scan::Scan;
pub use survival::judge_survival;
pub use terraform::{Around, Judged, judge_plan};
pub use timeline::{Event, EventKind, events};

pub use crate::inventory::{Files, Uses};
use crate::manifest::{AuditMode, KeyringSpec, Lock, Manifest};
use crate::name::KeyRef;

/// The lock, as it was found.
#[derive(Clone, Copy, Debug)]
pub enum LockState<'a> {
    /// It was read.
    Read(&'a Lock),
    /// There is none.
    Missing,
    /// It is not a lock; the text says where and why.
    Damaged(&'a str),
    /// Git could not merge it; the text says where.
    Conflicted(&'a str),
    /// It could not be read; the text says why.
    Unreadable(&'a str),
}

impl<'a> LockState<'a> {
    /// What it says about `key`, which `manifest` declares.
    pub fn about(self, key: &KeyRef, manifest: &Manifest) -> Recorded<'a> {
        match self {
            Self::Read(lock) => match lock.keys.get(key) {
                Some(proven) => Recorded::Proven(proven),
                None => recorded_elsewhere(lock, key, manifest).map_or(Recorded::Never, Recorded::Elsewhere),
            },
            Self::Missing | Self::Damaged(_) | Self::Conflicted(_) | Self::Unreadable(_) => Recorded::NoLock,
        }
    }
}

impl Expected {
    /// What `keyring` demands of each of its keys, in the order of its locations.
    pub fn of(keyring: &KeyringSpec) -> impl Iterator<Item = Self> + '_ {
        keyring.keys().iter().map(|key| Self {
            keyring: keyring.name.clone(),
            key: key.clone(),
            protection: Some(keyring.protection.into()),
            rotation: keyring.rotation,
            destroy_window: keyring.destroy_after,
        })
    }
}

/// Judges one key: every check about it, in the order of their numbers.
pub fn judge(evidence: Evidence<'_>) -> Vec<Check> {
    vec![
        existence::ring(evidence),
        existence::key(evidence),
        lock::location(evidence),
        versions::primary(evidence),
        versions::scheduled(evidence),
        versions::gone_but_needed(evidence),
        versions::disabled_but_needed(evidence),
        drift::judge(evidence),
        versions::stuck(evidence),
        schedule::destroy_window(evidence),
        schedule::rotation(evidence),
        schedule::last_rotation(evidence),
        existence::purpose(evidence),
        use_of_keys::kept_canaries(evidence),
        use_of_keys::canary(evidence),
        existence::access(evidence),
    ]
}

/// Judges what is about a whole keyring: the names inside the files that its rules cover.
pub fn judge_keyring(keyring: &KeyringSpec, scan: &Scan) -> Check {
    use_of_keys::names(&keyring.name, scan)
}

/// Judges where else the ring and the key of a keyring are.
pub fn judge_census(
    manifest: &Manifest,
    keyring: &KeyringSpec,
    census: &Census,
    lock: LockState<'_>,
) -> Check {
    let lock = match lock {
        LockState::Read(lock) => Some(lock),
        LockState::Missing | LockState::Damaged(_) | LockState::Conflicted(_) | LockState::Unreadable(_) => {
            None
        }
    };
    census::judge(manifest, keyring, census, lock)
}

/// Judges the lock against the manifest: it is there, and every key that it records is still declared.
pub fn judge_lock(manifest: &Manifest, lock: LockState<'_>) -> Vec<Check> {
    let declared: BTreeSet<_> = manifest.keyrings().flat_map(KeyringSpec::keys).collect();
    let mut checks = vec![lock::file(lock, &declared)];
    checks.extend(lock::undeclared(lock, &declared));
    checks
}

/// What a reader of the report should know besides the checks.
pub fn notes(manifest: &Manifest, scan: &Scan) -> Vec<String> {
    let looked = format!(
        "{} under the rules looked at, {} among them",
        counted(scan.files, "file"),
        counted(scan.envelopes, "envelope")
    );
    let nested = scan.nested.iter().map(|folder| {
        format!(
            "{folder} has a manifest of its own: whether its files name the right keys is for that one to say"
        )
    });
    let audit = match manifest.audit() {
        AuditMode::File => None,
        AuditMode::Stderr => Some("audit: stderr. Changes are recorded on standard error only".to_owned()),
        AuditMode::Off => Some("audit: off. Changes are not recorded".to_owned()),
    };
    let elsewhere = (!scan.elsewhere.is_empty()).then(|| {
        format!(
            "could not be looked at, and may need any version: {}",
            scan.elsewhere.text()
        )
    });
    std::iter::once(looked)
        .chain(nested)
        .chain(elsewhere)
        .chain(audit)
        .collect()
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
