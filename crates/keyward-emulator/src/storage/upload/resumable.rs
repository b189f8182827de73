//! Resumable uploads: begin, send chunks, ask how far it is, cancel.

use keyward_core::clock::Clock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::draft;
use super::session::{Progress, Session, busy};
use crate::state::State;
use crate::storage::ask::Ask;
use crate::storage::body::{self, LARGEST_OBJECT};
use crate::storage::bucket::document;
use crate::storage::content;
use crate::storage::key;
use crate::storage::object::load;
use crate::storage::refusal::Refusal;
use crate::storage::reply::Reply;

/// What a `Content-Range` says.
#[derive(Debug, PartialEq)]
enum Sent {
    /// Bytes from here on.
    Bytes { start: usize, length: usize },
    /// Nothing: how far is it?
    Nothing,
}

/// POST with `uploadType=resumable`: nothing is written yet, and what could not be is refused now.
pub(super) fn begin(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let mut draft = draft(ask, &document(&ask.body)?)?;
    draft
        .described
        .or("contentType", ask.header("x-upload-content-type"));
    let announced = ask.header("x-upload-content-length").map(str::parse::<usize>);
    if matches!(announced, Some(Ok(length)) if length > LARGEST_OBJECT) {
        return Err(body::too_long(body::LONGEST_UPLOAD));
    }
    let bucket = draft.check(state)?;
    key::of_object(state, &bucket, draft.key.as_deref())?;
    let name = utf8_percent_encode(&draft.name, NON_ALPHANUMERIC).to_string();
    let id = state.storage.sessions.begin(state, draft, state.clock.now())?;
    let location = format!(
        "{}/upload/storage/v1/b/{}/o?uploadType=resumable&name={name}&upload_id={id}",
        ask.base, ask.bucket
    );
    Ok(Reply::empty(200)
        .header("location", location)
        .header("x-guploader-uploadid", id))
}

/// PUT to the place of a session.
pub(crate) fn go_on(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let id = id(ask)?;
    let sessions = &state.storage.sessions;
    let done = sessions.with(id, |session| match &session.progress {
        Progress::Done(generation) => Ok(Some(*generation)),
        Progress::Closing => Err(busy()),
        Progress::Open(_) => {
            session.draft.expected.add(ask);
            Ok(None)
        }
    })?;
    if let Some(generation) = done {
        return shown(state, ask, id, generation);
    }
    let (sent, total) = read_range(ask)?;
    let here = match sent {
        Sent::Bytes { start, length } if length == ask.body.len() => sessions.add(id, start, &ask.body)?,
        Sent::Bytes { length, .. } => {
            let message = format!(
                "Content-Range tells of {length} bytes, and {} came.",
                ask.body.len()
            );
            return Err(Refusal::invalid(message).at("header", "Content-Range"));
        }
        Sent::Nothing => sessions.add(id, 0, &[])?,
    };
    match total {
        Some(total) if here == total => end(state, ask, id),
        Some(total) if here > total => {
            let message = format!("{here} bytes came, and {total} were announced.");
            Err(Refusal::invalid(message).at("header", "Content-Range"))
        }
        _ => Ok(going_on(ask, here)),
    }
}

/// DELETE of a session.
pub(crate) fn cancel(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    state.storage.sessions.forget(id(ask)?)?;
    Ok(Reply::empty(499))
}

fn id(ask: &Ask) -> Result<&str, Refusal> {
    ask.query
        .get("upload_id")
        .ok_or_else(|| Refusal::required("upload_id"))
}

/// Writes the object. What refuses it leaves the session as it was.
fn end(state: &State, ask: &Ask, id: &str) -> Result<Reply, Refusal> {
    let (draft, content) = state.storage.sessions.with(id, |session| {
        match std::mem::replace(&mut session.progress, Progress::Closing) {
            Progress::Open(content) => Ok((session.draft.clone(), content)),
            other => {
                session.progress = other;
                Err(busy())
            }
        }
    })?;
    let written = draft.write(state, &content);
    let progress = match &written {
        Ok((object, _)) => Progress::Done(object.generation),
        Err(_) => Progress::Open(content),
    };
    let _ = state.storage.sessions.with(id, |session: &mut Session| {
        session.progress = progress;
        Ok(())
    });
    let (object, hashes) = written?;
    Ok(Reply::json(200, &object.show(&ask.base, Some(hashes))))
}

/// The answer to a client that asks again for what is done.
fn shown(state: &State, ask: &Ask, id: &str, generation: i64) -> Result<Reply, Refusal> {
    let (bucket, name) = state.storage.sessions.with(id, |session| {
        Ok((session.draft.bucket.clone(), session.draft.name.clone()))
    })?;
    let (bucket, object) = state
        .shelf
        .read(|shelved| load(shelved, &bucket, &name, Some(generation)))?;
    let hashes = content::hashes(state, &bucket.project, &object).ok();
    Ok(Reply::json(200, &object.show(&ask.base, hashes)))
}

/// 308 with what is here; 200 with that number in a header for clients that ask so, since some HTTP libraries take 308
/// for a redirection.
fn going_on(ask: &Ask, here: usize) -> Reply {
    let as_success = ask.header("x-guploader-no-308") == Some("yes");
    let mut reply = Reply::empty(if as_success { 200 } else { 308 });
    if as_success {
        reply = reply.header("x-http-status-code-override", "308");
    }
    match here.checked_sub(1) {
        Some(last) => reply.header("range", format!("bytes=0-{last}")),
        None => reply,
    }
}

/// `bytes 0-9/100`, `bytes 0-9/*`, `bytes */100` or `bytes */*`; without it, the body is all there is.
fn read_range(ask: &Ask) -> Result<(Sent, Option<usize>), Refusal> {
    match ask.header("content-range") {
        Some(range) => parse(range).ok_or_else(|| {
            let shown: String = range.chars().take(100).collect();
            Refusal::invalid(format!("Invalid Content-Range: {shown}")).at("header", "Content-Range")
        }),
        None => {
            let length = ask.body.len();
            Ok((Sent::Bytes { start: 0, length }, Some(length)))
        }
    }
}

fn parse(range: &str) -> Option<(Sent, Option<usize>)> {
    let (sent, total) = range.trim().strip_prefix("bytes ")?.trim().split_once('/')?;
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    if sent == "*" {
        return Some((Sent::Nothing, total));
    }
    let (start, last) = sent.split_once('-')?;
    let (start, last): (usize, usize) = (start.parse().ok()?, last.parse().ok()?);
    let length = last.checked_sub(start)?.checked_add(1)?;
    Some((Sent::Bytes { start, length }, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_chunks_are_read() {
        let bytes = |start, length| Sent::Bytes { start, length };
        assert_eq!(parse("bytes 0-9/100"), Some((bytes(0, 10), Some(100))));
        assert_eq!(parse("bytes 10-19/*"), Some((bytes(10, 10), None)));
        assert_eq!(parse("bytes */100"), Some((Sent::Nothing, Some(100))));
        assert_eq!(parse("bytes */*"), Some((Sent::Nothing, None)));
        for range in [
            "bytes 9-0/100",
            "bytes 0-18446744073709551615/*",
            "0-9/10",
            "bytes 0-9",
            "bytes -1-2/3",
        ] {
            assert_eq!(parse(range), None, "{range}");
        }
    }
}
