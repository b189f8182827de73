//! V29: an infrastructure plan takes no key away, nor anybody's way to one.
//!
//! It judges what the plan shows. Whether a key is in the manifest decides nothing: one that nobody declared may be
//! the one that everything is under.

mod above;
mod access;
mod cmek;
mod keys;
mod known;
mod protection;
mod services;

use std::collections::BTreeMap;

use self::known::Known;
use super::{Check, CheckId, Files, Uses, Verdict};
use crate::manifest::Manifest;
use crate::name::KeyRef;
use crate::terraform::{Change, Given, Plan};

/// What helps when a plan leaves something open: another one, once that is known.
const AGAIN: &str =
    "terraform plan -out PLAN && terraform show -json PLAN | keyward verify --terraform-plan -";

/// What a plan is judged against.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The file with the plan, as a person named it.
    pub file: &'a str,
    /// The keys that are declared here; `None` where there is no manifest.
    pub manifest: Option<&'a Manifest>,
    /// Which files need which keys.
    pub uses: &'a BTreeMap<KeyRef, Uses>,
    /// Files that could not be looked into.
    pub unread: &'a Files,
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// A check for everything that the plan should not do, or may do; else one that passed.
    pub checks: Vec<Check>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// Judges a plan.
pub fn judge_plan(given: &Given, around: Around<'_>) -> Judged {
    let resource = format!("plan {}", around.file);
    let mut judged = match given {
        Given::Plan(plan) => judge(plan, around, &resource),
        Given::Unread(why) => Judged {
            checks: vec![Check::new(CheckId::V29, resource, Verdict::Unknown(why.clone()))],
            notes: Vec::new(),
        },
    };
    let undecided = |check: &&mut Check| matches!(check.verdict, Verdict::Unknown(_)) && check.next.is_none();
    for check in judged.checks.iter_mut().filter(undecided) {
        check.next = Some(AGAIN.to_owned());
    }
    judged
}

fn judge(plan: &Plan, around: Around<'_>, resource: &str) -> Judged {
    let known = Known::of(plan, around);
    let mut checks: Vec<Check> = plan
        .changes
        .iter()
        .flat_map(|change| one(change, &known))
        .collect();
    checks.extend(access::judge(&known));
    if !plan.open.is_empty() {
        let why = format!("it may do more than it shows: {}", plan.open.join("; "));
        checks.push(Check::new(CheckId::V29, resource, Verdict::Unknown(why)));
    }
    let mut notes = vec![looked(plan, around, &known)];
    notes.extend(protection::notes(plan));
    notes.extend(plan.changes.iter().filter_map(cmek::note));
    if checks.is_empty() {
        checks.push(Check::new(CheckId::V29, resource, Verdict::Pass));
    }
    Judged { checks, notes }
}

/// Everything that one change does by itself.
fn one(change: &Change, known: &Known<'_>) -> Vec<Check> {
    let by_type = match &*change.kind {
        "google_kms_secret_ciphertext" => None,
        "google_kms_crypto_key" => keys::key(change, known),
        "google_kms_crypto_key_version" => keys::version(change, known),
        "google_kms_key_ring" => keys::ring(change, known),
        kind if kind.starts_with("google_kms_") && !kind.contains("_iam_") => keys::other(change),
        "google_project" => services::project(change, known),
        "google_project_service" | "google_project_services" => services::service(change, known),
        "google_billing_project_info" => services::billing(change, known),
        _ => None,
    };
    let by_type = by_type.into_iter().chain(above::judge(change));
    by_type.chain(cmek::judge(change)).collect()
}

/// What was looked at, in one line.
fn looked(plan: &Plan, around: Around<'_>, known: &Known<'_>) -> String {
    let by = match &*plan.tool_version {
        "" => String::new(),
        version => format!(", made by version {version}"),
    };
    let keys = known.keys_in_plan();
    let lost = known.lost();
    let lost = match lost {
        0 => "none of them taken away".to_owned(),
        some => format!("{some} of them taken away"),
    };
    format!(
        "{}{by}: {} in it, {} among them, {lost}; versions of a key stand in no plan",
        around.file,
        super::counted(plan.resources, "resource"),
        super::counted(keys, "crypto key"),
    )
}

#[cfg(test)]
mod tests;
