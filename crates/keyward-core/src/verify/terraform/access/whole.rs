//! Resources that take from everybody whom they do not name, and grants on something that cannot be told.

use std::collections::BTreeMap;

use super::{Decrypts, Grants, Place, Scope, condition, decrypts, held, hides, scope, scope_path, some_of};
use crate::terraform::{Act, Change, Values};
use crate::verify::terraform::known::{Known, key_name, ring_name};
use crate::verify::{Check, CheckId, Verdict};

/// Everything that already exists and gets a whole policy or a whole role, with what brings it.
pub(super) fn taken_from<'a>(known: &'a Known<'_>) -> BTreeMap<Scope, Vec<&'a Change>> {
    let mut all: BTreeMap<Scope, Vec<&Change>> = BTreeMap::new();
    for change in known.plan.changes.iter().filter(|change| is_new_whole(change)) {
        if let Some(scope) = scope(change, change.later()).filter(|scope| !is_made(known, scope)) {
            all.entry(scope).or_default().push(change);
        }
    }
    all
}

/// What `changes` take from everybody else at `place`.
pub(super) fn takes(place: &Place, changes: &[&Change], known: &Known<'_>, grants: &Grants) -> Verdict {
    let addresses: Vec<&str> = changes.iter().map(|change| change.address.as_str()).collect();
    let who = some_of(&addresses);
    let is_declared = place
        .key
        .as_ref()
        .is_some_and(|key| known.declared().any(|declared| declared == key));
    let whole_policy = changes.iter().any(|change| change.kind.ends_with("_iam_policy"));
    let nobody = place.of(&grants.after).next().is_none() && !place.hides(grants);
    match is_declared && whole_policy && nobody {
        true => Verdict::Fail(format!(
            "{who} takes what lets them decrypt from everybody, and nobody is left who can decrypt under it, as far as \
             the plan knows"
        )),
        false => Verdict::Unknown(format!(
            "{who} takes what it grants from everybody whom it does not name; whether the last who can decrypt under \
             it, or a service, is among them does not show in the plan"
        )),
    }
}

/// Grants that act on something of which the plan does not say what it is.
pub(super) fn nowhere(known: &Known<'_>) -> Vec<Check> {
    let acting = known
        .plan
        .changes
        .iter()
        .filter(|change| loses_nowhere(change) || takes_nowhere(change, known));
    let check = |change: &Change| {
        let path = scope_path(&change.kind).unwrap_or_default();
        let why = format!(
            "{} {}: whose last decrypter that may take away does not show, as its `{path}` is not known yet or is no \
             full name, which begins with `projects/`",
            change.address,
            change.act.text()
        );
        Check::new(CheckId::V29, &change.address, Verdict::Unknown(why))
    };
    acting.map(check).collect()
}

/// Whether a grant ends, or changes, on something that cannot be told.
fn loses_nowhere(change: &Change) -> bool {
    let ends = change.act != Act::Nothing && !change.act.forgets();
    let grants = held(change.old()).next().is_some() || hides(change);
    let is_grant = scope_path(&change.kind).is_some() && change.before.is_some();
    is_grant && ends && grants && scope(change, change.old()).is_none()
}

/// Whether a whole policy or role comes to something that exists and cannot be told.
fn takes_nowhere(change: &Change, known: &Known<'_>) -> bool {
    if !is_new_whole(change) || scope(change, change.later()).is_some() {
        return false;
    }
    let path = scope_path(&change.kind).unwrap_or_default();
    let of = change.kind.rsplit_once("_iam_").map(|(of, _)| of);
    let makes = |other: &Change| {
        let made = matches!(other.act, Act::Create | Act::Replace | Act::ForgetAndCreate);
        made && Some(&*other.kind) == of
    };
    !change.later().is_unknown(path) || !known.plan.changes.iter().any(makes)
}

/// Whether a resource that is everything there is, of a role or altogether, comes to where it was not.
fn is_new_whole(change: &Change) -> bool {
    let whole_policy = change.kind.ends_with("_iam_policy");
    let whole_role = change.kind.ends_with("_iam_binding");
    if scope_path(&change.kind).is_none() || change.after.is_none() || !(whole_policy || whole_role) {
        return false;
    }
    let (old, new) = (change.old(), change.later());
    let concerns = whole_policy || new.text("role").is_none_or(may_decrypt);
    concerns && (change.before.is_none() || place_of(change, old) != place_of(change, new))
}

fn may_decrypt(role: &str) -> bool {
    let found: Option<Decrypts> = decrypts(role);
    found.is_some()
}

/// What it is everything of.
fn place_of<'a>(change: &Change, values: &'a Values) -> (Option<Scope>, Option<&'a str>, Option<String>) {
    (scope(change, values), values.text("role"), condition(values))
}

/// Whether the plan itself makes what is granted on: then nobody had anything there.
fn is_made(known: &Known<'_>, scope: &Scope) -> bool {
    let mut new = known
        .plan
        .changes
        .iter()
        .filter(|change| change.act == Act::Create);
    new.any(|change| match (scope, &*change.kind) {
        (Scope::Key(key), "google_kms_crypto_key") => {
            key_name(change.later()).as_ref() == Some(key)
                && !known.declared().any(|declared| declared == key)
        }
        (Scope::Ring(ring), "google_kms_key_ring") => {
            ring_name(change.later()).is_some_and(|name| name.to_string() == *ring)
        }
        (Scope::Project(project), "google_project") => {
            change.later().text("project_id") == Some(project.as_str())
        }
        _ => false,
    })
}
