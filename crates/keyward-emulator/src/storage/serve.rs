//! The way of every call of the storage: what it is, its body, faults, answer, log.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{HeaderValue, Method as Verb, Request, Response};

use super::ask::{Ask, Operation};
use super::body::{self, Taken};
use super::refusal::{Refusal, outcome};
use super::reply::Reply;
use super::route;
use crate::rpc::Caller;
use crate::serve::{DROPPED, caller};
use crate::state::State;
use crate::trouble::{Effect, Met};

/// Answers one call.
pub(crate) async fn serve(state: &Arc<State>, scheme: &str, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let head = parts.method == Verb::HEAD;
    let as_xml = route::is_xml(parts.uri.path());
    match route::find(&parts, scheme) {
        Ok((operation, ask)) => {
            let caller = caller(&parts.headers);
            let mut response = served(state, operation, ask, body, &parts, &caller).await;
            if head {
                *response.body_mut() = Body::empty();
            }
            response
        }
        Err(refusal) => {
            // A body that nobody reads would reset the connection before the answer arrives.
            let _ = body::read(body, body::LONGEST_JSON).await;
            refusal.into_reply(as_xml).into_response(head)
        }
    }
}

async fn served(
    state: &Arc<State>,
    operation: Operation,
    ask: Ask,
    body: Body,
    parts: &Parts,
    caller: &Caller,
) -> Response<Body> {
    let (head, as_xml, resource) = (parts.method == Verb::HEAD, ask.xml, ask.resource());
    let met = state.trouble.meet(caller, &operation.method, &resource);
    let answer = troubled(state, operation, ask, body, &met).await;
    let mut reply = answer.unwrap_or_else(|refusal| refusal.into_reply(as_xml));
    state
        .trouble
        .log(caller, &operation.method, &resource, outcome(reply.status));
    if matches!(met.effect, Some(Effect::CorruptChecksum)) {
        reply.corrupt();
    }
    let mut response = reply.into_response(head);
    if matches!(met.effect, Some(Effect::DropReply)) {
        response
            .headers_mut()
            .insert(DROPPED, HeaderValue::from_static("1"));
    }
    response
}

async fn troubled(
    state: &Arc<State>,
    operation: Operation,
    mut ask: Ask,
    body: Body,
    met: &Met,
) -> Result<Reply, Refusal> {
    let taken = room(state, operation, &ask)?;
    ask.body = body::read(body, operation.longest_body).await?;
    if let Some(delay) = met.delay {
        tokio::time::sleep(delay).await;
    }
    if let Some(Effect::Refuse(refusal)) = &met.effect {
        return Err(refusal.clone().into());
    }
    let state = Arc::clone(state);
    let answer = tokio::task::spawn_blocking(move || {
        let answer = (operation.answer)(&state, &ask);
        drop(taken);
        answer
    });
    answer.await.map_err(|_| {
        Refusal::new(
            500,
            "internalError",
            "The emulator made a mistake: please report it.",
        )
    })?
}

/// Room for the body as its length is announced; for the longest when it is not.
fn room(state: &State, operation: Operation, ask: &Ask) -> Result<Taken, Refusal> {
    let announced = ask
        .header("content-length")
        .and_then(|length| length.parse::<u64>().ok());
    let length = announced.map_or(operation.longest_body, |length| {
        usize::try_from(length).unwrap_or(usize::MAX)
    });
    if length > operation.longest_body {
        return Err(body::too_long(operation.longest_body));
    }
    state.storage.room.take(length)
}
