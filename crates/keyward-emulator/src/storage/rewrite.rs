//! `storage.objects.rewrite` and `copy`: the way of a content from one key to another.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use percent_encoding::percent_decode_str;
use rand_core::Rng;
use serde_json::json;

use super::ask::Ask;
use super::bucket::{Bucket, document};
use super::content::{self, Draft};
use super::download;
use super::hash::{Expected, Hashes};
use super::object::{Object, load};
use super::precondition::Conditions;
use super::refusal::Refusal;
use super::reply::Reply;
use super::upload::named;
use crate::state::State;

/// Most rewrites that are under way.
const TOKENS: usize = 1024;
/// What `maxBytesRewrittenPerCall` is a multiple of.
const STEP: i64 = 1 << 20;

/// Rewrites that take several calls, by their token. A client that finds its token gone begins again.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<String, Under>>);

/// A rewrite under way.
#[derive(Clone, PartialEq)]
struct Under {
    source: (String, String, i64),
    destination: (String, String),
    written: u64,
}

/// `storage.objects.rewrite`.
pub(crate) fn answer(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let token = ask.query.get("rewriteToken");
    let under = token.map(|token| state.storage.rewrites.get(token)).transpose()?;
    let generation = match &under {
        Some(under) if !under.is_of(ask) => {
            let message = "This rewriteToken is of another rewrite.";
            return Err(Refusal::parameter("rewriteToken", message));
        }
        Some(under) => Some(under.source.2),
        None => ask.query.number("sourceGeneration")?,
    };
    let (bucket, source) = found(state, ask, generation)?;
    let written = under
        .map_or(0, |under| under.written)
        .saturating_add(step(ask, source.size)?);
    if written < source.size {
        content::hashes(state, &bucket.project, &source)?;
        let under = Under {
            source: (source.bucket.clone(), source.name.clone(), source.generation),
            destination: ask.destination.clone(),
            written,
        };
        let token = state.storage.rewrites.put(state, token, under)?;
        return Ok(going_on(&source, written, &token));
    }
    let (object, hashes) = written_over(state, ask, &bucket, &source)?;
    if let Some(token) = token {
        state.storage.rewrites.all().remove(token);
    }
    let size = source.size.to_string();
    let document = json!({
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": size,
        "objectSize": size,
        "done": true,
        "resource": object.show(&ask.base, Some(hashes)),
    });
    Ok(Reply::json(200, &document))
}

/// `storage.objects.copy`.
pub(crate) fn copy(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let (bucket, source) = found(state, ask, ask.query.number("sourceGeneration")?)?;
    let (object, hashes) = written_over(state, ask, &bucket, &source)?;
    Ok(Reply::json(200, &object.show(&ask.base, Some(hashes))))
}

/// PUT with `x-goog-copy-source` of the XML API.
pub(crate) fn copy_over_xml(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let wrong = || Refusal::invalid("x-goog-copy-source is BUCKET/OBJECT").at("header", "x-goog-copy-source");
    let source = ask.header("x-goog-copy-source").unwrap_or_default();
    let source = percent_decode_str(source).decode_utf8().map_err(|_| wrong())?;
    let (bucket, object) = source.trim_start_matches('/').split_once('/').ok_or_else(wrong)?;
    let (bucket, source) = state.shelf.read(|shelved| load(shelved, bucket, object, None))?;
    let draft = Draft {
        bucket: ask.bucket.clone(),
        name: ask.object.clone(),
        key: ask
            .header("x-goog-encryption-kms-key-name")
            .map(named)
            .transpose()?,
        described: source.described.clone(),
        conditions: Conditions::of(ask)?,
        ..Draft::default()
    };
    let (object, _) = rewritten(state, &bucket, &source, &draft)?;
    let document = format!(
        "<?xml version='1.0' encoding='UTF-8'?><CopyObjectResult><LastModified>{:.3}</LastModified>\
         <ETag>{}</ETag></CopyObjectResult>",
        object.updated,
        download::etag(&object).replace('"', "&quot;")
    );
    Ok(Reply::xml(200, document).header("x-goog-generation", object.generation.to_string()))
}

/// The source, with what must hold of it.
fn found(state: &State, ask: &Ask, generation: Option<i64>) -> Result<(Bucket, Object), Refusal> {
    let found = state
        .shelf
        .read(|shelved| load(shelved, &ask.bucket, &ask.object, generation))?;
    Conditions::of_source(ask)?.check_write(Some(&found.1))?;
    Ok(found)
}

/// How many bytes this call writes.
fn step(ask: &Ask, size: u64) -> Result<u64, Refusal> {
    match ask.query.number("maxBytesRewrittenPerCall")? {
        None => Ok(size),
        Some(step) if step > 0 && step % STEP == 0 => Ok(step.cast_unsigned()),
        Some(_) => {
            let message = "maxBytesRewrittenPerCall is a multiple of 1048576, and more than 0";
            Err(Refusal::parameter("maxBytesRewrittenPerCall", message))
        }
    }
}

/// Writes the destination that the JSON API asks for.
fn written_over(
    state: &State,
    ask: &Ask,
    bucket: &Bucket,
    source: &Object,
) -> Result<(Object, Hashes), Refusal> {
    let said = document(&ask.body)?;
    let mut described = source.described.clone();
    if !said.is_empty() {
        described.apply(&said, true)?;
    }
    let key = ask.query.get("destinationKmsKeyName");
    let key = key.or_else(|| said.get("kmsKeyName").and_then(serde_json::Value::as_str));
    let draft = Draft {
        bucket: ask.destination.0.clone(),
        name: ask.destination.1.clone(),
        key: key.map(named).transpose()?,
        described,
        expected: Expected::default(),
        conditions: Conditions::of(ask)?,
    };
    rewritten(state, bucket, source, &draft)
}

/// Reads the source with its key, and writes the destination with its own.
fn rewritten(
    state: &State,
    bucket: &Bucket,
    source: &Object,
    draft: &Draft,
) -> Result<(Object, Hashes), Refusal> {
    let size = usize::try_from(source.size).map_err(|_| super::seal::damaged())?;
    let _taken = state.storage.room.take(size)?;
    let opened = content::opened(state, &bucket.project, source)?;
    let content = content::read(state, source, &opened, 0..size)?;
    draft.write(state, &content)
}

fn going_on(source: &Object, written: u64, token: &str) -> Reply {
    let document = json!({
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": written.to_string(),
        "objectSize": source.size.to_string(),
        "done": false,
        "rewriteToken": token,
    });
    Reply::json(200, &document)
}

impl Under {
    fn is_of(&self, ask: &Ask) -> bool {
        let (bucket, object, _) = &self.source;
        *bucket == ask.bucket && *object == ask.object && self.destination == ask.destination
    }
}

impl Tokens {
    fn get(&self, token: &str) -> Result<Under, Refusal> {
        let gone = || {
            Refusal::new(
                410,
                "gone",
                "There is no such rewrite, or no longer: begin again.",
            )
        };
        self.all().get(token).cloned().ok_or_else(gone)
    }

    /// Keeps a rewrite, under its token or a new one.
    fn put(&self, state: &State, token: Option<&str>, under: Under) -> Result<String, Refusal> {
        let mut bytes = [0; 16];
        super::rng(state).fill_bytes(&mut bytes);
        let token = token.map_or_else(|| format!("{:032x}", u128::from_be_bytes(bytes)), str::to_owned);
        let mut all = self.all();
        if all.len() >= TOKENS && !all.contains_key(&token) {
            let message = "Too many rewrites are under way: end some.";
            return Err(Refusal::new(429, "rateLimitExceeded", message));
        }
        all.insert(token.clone(), under);
        Ok(token)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Under>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
