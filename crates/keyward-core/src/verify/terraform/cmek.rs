//! The key that a bucket, or logging, encrypts under: changed or removed.

use crate::name::CryptoKeyName;
use crate::terraform::{Act, Change};
use crate::verify::{Check, CheckId, Verdict};

/// Resources whose objects stay under the old key when it changes, and which nobody looks at until they are needed.
fn is_archive(kind: &str) -> bool {
    let logging = kind.starts_with("google_logging_");
    let settings = ["_bucket_config", "_settings"]
        .iter()
        .any(|end| kind.ends_with(end));
    matches!(kind, "google_storage_bucket" | "google_observability_bucket") || (logging && settings)
}

/// Whether the key of a bucket changes.
pub(super) fn judge(change: &Change) -> Option<Check> {
    if !is_archive(&change.kind) {
        return None;
    }
    let (old, what) = changed(change)?;
    let address = &change.address;
    let verdict = match what {
        New::Unknown => Verdict::Unknown(format!(
            "{address} is under {old} now, and what it gets is not known yet"
        )),
        New::Odd => Verdict::Unknown(format!("{address} is under {old}, and {}", change.act.text())),
        New::None => Verdict::Fail(format!(
            "{address} is under {old} now, and no longer afterwards: what is in it still needs that key, and what comes \
             later is not under a key of yours"
        )),
        New::Key(new) => Verdict::Fail(format!(
            "{address} changes its key from {old} to {new}: what is in it still needs the old one, for as long as it is \
             kept{}",
            elsewhere(&old, &new)
        )),
    };
    Some(Check::new(CheckId::V29, address, verdict))
}

/// The same of other resources, for a note.
pub(super) fn note(change: &Change) -> Option<String> {
    if is_archive(&change.kind) || change.kind.starts_with("google_kms_") {
        return None;
    }
    let (old, what) = changed(change)?;
    let address = &change.address;
    Some(match what {
        New::Key(new) => format!("{address} changes its key from {old} to {new}"),
        New::None => format!("{address} is under {old} now, and no longer afterwards"),
        New::Unknown | New::Odd => format!("{address} is under {old} now, and what it gets is not known yet"),
    })
}

enum New {
    Key(CryptoKeyName),
    None,
    Unknown,
    Odd,
}

/// The first key that a resource which stays has now and not afterwards, and what it has then.
fn changed(change: &Change) -> Option<(CryptoKeyName, New)> {
    if !matches!(
        change.act,
        Act::Update | Act::Replace | Act::ForgetAndCreate | Act::Other
    ) {
        return None;
    }
    let new = change.later();
    change.keys_before().find_map(|(path, old)| {
        let after = match new.key(path) {
            Some(key) if key == old => return None,
            Some(key) => New::Key(key),
            None if change.act == Act::Other => New::Odd,
            None if new.is_unknown(path) => New::Unknown,
            None => New::None,
        };
        Some((old, after))
    })
}

fn elsewhere(old: &CryptoKeyName, new: &CryptoKeyName) -> String {
    match old.location() == new.location() {
        true => String::new(),
        false => format!(
            ". The location changes from {} to {}: a changed location is a move, never a replacement",
            old.location(),
            new.location()
        ),
    }
}
