//! How wraps and contexts are shown.

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{Wrap, WrapKind};
use serde_json::{Map, Value, json};

/// `europe-west1, us-central1 and 1 escrow recipient`: who can open it.
pub(crate) fn whom(wraps: &[Wrap]) -> String {
    let present = || wraps.iter().filter(|wrap| !wrap.is_missing());
    let mut parts: Vec<_> = present()
        .filter(|wrap| wrap.kind == WrapKind::Kms)
        .map(|wrap| wrap.location.clone())
        .collect();
    match present().filter(|wrap| wrap.kind == WrapKind::Age).count() {
        0 => {}
        1 => parts.push("1 age recipient".into()),
        more => parts.push(format!("{more} age recipients")),
    }
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => "nobody".into(),
    }
}

/// The wraps as JSON: `kind` is `kms` or `age`, `missing` one that is wanted and not there.
pub(crate) fn json(wraps: &[Wrap]) -> Value {
    wraps.iter().map(one).collect()
}

fn one(wrap: &Wrap) -> Value {
    json!({
        "kind": kind(wrap.kind),
        "provider": wrap.provider,
        "location": (!wrap.location.is_empty()).then_some(&wrap.location),
        "key": wrap.key,
        "version": wrap.version_number(),
        "missing": wrap.is_missing(),
    })
}

/// The word for a kind of wrap.
pub(crate) fn kind(kind: WrapKind) -> &'static str {
    match kind {
        WrapKind::Kms => "kms",
        WrapKind::Age => "age",
    }
}

/// The pairs as a JSON object.
pub(crate) fn context_json(context: &EncryptionContext) -> Value {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), Value::from(value));
    Value::Object(context.iter().map(pair).collect::<Map<_, _>>())
}
