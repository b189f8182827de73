//! Grants on what projects are in, and roles of the customer's own: which keys they reach stands in no plan.

use std::collections::BTreeSet;

use super::access::{decrypts, held, hides};
use crate::terraform::{Act, Change, Values};
use crate::verify::{Check, CheckId, Verdict};

/// What holds the right to decrypt (IAM documentation, "Cloud KMS permissions").
const DECRYPT: &str = "cloudkms.cryptoKeyVersions.useToDecrypt";

/// What may end somebody's way to a key from above its project.
pub(super) fn judge(change: &Change) -> Option<Check> {
    if change.act == Act::Nothing || change.act.forgets() {
        return None;
    }
    let (of, how) = change.kind.rsplit_once("_iam_")?;
    let odd = change.act == Act::Other;
    let takes = match (of, how) {
        ("google_project" | "google_organization", "custom_role") => odd || weakens(change),
        ("google_folder" | "google_organization", "member") => odd || ends(change),
        ("google_folder" | "google_organization", "binding" | "policy") => {
            odd || ends(change) || is_new_whole(change)
        }
        _ => false,
    };
    let why = format!(
        "{} {}: it may end what lets the last one, or a service, decrypt under keys; which keys does not show in the \
         plan",
        change.address,
        change.act.text()
    );
    takes.then(|| Check::new(CheckId::V29, &change.address, Verdict::Unknown(why)))
}

/// Whether a role may no longer let its holders decrypt.
fn weakens(change: &Change) -> bool {
    let (old, new) = (change.old(), change.later());
    if change.before.is_none() || !may_decrypt(old) {
        return false;
    }
    let is_off = |values: &Values| values.text("stage") == Some("DISABLED");
    let keeps = rights(old).is_subset(&rights(new)) && !new.list_is_unknown("permissions");
    let stays_on = is_off(old) || !(is_off(new) || new.is_unknown("stage"));
    change.act != Act::Update || !keeps || !stays_on
}

/// Whether a role lets its holders decrypt, or does not say what it lets them do.
fn may_decrypt(role: &Values) -> bool {
    !rights(role).is_empty() || role.list("permissions").next().is_none()
}

/// The rights of a role that are about decrypting.
fn rights(role: &Values) -> BTreeSet<&str> {
    role.list("permissions")
        .filter(|permission| permission.starts_with(DECRYPT))
        .collect()
}

/// Whether somebody may lose a role that decrypts.
fn ends(change: &Change) -> bool {
    if change.before.is_none() {
        return false;
    }
    let old: BTreeSet<_> = held(change.old()).collect();
    let new: BTreeSet<_> = held(change.later()).collect();
    hides(change) || (change.act != Act::Update && !old.is_empty()) || !old.is_subset(&new)
}

/// Whether it is everything there is, of a role that decrypts or altogether, and takes it from everybody else.
fn is_new_whole(change: &Change) -> bool {
    let role = change.later().text("role");
    change.act != Act::Update
        && change.after.is_some()
        && (change.kind.ends_with("_iam_policy") || role.is_none_or(|role| decrypts(role).is_some()))
}
