//! The way of every call: caller, faults, permission, answer, log.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use http::HeaderMap;
use tonic::{Code, Request, Response, Status};

use crate::refusal::Refusal;
use crate::rpc::{Call, Caller, Rpc};
use crate::state::State;
use crate::trouble::{Effect, Met};

/// Metadata of an answer that must not arrive: the server cuts the stream where it finds it.
pub(crate) const DROPPED: &str = "x-keyward-dropped";

/// Answers one call.
pub(crate) async fn serve<R: Rpc>(
    state: &Arc<State>,
    request: Request<R::Request>,
) -> Result<Response<R::Response>, Status> {
    let caller = caller(request.metadata().as_ref());
    let request = request.into_inner();
    let resource = R::resource(&request).to_owned();
    let Met { delay, effect } = state.trouble.meet(&caller, &R::METHOD, &resource);
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    let waits_for_disk = R::METHOD.changes || state.keys.may_wait();
    let answered = if waits_for_disk && state.keys.is_persisted() {
        // It goes on when the caller goes away: a change is made whole, and logged.
        let state = Arc::clone(state);
        let work = move || answered::<R>(&state, &caller, &resource, request, effect);
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|_| Err(bug().into()))
    } else {
        answered::<R>(state, &caller, &resource, request, effect)
    };
    answered.map(Response::new)
}

/// The answer, and what trouble makes of it.
fn answered<R: Rpc>(
    state: &State,
    caller: &Caller,
    resource: &str,
    request: R::Request,
    effect: Option<Effect>,
) -> Result<R::Response, Status> {
    let keys = match &effect {
        Some(Effect::Stale(then)) => then,
        _ => &state.keys,
    };
    let answer = match &effect {
        Some(Effect::Refuse(refusal)) => Err(refusal.clone()),
        _ => without_panic(|| {
            state.iam.admit::<R>(caller, resource)?;
            R::answer(&Call { state, keys, caller }, request)
        }),
    };
    let outcome = answer.as_ref().map_or_else(|refusal| refusal.code, |_| Code::Ok);
    state.trouble.log(caller, &R::METHOD, resource, outcome);
    match effect {
        Some(Effect::DropReply) => Err(dropped()),
        Some(Effect::CorruptChecksum) => Ok(corrupted::<R>(answer?)),
        _ => Ok(answer?),
    }
}

/// A bug in one call is that call's: what it shares with others is behind locks that are taken over when poisoned.
fn without_panic<T>(answer: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    panic::catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| Err(bug()))
}

fn corrupted<R: Rpc>(mut answer: R::Response) -> R::Response {
    R::corrupt(&mut answer);
    answer
}

/// The text of the bearer token is the caller.
pub(crate) fn caller(headers: &HeaderMap) -> Caller {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok());
    match token.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) if !token.is_empty() => Caller::Bearer(token.to_owned()),
        _ => Caller::Owner,
    }
}

/// What is answered in the place of a panic.
pub(crate) fn bug() -> Refusal {
    Refusal::new(Code::Internal, "Internal error encountered.")
}

fn dropped() -> Status {
    let mut status = Status::unavailable("the answer was dropped");
    if let Ok(value) = "1".parse() {
        status.metadata_mut().insert(DROPPED, value);
    }
    status
}
