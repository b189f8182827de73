//! Keys, versions and rings that a plan deletes, replaces, forgets or changes.

use super::known::{Known, key_name, reference, ring_name};
use crate::name::{CryptoKeyName, KeyVersionName};
use crate::terraform::{Act, Change, Values};
use crate::verify::{Check, CheckId, Verdict};

/// Said of whatever changes its location.
const MOVE: &str = "A changed location is a move, never a replacement: make the new one beside it, and keep the old one \
                    until nothing needs it";

/// A `google_kms_crypto_key`.
pub(super) fn key(change: &Change, known: &Known<'_>) -> Option<Check> {
    let name = key_name(change.old());
    let verdict = match change.act {
        Act::Nothing | Act::Create => return None,
        Act::Update => return updated(change, name.as_ref()),
        Act::Other => return Some(odd(change)),
        Act::Delete | Act::Replace | Act::Forget | Act::ForgetAndCreate => {
            let mut why = format!("{}: {}", ends(change), fate(change, "every version of it is"));
            if let Some(how) = name.as_ref().and_then(|name| replaced(change, name, known)) {
                why.push_str(&format!(". {how}"));
            }
            let need = name.as_ref().map_or_else(
                || "which key it is does not show".to_owned(),
                |name| known.need(name),
            );
            Verdict::Fail(format!("{why}. {}", capital(&need)))
        }
    };
    Some(found(change, name.as_ref(), verdict).next(name.and_then(|name| known.next(&name))))
}

/// `ADDRESS is deleted`.
fn ends(change: &Change) -> String {
    format!("{} {}", change.address, change.act.text())
}

/// What becomes of the material, which `subject` (with its verb) is about.
fn fate(change: &Change, subject: &str) -> String {
    if change.act.forgets() {
        return "nothing is destroyed, but nothing manages or guards it any more".to_owned();
    }
    match change.old().text("deletion_policy") {
        Some("PREVENT") => {
            "its deletion_policy PREVENT makes the apply fail, perhaps half way through; no version is \
                            scheduled for destruction"
                .to_owned()
        }
        Some("ABANDON") => {
            "with its deletion_policy ABANDON nothing is destroyed, but nothing manages or guards it any \
                            more"
                .to_owned()
        }
        _ => format!(
            "{subject} scheduled for destruction, final {}",
            window(change.old())
        ),
    }
}

fn window(values: &Values) -> String {
    match values.text("destroy_scheduled_duration") {
        Some(window) => format!("after {window}"),
        None => "after its destroy window, which may be 24 hours".to_owned(),
    }
}

/// Why it is another key afterwards.
fn replaced(change: &Change, name: &CryptoKeyName, known: &Known<'_>) -> Option<String> {
    let new = change.after.as_ref()?;
    if let Some(location) = new_location(new, name, known) {
        let old = name.location();
        return Some(format!("Its location changes from {old} to {location}. {MOVE}"));
    }
    let forced = [
        "destroy_scheduled_duration",
        "purpose",
        "name",
        "key_ring",
        "project",
    ];
    let changed = forced.into_iter().find(|path| {
        let old = change.old().text(path);
        new.text(path)
            .is_some_and(|new| old.is_some_and(|old| old != new) || old.is_none())
    })?;
    let is_window = changed == "destroy_scheduled_duration";
    Some(match is_window {
        true => "A destroy window cannot be changed, not even to a longer one: make a new key beside it"
            .to_owned(),
        false => format!("Its {changed} changes, which makes it another key"),
    })
}

fn new_location(new: &Values, name: &CryptoKeyName, known: &Known<'_>) -> Option<String> {
    let ring = new.text("key_ring").and_then(|ring| ring.parse().ok());
    let named: Option<crate::name::KeyRingName> = ring;
    let location = match named {
        Some(ring) => Some(ring.location().clone()),
        None => known.new_location(name.ring()).cloned(),
    };
    location
        .filter(|location| location != name.location())
        .map(|location| location.to_string())
}

/// A key that stays: it must not lose what keeps it.
fn updated(change: &Change, name: Option<&CryptoKeyName>) -> Option<Check> {
    let (old, new) = (change.old(), change.later());
    let address = &change.address;
    let guarded = old.text("deletion_policy") == Some("PREVENT");
    if guarded && new.is_unknown("deletion_policy") {
        let why = format!("{address} has deletion_policy PREVENT, and what it gets is not known yet");
        return Some(found(change, name, Verdict::Unknown(why)));
    }
    if guarded && new.text("deletion_policy") != Some("PREVENT") {
        let why = format!(
            "{address} loses its deletion_policy PREVENT, which is what keeps the next plan from destroying every \
             version of it"
        );
        return Some(found(change, name, Verdict::Fail(why)));
    }
    let decides = ["key_ring", "name"];
    let path = decides.into_iter().find(|path| new.is_unknown(path))?;
    let why = format!("{address} is changed, and its `{path}` is not known yet: it may become another key");
    Some(found(change, name, Verdict::Unknown(why)))
}

/// A `google_kms_crypto_key_version`.
pub(super) fn version(change: &Change, known: &Known<'_>) -> Option<Check> {
    let key = change
        .old()
        .key("crypto_key")
        .or_else(|| change.old().key("name"));
    let verdict = match change.act {
        Act::Nothing | Act::Create => return None,
        Act::Other => return Some(odd(change)),
        Act::Update => disabled(change)?,
        Act::Delete | Act::Replace | Act::Forget | Act::ForgetAndCreate => {
            Verdict::Fail(format!("{}: {}", ends(change), fate(change, "this version is")))
        }
    };
    let Some(key) = key else {
        return Some(Check::new(CheckId::V29, &change.address, verdict));
    };
    let number = number(change.old()).map(|name| name.number());
    let need = match number.and_then(|number| Some((number, known.around.uses.get(&reference(&key))?))) {
        Some((number, uses)) => uses.text(number),
        None => known.need(&key),
    };
    let verdict = match verdict {
        Verdict::Fail(why) => Verdict::Fail(format!("{why}. {}", capital(&need))),
        other => other,
    };
    let check = match number {
        Some(number) => Check::new(CheckId::V29, reference(&key).version(number), verdict),
        None => Check::new(CheckId::V29, &change.address, verdict),
    };
    Some(check.next(known.next(&key)))
}

fn number(values: &Values) -> Option<KeyVersionName> {
    let name = values.text("name").or_else(|| values.text("id"))?;
    name[name.find("projects/")?..].parse().ok()
}

/// Whether a version is switched off.
fn disabled(change: &Change) -> Option<Verdict> {
    let (old, new) = (change.old(), change.later());
    let address = &change.address;
    if new.is_unknown("state") {
        let why = format!("{address} is changed, and the state it gets is not known yet");
        return Some(Verdict::Unknown(why));
    }
    let off = |values: &Values| values.text("state").is_some_and(|state| state != "ENABLED");
    (off(new) && !off(old)).then(|| {
        let state = new.text("state").unwrap_or_default();
        Verdict::Fail(format!(
            "{address} sets the version to {state}: nothing under it opens any more"
        ))
    })
}

/// A `google_kms_key_ring`: the ring itself is never destroyed, but its keys go where it goes.
pub(super) fn ring(change: &Change, known: &Known<'_>) -> Option<Check> {
    if matches!(change.act, Act::Nothing | Act::Create | Act::Update) {
        return None;
    }
    if change.act == Act::Other {
        return Some(odd(change));
    }
    let Some(name) = ring_name(change.old()) else {
        let why = format!("{}: {}", ends(change), "which ring it is does not show");
        return Some(Check::new(CheckId::V29, &change.address, Verdict::Fail(why)));
    };
    let going = match known.going_of(&name) {
        0 => "None of its keys goes with it in this plan".to_owned(),
        1 => "1 key of it goes with it".to_owned(),
        more => format!("{more} keys of it go with it"),
    };
    let mut why = format!(
        "{}: the ring itself cannot be deleted and stays, without anything that manages it. {going}",
        ends(change)
    );
    let old = name.location().as_str();
    if let Some(new) = change.later().text("location").filter(|new| *new != old) {
        why.push_str(&format!(". Its location changes from {old} to {new}. {MOVE}"));
    } else if change.after.is_some() && change.later().is_unknown("location") {
        why.push_str(". Where the new one will be is not known yet");
    }
    Some(Check::new(
        CheckId::V29,
        format!("gcp-kms://{name}"),
        Verdict::Fail(why),
    ))
}

/// Anything else of Cloud KMS, such as a connection to keys that are held elsewhere.
pub(super) fn other(change: &Change) -> Option<Check> {
    if change.act == Act::Other {
        return Some(odd(change));
    }
    if !change.act.destroys() && !change.act.forgets() {
        return None;
    }
    let what = match &*change.kind {
        "google_kms_ekm_connection" => "keys that are held elsewhere are reached through it",
        "google_kms_key_ring_import_job" => {
            "no key is destroyed by that, but what is to be imported through it cannot be"
        }
        _ => "it is part of Cloud KMS",
    };
    let why = format!("{}: {what}", ends(change));
    Some(Check::new(CheckId::V29, &change.address, Verdict::Fail(why)))
}

fn odd(change: &Change) -> Check {
    Check::new(CheckId::V29, &change.address, Verdict::Unknown(ends(change)))
}

fn found(change: &Change, name: Option<&CryptoKeyName>, verdict: Verdict) -> Check {
    match name {
        Some(name) => Check::new(CheckId::V29, reference(name), verdict),
        None => Check::new(CheckId::V29, &change.address, verdict),
    }
}

/// The beginning of a sentence.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
