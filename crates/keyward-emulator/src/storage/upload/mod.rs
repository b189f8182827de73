//! `storage.objects.insert`: media, multipart and resumable uploads, and PUT of the XML API.

mod multipart;
mod resumable;
mod session;

use keyward_core::name::KeyVersionName;
use serde_json::{Map, Value};

pub(crate) use resumable::{cancel, go_on};
pub(crate) use session::Sessions;

use super::ask::Ask;
use super::bucket::document;
use super::content::Draft;
use super::download;
use super::hash::Expected;
use super::key_refusal;
use super::object::FIELDS;
use super::precondition::Conditions;
use super::refusal::Refusal;
use super::reply::Reply;
use crate::state::State;

/// POST to the upload path.
pub(crate) fn answer(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let content_type = ask.header("content-type").unwrap_or_default();
    match ask.query.get("uploadType") {
        Some("media") => media(state, ask),
        Some("multipart") => multipart(state, ask),
        Some("resumable") => resumable::begin(state, ask),
        None if content_type.starts_with("multipart/related") => multipart(state, ask),
        None => media(state, ask),
        Some(_) => Err(Refusal::parameter(
            "uploadType",
            "uploadType is media, multipart or resumable",
        )),
    }
}

fn media(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let mut draft = draft(ask, &Map::new())?;
    draft.described.or("contentType", ask.header("content-type"));
    written(state, ask, &draft, &ask.body)
}

fn multipart(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let parts = multipart::split(ask.header("content-type").unwrap_or_default(), &ask.body)?;
    let mut draft = draft(ask, &document(parts.metadata)?)?;
    draft.described.or("contentType", parts.content_type);
    written(state, ask, &draft, parts.content)
}

fn written(state: &State, ask: &Ask, draft: &Draft, content: &[u8]) -> Result<Reply, Refusal> {
    let (object, hashes) = draft.write(state, content)?;
    Ok(Reply::json(200, &object.show(&ask.base, Some(hashes))))
}

/// What parameters, headers and metadata say of the object to be.
fn draft(ask: &Ask, metadata: &Map<String, Value>) -> Result<Draft, Refusal> {
    let text = |name| metadata.get(name).and_then(Value::as_str);
    let key = ask.query.get("kmsKeyName").or_else(|| text("kmsKeyName"));
    let mut draft = Draft {
        bucket: ask.bucket.clone(),
        name: ask
            .query
            .get("name")
            .or_else(|| text("name"))
            .unwrap_or_default()
            .to_owned(),
        key: key.map(named).transpose()?,
        expected: Expected::of(ask, metadata),
        conditions: Conditions::of(ask)?,
        ..Draft::default()
    };
    draft.described.apply(metadata, true)?;
    draft
        .described
        .or("contentEncoding", ask.query.get("contentEncoding"));
    Ok(draft)
}

/// A key by its name. A version is no key: the service chooses the version.
pub(crate) fn named(key: &str) -> Result<String, Refusal> {
    if key.parse::<KeyVersionName>().is_ok() {
        return Err(key_refusal::bad_name(key));
    }
    Ok(key.to_owned())
}

/// PUT of the XML API.
pub(crate) fn over_xml(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let mut draft = Draft {
        bucket: ask.bucket.clone(),
        name: ask.object.clone(),
        key: ask
            .header("x-goog-encryption-kms-key-name")
            .map(named)
            .transpose()?,
        expected: Expected::of(ask, &Map::new()),
        conditions: Conditions::of(ask)?,
        ..Draft::default()
    };
    for (field, header) in FIELDS {
        draft.described.or(field, ask.header(header));
    }
    for (name, value) in &ask.headers {
        if let (Some(name), Ok(value)) = (name.as_str().strip_prefix("x-goog-meta-"), value.to_str()) {
            draft.described.note(name, value);
        }
    }
    let (object, hashes) = draft.write(state, &ask.body)?;
    let reply = Reply::empty(200)
        .header("etag", download::etag(&object))
        .header("x-goog-generation", object.generation.to_string())
        .header("x-goog-metageneration", object.metageneration.to_string())
        .header("x-goog-hash", format!("crc32c={}", hashes.crc32c_text()))
        .header("x-goog-hash", format!("md5={}", hashes.md5_text()));
    Ok(reply)
}
