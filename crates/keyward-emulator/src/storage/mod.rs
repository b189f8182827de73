//! A slice of Google Cloud Storage beside Cloud KMS, enough for keys' sake: buckets with a default key, objects that
//! are sealed under customer-managed keys for real, and what becomes of them when a key goes away.
//!
//! - [`route`] reads which call a request is, over the JSON API and over the XML API; [`serve`] is the way that every
//!   call takes; a call is one function from [`ask::Ask`] to [`reply::Reply`].
//! - An object under a key is sealed with a data key of its own, and that is wrapped by the key machine ([`seal`]). The
//!   file of the emulator holds nothing that opens it.
//! - Policies of buckets and objects are not kept: every caller may use the storage. What is enforced is whether the
//!   storage's own service agent may use a key ([`agent`]).

mod agent;
mod ask;
mod body;
mod bucket;
mod content;
mod download;
mod etag;
mod hash;
mod key;
mod key_refusal;
mod list;
mod object;
mod precondition;
mod query;
mod refusal;
mod reply;
mod rewrite;
mod route;
mod seal;
mod serve;
mod stamp;
mod unserved;
mod upload;
mod xml;

use std::sync::{Arc, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::Request;
use rand::rngs::StdRng;

pub(crate) use route::takes;

use crate::state::State;

/// What the storage remembers for as long as it runs. Everything else is on the shelf.
pub(crate) struct Storage {
    /// Uploads that were begun and not ended.
    sessions: upload::Sessions,
    /// Rewrites that take several calls.
    rewrites: rewrite::Tokens,
    /// Memory for contents under way.
    room: body::Room,
}

impl Storage {
    /// A storage without sessions.
    pub(crate) fn new() -> Self {
        Self {
            sessions: upload::Sessions::default(),
            rewrites: rewrite::Tokens::default(),
            room: body::Room::new(),
        }
    }
}

/// Everything under `/storage/v1`, `/upload/…`, `/resumable/upload/…`, `/download/…`, `/b` and `/BUCKET/OBJECT`; a
/// path that is none of these is answered as a method that does not exist. [`takes`] tells which paths are meant.
/// Links in answers are `https` where `secure`.
pub(crate) fn router(state: Arc<State>, secure: bool) -> Router {
    let scheme = if secure { "https" } else { "http" };
    Router::new().fallback(move |request: Request| {
        let state = Arc::clone(&state);
        async move { serve::serve(&state, scheme, request).await }
    })
}

/// The emulator's randomness, for as long as the guard is held.
fn rng(state: &State) -> MutexGuard<'_, StdRng> {
    state.rng.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
