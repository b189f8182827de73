//! Bodies, read up to a limit and with a bound on what all of them take together.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// Largest object, in bytes.
pub(crate) const LARGEST_OBJECT: usize = 64 << 20;
/// Longest body of a call that brings no content.
pub(crate) const LONGEST_JSON: usize = 128 << 10;
/// Longest body of an upload: the largest object, its metadata and what is around them.
pub(crate) const LONGEST_UPLOAD: usize = LARGEST_OBJECT + LONGEST_JSON + 4096;

/// Memory for contents under way, in MiB.
const ROOM: usize = 512;
const MIB: usize = 1 << 20;

/// Room for contents under way.
pub(crate) struct Room(Arc<Semaphore>);

/// A part of the room, given back on drop.
pub(crate) struct Taken(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// A content that takes its room until the last of it is sent.
struct Held {
    content: Vec<u8>,
    _taken: Taken,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

impl Taken {
    /// `content`, with this room for as long as somebody holds a part of it.
    pub(crate) fn around(self, content: Vec<u8>) -> Bytes {
        Bytes::from_owner(Held {
            content,
            _taken: self,
        })
    }
}

impl Room {
    /// All of it.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }

    /// Room for `bytes`.
    ///
    /// # Errors
    /// 503 when too much is under way; a client tries again.
    pub(crate) fn take(&self, bytes: usize) -> Result<Taken, Refusal> {
        let permits = u32::try_from(bytes.div_ceil(MIB).clamp(1, ROOM)).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.0).try_acquire_many_owned(permits);
        taken.map(Taken).map_err(|_| {
            let message = format!("More than {ROOM} MiB of contents are under way: try again in a moment.");
            Refusal::new(503, "backendError", message)
        })
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413 when it is longer, 400 when it ends early.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut body = body;
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Refusal::new(400, "uploadBrokenConnection", "The body ended early."))?;
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > limit {
                return Err(too_long(limit));
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}

/// The refusal of a body that is longer than `limit`.
pub(crate) fn too_long(limit: usize) -> Refusal {
    let message = match limit {
        LONGEST_UPLOAD => "This emulator keeps objects of at most 64 MiB.".to_owned(),
        limit => format!("The body of this call has at most {limit} bytes."),
    };
    Refusal::new(413, "uploadTooLarge", message).code("EntityTooLarge")
}
