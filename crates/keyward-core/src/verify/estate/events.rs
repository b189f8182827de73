//! V25 and V26: what the provider has logged about our keys, against our own log.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Check, CheckId, EstateEvidence, ProjectSeen, Verdict, logging, present};
use crate::clock::{Timestamp, later};
use crate::estate::{AdminEvent, FailedUse};
use crate::name::{CryptoKeyName, KeyVersionName};

/// How far the two logs may be apart about one change: clocks differ, and one writes before and the other after.
const APART: Duration = Duration::from_secs(2 * 60 * 60);
/// How long an entry may take until it can be read.
const DELAY: Duration = Duration::from_secs(10 * 60);
/// Most entries that are told one by one.
const TOLD: usize = 5;
/// The canonical code of a version that cannot be used: FAILED_PRECONDITION.
const UNUSABLE: i64 = 9;

/// A change that our own audit log says was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChange {
    /// When.
    pub at: Timestamp,
    /// What it may be called in the provider's log: `UpdateCryptoKeyVersion`. Restoring, for one, may enable as well.
    pub methods: Vec<&'static str>,
    /// What it changed, by its full name, without the provider.
    pub resource: String,
    /// Whether it was certainly sent. A key that is there is not made again, nor an enabled version enabled.
    pub sent: bool,
}

impl OwnChange {
    /// The change that a verb of the audit log means, such as `key disable`; `None` for what changes no key.
    pub fn of(action: &str, resource: &str, at: Timestamp) -> Option<Self> {
        let methods: &[&'static str] = match action.strip_prefix("key ")? {
            "create" => &["CreateKeyRing", "CreateCryptoKey", "CreateCryptoKeyVersion"],
            "disable" | "enable" => &["UpdateCryptoKeyVersion"],
            "restore" => &["RestoreCryptoKeyVersion", "UpdateCryptoKeyVersion"],
            "rotate" | "move" => &[
                "CreateKeyRing",
                "CreateCryptoKey",
                "CreateCryptoKeyVersion",
                "UpdateCryptoKeyPrimaryVersion",
                "UpdateCryptoKey",
            ],
            "retire" => &["UpdateCryptoKeyVersion"],
            _ => return None,
        };
        let resource = resource.strip_prefix("gcp-kms://")?;
        Some(Self {
            at,
            methods: methods.to_vec(),
            resource: resource.to_owned(),
            sent: action == "key disable",
        })
    }

    fn is_the_same_as(&self, event: &AdminEvent) -> bool {
        let apart = self.at.duration_since(event.at).abs();
        self.methods.contains(&event.method.as_str())
            && (lies_in(&self.resource, &event.resource) || lies_in(&event.resource, &self.resource))
            && Duration::try_from(apart).is_ok_and(|apart| apart <= APART)
    }
}

pub(super) fn changes(evidence: EstateEvidence<'_>, project: &str, seen: &ProjectSeen) -> Check {
    let check = |verdict| Check::new(CheckId::V25, format!("projects/{project}"), verdict);
    let events = match present("the log of changes", &seen.changes) {
        Ok(events) => events,
        Err(verdict) => return check(verdict),
    };
    let own = match present("our own log", evidence.own) {
        Ok(own) => own,
        Err(verdict) => return check(verdict),
    };
    let keys = keys_in(evidence, project);
    let ours = |resource: &str| keys.iter().any(|key| is_part_of(resource, key));
    let strange: Vec<_> = events
        .iter()
        .filter(|event| !event.failed && ours(&event.resource))
        .filter(|event| !own.iter().any(|change| change.is_the_same_as(event)))
        .collect();
    let missing = own.iter().filter(|change| {
        let settled = later(change.at, DELAY) <= evidence.now && change.at >= evidence.seen.since;
        settled && ours(&change.resource) && !events.iter().any(|event| change.is_the_same_as(event))
    });
    let (lost, open): (Vec<_>, Vec<_>) = missing.partition(|change| change.sent);
    let told = strange.iter().map(|event| {
        let who = event.principal.as_deref().unwrap_or("somebody");
        format!("{} on {} by {who} at {}", event.method, event.resource, event.at)
    });
    let told: Vec<_> = told.chain(lost.into_iter().map(not_there)).collect();
    if told.is_empty() {
        return check(match open.first() {
            Some(change) => Verdict::Unknown(format!("{}; it may have changed nothing", not_there(change))),
            None => Verdict::Pass,
        });
    }
    check(Verdict::Fail(some(
        &told,
        "changes that our own log does not have, or the other way round",
    )))
    .next(way_back(&strange))
}

fn not_there(change: &OwnChange) -> String {
    format!(
        "our log has {} on {} at {}, and the provider's has not",
        change.methods.join(" or "),
        change.resource,
        change.at
    )
}

/// The command against the worst of the changes.
fn way_back(strange: &[&AdminEvent]) -> String {
    let destroyed = strange
        .iter()
        .find(|event| event.method == "DestroyCryptoKeyVersion");
    let version = destroyed.filter(|event| event.resource.parse::<KeyVersionName>().is_ok());
    match version {
        Some(event) => format!("keyward key restore gcp-kms://{}", event.resource),
        None => "keyward audit show".to_owned(),
    }
}

pub(super) fn failed_uses(evidence: EstateEvidence<'_>, project: &str, seen: &ProjectSeen) -> Check {
    let check = |verdict| Check::new(CheckId::V26, format!("projects/{project}"), verdict);
    let uses = match present("the log of uses", &seen.failed_uses) {
        Ok(uses) => uses,
        Err(verdict) => return check(verdict),
    };
    let keys = keys_in(evidence, project);
    let of_ours = |used: &&FailedUse| keys.iter().any(|key| lies_in(&used.resource, &key.to_string()));
    let failed: Vec<_> = uses
        .iter()
        .filter(|used| used.code == UNUSABLE)
        .filter(of_ours)
        .collect();
    if let Some(first) = failed.first() {
        let told: Vec<_> = failed.iter().map(|used| tell(used)).collect();
        let key = first
            .resource
            .split("/cryptoKeyVersions/")
            .next()
            .unwrap_or_default();
        return check(Verdict::Fail(some(&told, "uses of versions that cannot be used")))
            .next(format!("keyward key show gcp-kms://{key}"));
    }
    // None were seen. That says something only if they would have been.
    check(match logging::logged(project, seen) {
        Verdict::Pass => Verdict::Pass,
        Verdict::Fail(why) | Verdict::Unknown(why) | Verdict::NotApplicable(why) => {
            Verdict::Unknown(format!("no failed use was logged, and not all are: {why}"))
        }
    })
}

fn tell(used: &FailedUse) -> String {
    let who = used.principal.as_deref().unwrap_or("somebody");
    format!("{} with {} by {who} at {}", used.method, used.resource, used.at)
}

fn keys_in<'a>(evidence: EstateEvidence<'a>, project: &str) -> BTreeSet<&'a CryptoKeyName> {
    let keys = evidence.keys().map(|(key, _)| &key.name);
    keys.filter(|key| key.ring().project() == project).collect()
}

/// Whether a change of `resource` may be one of `key`: of itself, a version of it, or its ring.
fn is_part_of(resource: &str, key: &CryptoKeyName) -> bool {
    lies_in(resource, &key.to_string()) || resource == key.ring().to_string()
}

/// Whether `resource` is `place` or lies in it.
fn lies_in(resource: &str, place: &str) -> bool {
    let rest = resource.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first few, and how many there are.
fn some(all: &[String], what: &str) -> String {
    let told = all
        .iter()
        .take(TOLD)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ");
    match all.len() {
        few if few <= TOLD => format!("{what}: {told}"),
        many => format!("{many} {what}, the first of them: {told}"),
    }
}
