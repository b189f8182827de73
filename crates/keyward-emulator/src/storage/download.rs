//! `storage.objects.get` with the content: all of it, or one range.

use std::ops::Range;

use jiff::fmt::rfc2822::DateTimePrinter;
use keyward_core::clock::Timestamp;

use super::ask::Ask;
use super::content;
use super::hash::Hashes;
use super::object::{FIELDS, Object, load};
use super::precondition::Conditions;
use super::refusal::Refusal;
use super::reply::Reply;
use crate::state::State;

/// `alt=media`, and GET and HEAD of the XML API.
pub(crate) fn answer(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let generation = ask.query.number("generation")?;
    let (bucket, object) = state
        .shelf
        .read(|shelved| load(shelved, &ask.bucket, &ask.object, generation))?;
    Conditions::of(ask)?.check_read(&object)?;
    if ask.verb == http::Method::HEAD {
        let hashes = content::hashes(state, &bucket.project, &object).ok();
        let length = object.size.to_string();
        return Ok(described(&object, hashes, 200).header("content-length", length));
    }
    let size = usize::try_from(object.size).map_err(|_| super::seal::damaged())?;
    let taken = state.storage.room.take(size)?;
    let opened = content::opened(state, &bucket.project, &object)?;
    let range = match ask
        .header("range")
        .map_or(Asked::All, |range| read_range(range, size))
    {
        Asked::All => None,
        Asked::Part(range) => Some(range),
        Asked::Nothing => return Err(out_of_range()),
    };
    let status = if range.is_some() { 206 } else { 200 };
    let mut reply = described(&object, Some(opened.hashes), status).header("accept-ranges", "bytes");
    if let Some(range) = &range {
        let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        reply = reply.header("content-range", text);
    }
    let content = content::read(state, &object, &opened, range.unwrap_or(0..size))?;
    Ok(reply.body(taken.around(content)))
}

fn out_of_range() -> Refusal {
    Refusal::new(
        416,
        "requestedRangeNotSatisfiable",
        "Request range not satisfiable",
    )
    .at("header", "Range")
    .code("InvalidRange")
}

/// Headers that tell of an object.
fn described(object: &Object, hashes: Option<Hashes>, status: u16) -> Reply {
    let mut reply = Reply::empty(status)
        .header("x-goog-generation", object.generation.to_string())
        .header("x-goog-metageneration", object.metageneration.to_string())
        .header("x-goog-stored-content-length", object.size.to_string())
        .header("last-modified", http_date(object.updated));
    let stored = object.described.get("contentEncoding").unwrap_or("identity");
    reply = reply.header("x-goog-stored-content-encoding", stored);
    for (field, header) in FIELDS {
        if let Some(value) = object.described.get(field) {
            reply = reply.header(header, value);
        }
    }
    if let Some(class) = object.described.get("storageClass") {
        reply = reply.header("x-goog-storage-class", class);
    }
    for (name, value) in object.described.metadata() {
        reply = reply.noted(name, value);
    }
    if let Some(version) = object.key_version() {
        reply = reply.header("x-goog-encryption-kms-key-name", version.to_string());
    }
    match hashes {
        Some(hashes) => reply
            .header("x-goog-hash", format!("crc32c={}", hashes.crc32c_text()))
            .header("x-goog-hash", format!("md5={}", hashes.md5_text()))
            .header("etag", etag(object)),
        None => reply.header("etag", etag(object)),
    }
}

/// The tag of the XML API: it changes with the content.
pub(crate) fn etag(object: &Object) -> String {
    format!(
        "\"{}\"",
        super::etag::of_object(object.generation, object.metageneration)
    )
}

/// An instant as HTTP writes it.
fn http_date(instant: Timestamp) -> String {
    let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&instant);
    printed.unwrap_or_default()
}

#[derive(Debug, PartialEq)]
enum Asked {
    All,
    Part(Range<usize>),
    Nothing,
}

/// `bytes=1-2`, `bytes=1-` or `bytes=-2`. Anything else asks for all, as several ranges do.
fn read_range(range: &str, size: usize) -> Asked {
    let Some((first, last)) = range
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::All;
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(last)) if first.is_empty() => size.saturating_sub(last)..size,
        _ => return Asked::All,
    };
    if range.start < range.end {
        Asked::Part(range)
    } else {
        Asked::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (range, asked) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=2-", Asked::Part(2..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=8-99", Asked::Part(8..10)),
            ("bytes=0-18446744073709551615", Asked::Part(0..10)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=5-2", Asked::All),
            ("bytes=0-1,3-4", Asked::All),
            ("lines=0-1", Asked::All),
            ("bytes=99999999999999999999-", Asked::All),
        ] {
            assert_eq!(read_range(range, 10), asked, "{range}");
        }
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(
            http_date("2026-11-25T11:30:00.5Z".parse().unwrap()),
            "Wed, 25 Nov 2026 11:30:00 GMT"
        );
    }
}
