//! `storage.objects.list`: live objects or all generations, by name, with prefixes folded at a delimiter.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::ask::Ask;
use super::bucket::Bucket;
use super::object::{self, Object, Protection};
use super::query::Query;
use super::refusal::Refusal;
use super::reply::Reply;
use crate::shelf::Shelved;
use crate::state::State;

/// Longest page, and the one that is given when none is asked for.
const PAGE: i64 = 1000;
/// Records that are read at once.
pub(crate) const SCAN: usize = 200;
/// What comes after every name that starts the same.
const LAST: char = char::MAX;

/// What is listed.
pub(crate) struct Wanted<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: Option<&'a str>,
    pub(crate) start: Option<&'a str>,
    pub(crate) end: Option<&'a str>,
    pub(crate) versions: bool,
    pub(crate) trailing: bool,
    pub(crate) size: usize,
    /// Name and generation that the page before ended with; a folded prefix ends with everything under it.
    pub(crate) after: Option<(String, i64)>,
}

/// One page.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) objects: Vec<Object>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) next: Option<(String, i64)>,
}

/// `storage.objects.list`.
pub(crate) fn answer(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    for parameter in ["matchGlob", "filter", "softDeleted"] {
        if ask
            .query
            .get(parameter)
            .is_some_and(|value| !value.eq_ignore_ascii_case("false"))
        {
            let message = format!("Listing with {parameter} is not served by this emulator.");
            return Err(Refusal::new(501, "notImplemented", message).at("parameter", parameter));
        }
    }
    let wanted = Wanted {
        bucket: &ask.bucket,
        prefix: ask.query.get("prefix").unwrap_or_default(),
        delimiter: ask.query.get("delimiter"),
        start: ask.query.get("startOffset"),
        end: ask.query.get("endOffset"),
        versions: ask.query.flag("versions")?,
        trailing: ask.query.flag("includeTrailingDelimiter")?,
        size: page_size(&ask.query)?,
        after: ask.query.get("pageToken").map(place).transpose()?,
    };
    let listed = state.shelf.read(|shelved| page(shelved, &wanted))?;
    let mut document = json!({ "kind": "storage#objects" });
    if !listed.objects.is_empty() {
        document["items"] = listed
            .objects
            .iter()
            .map(|object| shown(object, &ask.base))
            .collect();
    }
    if !listed.prefixes.is_empty() {
        document["prefixes"] = json!(listed.prefixes);
    }
    if let Some(next) = &listed.next {
        document["nextPageToken"] = place_token(next).into();
    }
    Ok(Reply::json(200, &document))
}

/// In a list, the checksums of objects under a key are left out: they are under the key too.
fn shown(object: &Object, base: &str) -> Value {
    let hashes = match &object.protection {
        Protection::Plain(hashes) => Some(*hashes),
        Protection::Key { .. } => None,
    };
    object.show(base, hashes)
}

/// `maxResults`, at most [`PAGE`].
pub(crate) fn page_size(query: &Query) -> Result<usize, Refusal> {
    match query.number("maxResults")? {
        Some(size) if size < 0 => Err(Refusal::parameter("maxResults", "maxResults is less than 0")),
        Some(0) | None => Ok(usize::try_from(PAGE).unwrap_or(usize::MAX)),
        Some(size) => Ok(usize::try_from(size.min(PAGE)).unwrap_or(usize::MAX)),
    }
}

/// A token of a text.
pub(crate) fn token(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// The text of a token.
///
/// # Errors
/// 400 for a token that is not ours.
pub(crate) fn read_token(token: &str) -> Result<String, Refusal> {
    let text = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Refusal::parameter("pageToken", "Invalid page token."))
}

pub(crate) fn place_token((name, generation): &(String, i64)) -> String {
    token(&format!("{generation}/{name}"))
}

pub(crate) fn place(token: &str) -> Result<(String, i64), Refusal> {
    let text = read_token(token)?;
    let parts = text.split_once('/').and_then(|(generation, name)| {
        let generation = generation.parse().ok()?;
        Some((name.to_owned(), generation))
    });
    parts.ok_or_else(|| Refusal::parameter("pageToken", "Invalid page token."))
}

/// One page.
pub(crate) fn page(shelved: &Shelved<'_>, wanted: &Wanted<'_>) -> Result<Listed, Refusal> {
    Bucket::load(shelved, wanted.bucket)?;
    let mut listed = Listed::default();
    let mut after = wanted.after.clone();
    loop {
        let objects = next(shelved, wanted, after.as_ref())?;
        if objects.is_empty() {
            return Ok(listed);
        }
        for object in objects {
            if wanted.end.is_some_and(|end| &*object.name >= end) {
                return Ok(listed);
            }
            let at = (object.name.clone(), object.generation);
            if wanted.start.is_some_and(|start| &*object.name < start) {
                after = Some(at);
                continue;
            }
            if listed.objects.len() + listed.prefixes.len() == wanted.size {
                listed.next = after;
                return Ok(listed);
            }
            match folded(wanted, &object.name) {
                None => listed.objects.push(object),
                Some(prefix) => {
                    if wanted.trailing && prefix == object.name {
                        listed.objects.push(object);
                    }
                    after = Some((format!("{prefix}{LAST}"), i64::MAX));
                    listed.prefixes.push(prefix);
                    break;
                }
            }
            after = Some(at);
        }
    }
}

/// The prefix that a name is folded into.
fn folded(wanted: &Wanted<'_>, name: &str) -> Option<String> {
    let delimiter = wanted.delimiter?;
    let rest = name.strip_prefix(wanted.prefix)?;
    let at = rest.find(delimiter)?;
    Some(format!("{}{}", wanted.prefix, &rest[..at + delimiter.len()]))
}

/// The next few objects, by name and generation.
fn next(
    shelved: &Shelved<'_>,
    wanted: &Wanted<'_>,
    after: Option<&(String, i64)>,
) -> Result<Vec<Object>, Refusal> {
    let (bucket, prefix) = (wanted.bucket, wanted.prefix);
    let name = after.map(|(name, _)| &**name);
    if !wanted.versions {
        return Ok(object::live_after(shelved, bucket, prefix, name, SCAN)?);
    }
    let place = after.map(|(name, generation)| (&**name, *generation));
    let mut all = object::noncurrent_after(shelved, bucket, prefix, place, SCAN)?;
    // The live generation of the name itself comes after its noncurrent ones, and may be what comes next.
    if let Some((name, generation)) = after {
        let live = object::live(shelved, bucket, name)?;
        all.extend(live.filter(|live| live.generation > *generation && name.starts_with(prefix)));
    }
    all.extend(object::live_after(shelved, bucket, prefix, name, SCAN)?);
    all.sort_by(|one, other| (&one.name, one.generation).cmp(&(&other.name, other.generation)));
    all.truncate(SCAN);
    Ok(all)
}
