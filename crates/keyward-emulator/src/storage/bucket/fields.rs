//! What a client may say of a bucket, read from JSON.

use std::collections::BTreeMap;

use keyward_core::location::Location;
use serde_json::{Map, Value};

use super::Bucket;
use crate::storage::refusal::Refusal;

/// Fields that are shown as they were given.
const SHOWN: [&str; 5] = ["billing", "cors", "iamConfiguration", "logging", "website"];

/// Fields that would promise something that is not kept.
const REFUSED: [&str; 7] = [
    "autoclass",
    "customPlacementConfig",
    "defaultEventBasedHold",
    "hierarchicalNamespace",
    "lifecycle",
    "objectRetention",
    "retentionPolicy",
];

/// Most labels of a bucket.
const LABELS: usize = 64;

/// Takes over what `said` says: a `null` takes away. With `whole`, what it does not say is taken away too.
pub(super) fn apply(bucket: &mut Bucket, said: &Map<String, Value>, whole: bool) -> Result<(), Refusal> {
    for field in REFUSED {
        if says(said.get(field)) {
            let message = format!("Buckets with `{field}` are not served by this emulator.");
            return Err(Refusal::new(501, "notImplemented", message).at("parameter", field));
        }
    }
    if whole || said.contains_key("encryption") {
        bucket.key = key(said.get("encryption"), bucket.key.take(), whole)?;
    }
    if whole || said.contains_key("versioning") {
        bucket.versioning = enabled(said.get("versioning"))?;
    }
    if whole || said.contains_key("labels") {
        labels(&mut bucket.labels, said.get("labels"), whole)?;
    }
    match said.get("storageClass") {
        Some(Value::String(class)) if class.len() <= 64 => bucket.storage_class.clone_from(class),
        None | Some(Value::Null) => {}
        Some(_) => return Err(wrong("storageClass")),
    }
    show(&mut bucket.shown, said, whole);
    Ok(())
}

/// Where the bucket is to be: `US` when nothing is said.
pub(super) fn location(said: &Map<String, Value>) -> Result<String, Refusal> {
    let named = match said.get("location") {
        None | Some(Value::Null) => "US",
        Some(Value::String(location)) => location,
        Some(_) => return Err(wrong("location")),
    };
    let lower = named.to_ascii_lowercase();
    if Location::parse(&lower).is_err() || lower == "global" {
        return Err(Refusal::invalid(
            "The specified location constraint is not valid.",
        ));
    }
    Ok(lower.to_ascii_uppercase())
}

/// The refusal of a field that is not of its type.
pub(super) fn wrong(field: &str) -> Refusal {
    Refusal::new(400, "invalid", format!("Invalid value for field {field}")).at("parameter", field)
}

/// Whether a value is more than nothing.
fn says(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Object(fields)) => fields.values().any(|value| says(Some(value))),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

fn key(encryption: Option<&Value>, before: Option<String>, whole: bool) -> Result<Option<String>, Refusal> {
    match encryption {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => match fields.get("defaultKmsKeyName") {
            Some(Value::String(name)) if name.is_empty() => Ok(None),
            Some(Value::String(name)) => Ok(Some(name.clone())),
            Some(Value::Null) => Ok(None),
            None => Ok(before.filter(|_| !whole)),
            Some(_) => Err(wrong("encryption.defaultKmsKeyName")),
        },
        Some(_) => Err(wrong("encryption")),
    }
}

fn enabled(versioning: Option<&Value>) -> Result<bool, Refusal> {
    match versioning {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Object(fields)) => match fields.get("enabled") {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(enabled)) => Ok(*enabled),
            Some(_) => Err(wrong("versioning.enabled")),
        },
        Some(_) => Err(wrong("versioning")),
    }
}

fn labels(labels: &mut BTreeMap<String, String>, said: Option<&Value>, whole: bool) -> Result<(), Refusal> {
    if whole || matches!(said, Some(Value::Null)) {
        labels.clear();
    }
    let said = match said {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(said)) => said,
        Some(_) => return Err(wrong("labels")),
    };
    for (name, value) in said {
        match value {
            Value::Null => drop(labels.remove(name)),
            Value::String(value) if name.len() <= 252 && value.len() <= 252 => {
                labels.insert(name.clone(), value.clone());
            }
            _ => return Err(wrong("labels")),
        }
    }
    if labels.len() > LABELS {
        return Err(Refusal::invalid(format!("A bucket has at most {LABELS} labels.")));
    }
    Ok(())
}

fn show(shown: &mut Map<String, Value>, said: &Map<String, Value>, whole: bool) {
    for field in SHOWN {
        match said.get(field) {
            Some(Value::Null) => drop(shown.remove(field)),
            Some(value) => drop(shown.insert(field.to_owned(), value.clone())),
            None if whole => drop(shown.remove(field)),
            None => {}
        }
    }
}
