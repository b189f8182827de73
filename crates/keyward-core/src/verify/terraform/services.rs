//! What every key of a project hangs on: the project itself, its billing, and the service.

use super::known::{Known, some_of};
use crate::terraform::{Act, Change, Values};
use crate::verify::{Check, CheckId, Verdict};

/// The service that holds the keys.
const KMS: &str = "cloudkms.googleapis.com";

/// A `google_project`.
pub(super) fn project(change: &Change, known: &Known<'_>) -> Option<Check> {
    let id = change.old().text("project_id").unwrap_or(&change.address);
    let number = change.old().text("number").unwrap_or(id);
    let address = &change.address;
    let keys = keys(known, &[id, number]);
    let why = match change.act {
        Act::Delete | Act::Replace => match change.old().text("deletion_policy") {
            Some("PREVENT") => format!(
                "{address} {}: its deletion_policy PREVENT makes the apply fail, perhaps half way through; {keys}",
                change.act.text()
            ),
            Some("ABANDON") => format!(
                "{address} {}: with its deletion_policy ABANDON it stays, and nothing manages it any more; {keys}",
                change.act.text()
            ),
            _ => format!(
                "{address} {}: the project is shut down at once with every key in it, and gone for good after 30 days; \
                 {keys}",
                change.act.text()
            ),
        },
        Act::Update => return unpaid(change, "billing_account", id, &keys),
        Act::Other => {
            let why = format!("{address} {}", change.act.text());
            return Some(Check::new(
                CheckId::V29,
                format!("project {id}"),
                Verdict::Unknown(why),
            ));
        }
        Act::Nothing | Act::Create | Act::Forget | Act::ForgetAndCreate => return None,
    };
    Some(Check::new(
        CheckId::V29,
        format!("project {id}"),
        Verdict::Fail(why),
    ))
}

/// A `google_billing_project_info`.
pub(super) fn billing(change: &Change, known: &Known<'_>) -> Option<Check> {
    let id = change.old().text("project").unwrap_or(&change.address);
    let keys = keys(known, &[id]);
    match change.act {
        Act::Delete | Act::Replace | Act::Update => unpaid(change, "billing_account", id, &keys),
        _ => None,
    }
}

/// Whether nobody pays for the project afterwards.
fn unpaid(change: &Change, path: &str, id: &str, keys: &str) -> Option<Check> {
    change.old().text(path)?;
    if change.later().text(path).is_some() {
        return None;
    }
    let address = &change.address;
    let verdict = match change.later().is_unknown(path) {
        true => Verdict::Unknown(format!(
            "{address} is changed, and who pays afterwards is not known yet"
        )),
        false => Verdict::Fail(format!(
            "{address} takes the billing account away: no key of the project can be used without one; {keys}"
        )),
    };
    Some(Check::new(CheckId::V29, format!("project {id}"), verdict))
}

/// A `google_project_service`, or the older list of them.
pub(super) fn service(change: &Change, known: &Known<'_>) -> Option<Check> {
    let old = change.old();
    if !has_kms(old) || !matches!(change.act, Act::Delete | Act::Replace | Act::Update | Act::Other) {
        return None;
    }
    let project = old.text("project").unwrap_or("unknown").to_owned();
    let found = |verdict| Some(Check::new(CheckId::V29, format!("project {project}"), verdict));
    let address = &change.address;
    let undecided = change.later().is_unknown("service") || change.later().list_is_unknown("services");
    if change.act == Act::Other || (change.act == Act::Update && undecided) {
        return found(Verdict::Unknown(format!(
            "{address} {}, and whether {KMS} stays enabled is not known yet",
            change.act.text()
        )));
    }
    if change.act == Act::Update && has_kms(change.later()) {
        return None;
    }
    let stays =
        old.flag("disable_on_destroy") == Some(false) || old.text("deletion_policy") == Some("ABANDON");
    if stays && change.act != Act::Update {
        return None;
    }
    found(Verdict::Fail(format!(
        "{address} {}: {KMS} is disabled in the project, unless disable_on_destroy is false, and with it every key; {}",
        change.act.text(),
        keys(known, &[&project])
    )))
}

fn has_kms(values: &Values) -> bool {
    values.text("service") == Some(KMS) || values.list("services").any(|service| service == KMS)
}

/// Which keys of the project are known.
fn keys(known: &Known<'_>, names: &[&str]) -> String {
    let keys = known.keys_of_project(names);
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    match keys.len() {
        0 => "which keys are in it does not show here".to_owned(),
        _ => format!("keys in it: {}", some_of(&names)),
    }
}
