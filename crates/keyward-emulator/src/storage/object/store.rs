//! Where objects are on the shelf: the live one of each name, and the noncurrent ones by generation.

use keyward_core::clock::Timestamp;
use keyward_core::kms::KmsError;

use super::Object;
use crate::shelf::Shelved;
use crate::storage::bucket::{Bucket, damaged};
use crate::storage::content;
use crate::storage::refusal::Refusal;

const LIVE: &str = "storage.live";
const NONCURRENT: &str = "storage.noncurrent";

/// Whether a bucket holds anything.
pub(crate) fn any(shelved: &Shelved<'_>, bucket: &str) -> Result<bool, KmsError> {
    let all = format!("{bucket}/");
    let empty = |namespace| Ok::<_, KmsError>(shelved.scan(namespace, &all, None, 1)?.is_empty());
    Ok(!empty(LIVE)? || !empty(NONCURRENT)?)
}

/// The live object of a name.
pub(crate) fn live(shelved: &Shelved<'_>, bucket: &str, name: &str) -> Result<Option<Object>, KmsError> {
    read(shelved, LIVE, &format!("{bucket}/{name}"))
}

/// The object of a generation, or the live one.
fn find(
    shelved: &Shelved<'_>,
    bucket: &str,
    name: &str,
    generation: Option<i64>,
) -> Result<Option<Object>, KmsError> {
    let live = live(shelved, bucket, name)?;
    match generation {
        None => Ok(live),
        Some(wanted) => match live.filter(|live| live.generation == wanted) {
            Some(live) => Ok(Some(live)),
            None => read(shelved, NONCURRENT, &noncurrent(bucket, name, wanted)),
        },
    }
}

/// The object of a generation, or the live one, in a bucket that must be there.
///
/// # Errors
/// 404 when bucket or object is not there.
pub(crate) fn load(
    shelved: &Shelved<'_>,
    bucket: &str,
    name: &str,
    generation: Option<i64>,
) -> Result<(Bucket, Object), Refusal> {
    let place = Bucket::load(shelved, bucket)?;
    let found = find(shelved, bucket, name, generation)?;
    found
        .map(|object| (place, object))
        .ok_or_else(|| Refusal::no_object(bucket, name))
}

/// Puts an object in its place: a new generation retires the live one, a known one is changed.
pub(crate) fn place(shelved: &Shelved<'_>, bucket: &Bucket, object: &Object) -> Result<(), KmsError> {
    if object.deleted.is_some() {
        let at = noncurrent(&object.bucket, &object.name, object.generation);
        return write(shelved, NONCURRENT, &at, object);
    }
    match live(shelved, &object.bucket, &object.name)? {
        Some(before) if before.generation != object.generation => {
            retire(shelved, bucket, before, object.created)?;
        }
        _ => {}
    }
    write(
        shelved,
        LIVE,
        &format!("{}/{}", object.bucket, object.name),
        object,
    )
}

/// Takes an object away. One that was not named by its generation is kept as noncurrent where the bucket says so.
pub(crate) fn remove(
    shelved: &Shelved<'_>,
    bucket: &Bucket,
    object: Object,
    for_good: bool,
    now: Timestamp,
) -> Result<(), KmsError> {
    if object.deleted.is_some() {
        let at = noncurrent(&object.bucket, &object.name, object.generation);
        shelved.delete(NONCURRENT, &at)?;
        return content::remove(shelved, &object);
    }
    shelved.delete(LIVE, &format!("{}/{}", object.bucket, object.name))?;
    if for_good {
        return content::remove(shelved, &object);
    }
    retire(shelved, bucket, object, now)
}

fn retire(shelved: &Shelved<'_>, bucket: &Bucket, object: Object, now: Timestamp) -> Result<(), KmsError> {
    if !bucket.versioning {
        return content::remove(shelved, &object);
    }
    let object = Object {
        deleted: Some(now),
        ..object
    };
    let at = noncurrent(&object.bucket, &object.name, object.generation);
    write(shelved, NONCURRENT, &at, &object)
}

/// Live objects of a bucket whose names start with `prefix`, after `after` (a name, whole or not).
pub(crate) fn live_after(
    shelved: &Shelved<'_>,
    bucket: &str,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Object>, KmsError> {
    let after = after.map(|after| format!("{bucket}/{after}"));
    scan(shelved, LIVE, &format!("{bucket}/{prefix}"), after, limit)
}

/// Noncurrent objects, after a name and one of its generations.
pub(crate) fn noncurrent_after(
    shelved: &Shelved<'_>,
    bucket: &str,
    prefix: &str,
    after: Option<(&str, i64)>,
    limit: usize,
) -> Result<Vec<Object>, KmsError> {
    let after = after.map(|(name, generation)| noncurrent(bucket, name, generation));
    scan(shelved, NONCURRENT, &format!("{bucket}/{prefix}"), after, limit)
}

fn scan(
    shelved: &Shelved<'_>,
    namespace: &str,
    prefix: &str,
    after: Option<String>,
    limit: usize,
) -> Result<Vec<Object>, KmsError> {
    let found = shelved.scan(namespace, prefix, after.as_deref(), limit)?;
    found.iter().map(|(at, bytes)| decode(at, bytes)).collect()
}

/// Orders by name, then by generation: no name holds a zero byte, and generations are written with 20 digits.
fn noncurrent(bucket: &str, name: &str, generation: i64) -> String {
    format!("{bucket}/{name}\0{generation:020}")
}

fn read(shelved: &Shelved<'_>, namespace: &str, at: &str) -> Result<Option<Object>, KmsError> {
    let bytes = shelved.get(namespace, at)?;
    bytes.map(|bytes| decode(at, &bytes)).transpose()
}

fn decode(at: &str, bytes: &[u8]) -> Result<Object, KmsError> {
    serde_json::from_slice(bytes).map_err(|error| damaged("object", at, &error))
}

fn write(shelved: &Shelved<'_>, namespace: &str, at: &str, object: &Object) -> Result<(), KmsError> {
    let bytes = serde_json::to_vec(object).map_err(|error| damaged("object", at, &error))?;
    shelved.put(namespace, at, &bytes)
}
