//! Contents of objects on the shelf: in parts of at most 1 MiB, written and read with their object.

use std::ops::Range;

use keyward_core::clock::Clock;
use keyward_core::kms::KmsError;
use rand_core::Rng;

use super::body::{self, LARGEST_OBJECT, LONGEST_UPLOAD};
use super::bucket::Bucket;
use super::hash::{Expected, Hashes};
use super::object::{self, Described, Object, check_name};
use super::precondition::Conditions;
use super::refusal::Refusal;
use super::seal::{self, Opened};
use super::{key, stamp};
use crate::shelf::Shelved;
use crate::state::State;

const NAMESPACE: &str = "storage.part";

/// Length of every part but the last, in bytes.
const PART: usize = 1 << 20;

/// Most bytes that a storage in memory keeps.
const IN_MEMORY: u64 = 1 << 30;

/// An object that is to be written.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    /// The bucket.
    pub(crate) bucket: String,
    /// The name.
    pub(crate) name: String,
    /// The key that the call names.
    pub(crate) key: Option<String>,
    /// What is said of it.
    pub(crate) described: Described,
    /// Checksums that the client sent along.
    pub(crate) expected: Expected,
    /// What must hold of the object that is written over.
    pub(crate) conditions: Conditions,
}

impl Draft {
    /// Whether it could be written as of now, before any content comes.
    ///
    /// # Errors
    /// What writing it would say, as far as it can be known.
    pub(crate) fn check(&self, state: &State) -> Result<Bucket, Refusal> {
        check_name(&self.name)?;
        self.described.check()?;
        state.shelf.read(|shelved| {
            let bucket = Bucket::load(shelved, &self.bucket)?;
            let live = object::live(shelved, &self.bucket, &self.name)?;
            self.conditions.check_write(live.as_ref())?;
            Ok(bucket)
        })
    }

    /// Writes it, durably, and answers the object with its checksums. Of several writers with the same precondition, one
    /// wins.
    ///
    /// # Errors
    /// 413 beyond the largest object, 404 without the bucket, 412 when a precondition does not hold, 400 for a wrong checksum, and what the service
    /// says when the key does not encrypt. Nothing is written then.
    pub(crate) fn write(&self, state: &State, content: &[u8]) -> Result<(Object, Hashes), Refusal> {
        if content.len() > LARGEST_OBJECT {
            return Err(body::too_long(LONGEST_UPLOAD));
        }
        let bucket = self.check(state)?;
        let hashes = Hashes::of(content);
        self.expected.check(&hashes)?;
        let key = key::of_object(state, &bucket, self.key.as_deref())?;
        let (at, size) = (place(state), content.len() as u64);
        let (protection, seal) = seal::protect(state, key.as_ref(), &at, size, hashes)?;
        let object = state.shelf.change(|shelved| {
            let bucket = Bucket::load(shelved, &self.bucket)?;
            let live = object::live(shelved, &self.bucket, &self.name)?;
            self.conditions.check_write(live.as_ref())?;
            let object = self.object(state, shelved, &bucket, at, size, protection)?;
            account(state, shelved, i64::try_from(size).unwrap_or(i64::MAX))?;
            for (index, part) in (0..).zip(content.chunks(PART)) {
                match &seal {
                    Some(seal) => shelved.put(NAMESPACE, &name(&object, index), &seal.seal(index, part)?)?,
                    None => shelved.put(NAMESPACE, &name(&object, index), part)?,
                }
            }
            object::place(shelved, &bucket, &object)?;
            Ok::<_, Refusal>(object)
        })?;
        Ok((object, hashes))
    }

    fn object(
        &self,
        state: &State,
        shelved: &Shelved<'_>,
        bucket: &Bucket,
        content: String,
        size: u64,
        protection: object::Protection,
    ) -> Result<Object, Refusal> {
        let now = state.clock.now();
        let mut described = self.described.clone();
        described.or("contentType", Some("application/octet-stream"));
        described.or("storageClass", Some(&bucket.storage_class));
        Ok(Object {
            bucket: self.bucket.clone(),
            name: self.name.clone(),
            generation: stamp::next(shelved, now)?,
            metageneration: 1,
            described,
            size,
            content,
            protection,
            created: now,
            updated: now,
            deleted: None,
        })
    }
}

/// The checksums of an object, where its key tells them.
pub(crate) fn hashes(state: &State, project: &str, object: &Object) -> Result<Hashes, Refusal> {
    Ok(opened(state, project, object)?.hashes)
}

/// Opens an object for the service agent of a project.
///
/// # Errors
/// 403 when the agent may not decrypt, and what the service says when the version does not.
pub(crate) fn opened(state: &State, project: &str, object: &Object) -> Result<Opened, Refusal> {
    if let Some(version) = object.key_version() {
        super::agent::may_decrypt(state, project, version.key())?;
    }
    seal::open(state, &object.protection, &object.content, object.size)
}

/// Reads a range of an opened object.
///
/// # Errors
/// 404 when it was deleted meanwhile.
pub(crate) fn read(
    state: &State,
    object: &Object,
    opened: &Opened,
    range: Range<usize>,
) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::with_capacity(range.len());
    if range.is_empty() {
        return Ok(content);
    }
    let parts = range.start / PART..range.end.div_ceil(PART);
    let parts = state.shelf.read(|shelved| stored(shelved, object, parts))?;
    for (index, mut part) in parts {
        if let Some(seal) = &opened.seal {
            seal.open(index, &mut part)?;
        }
        let start = usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(PART);
        let from = range.start.saturating_sub(start).min(part.len());
        let to = range.end.saturating_sub(start).min(part.len());
        content.extend_from_slice(&part[from..to]);
    }
    if content.len() == range.len() {
        Ok(content)
    } else {
        Err(seal::damaged())
    }
}

fn stored(
    shelved: &Shelved<'_>,
    object: &Object,
    parts: Range<usize>,
) -> Result<Vec<(u32, Vec<u8>)>, Refusal> {
    let parts = parts.map(|index| {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let part = shelved.get(NAMESPACE, &name(object, index))?;
        let part = part.ok_or_else(|| Refusal::no_object(&object.bucket, &object.name))?;
        Ok((index, part))
    });
    parts.collect()
}

/// Takes the content of an object away.
pub(crate) fn remove(shelved: &Shelved<'_>, object: &Object) -> Result<(), KmsError> {
    let parts = object.size.div_ceil(PART as u64);
    for index in 0..u32::try_from(parts).unwrap_or(u32::MAX) {
        shelved.delete(NAMESPACE, &name(object, index))?;
    }
    let kept = kept(shelved)?.saturating_sub_unsigned(object.size);
    shelved.put("storage.kept", "bytes", &kept.to_be_bytes())
}

/// Keeps count of all contents, and refuses one that a storage in memory has no room for.
fn account(state: &State, shelved: &Shelved<'_>, size: i64) -> Result<(), Refusal> {
    let kept = kept(shelved)?.saturating_add(size);
    if !state.shelf.is_persisted() && kept.cast_unsigned() > IN_MEMORY {
        let message = "An emulator without a data folder keeps at most 1 GiB of objects: delete some, or give it a \
                       data folder.";
        return Err(Refusal::new(403, "quotaExceeded", message));
    }
    Ok(shelved.put("storage.kept", "bytes", &kept.to_be_bytes())?)
}

fn kept(shelved: &Shelved<'_>) -> Result<i64, KmsError> {
    let bytes = shelved.get("storage.kept", "bytes")?;
    Ok(bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, i64::from_be_bytes))
}

/// Where a new content is kept: a name that never comes twice.
fn place(state: &State) -> String {
    let mut bytes = [0; 16];
    super::rng(state).fill_bytes(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

fn name(object: &Object, index: u32) -> String {
    format!("{}/{index:010}", object.content)
}
