//! The way of every call: caller, faults, permission, answer, log.

use std::sync::Arc;

use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

use crate::refusal::Refusal;
use crate::rpc::{Call, Caller, Rpc};
use crate::state::State;
use crate::trouble::Fault;

/// Metadata of an answer that must not arrive: the server cuts the stream where it finds it.
pub(crate) const DROPPED: &str = "x-keyward-dropped";

/// Answers one call.
pub(crate) async fn serve<R: Rpc>(
    state: &Arc<State>,
    request: Request<R::Request>,
) -> Result<Response<R::Response>, Status> {
    let (caller, request) = (caller(request.metadata()), request.into_inner());
    let resource = R::resource(&request).to_owned();
    let fault = state.trouble.meet(&R::METHOD, &resource);
    let answer = troubled::<R>(state, &caller, &resource, request, fault).await;
    let outcome = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
    state.trouble.log(&caller, &R::METHOD, &resource, outcome);
    answer.map(Response::new)
}

async fn troubled<R: Rpc>(
    state: &Arc<State>,
    caller: &Caller,
    resource: &str,
    request: R::Request,
    fault: Option<Fault>,
) -> Result<R::Response, Status> {
    match fault {
        Some(Fault::Error(refusal)) => return Err(refusal.into()),
        Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
    let mut answer = permitted::<R>(state, caller, resource, request)?;
    match fault {
        Some(Fault::DropReply) => Err(dropped()),
        Some(Fault::CorruptChecksum) => {
            R::corrupt(&mut answer);
            Ok(answer)
        }
        _ => Ok(answer),
    }
}

fn permitted<R: Rpc>(
    state: &State,
    caller: &Caller,
    resource: &str,
    request: R::Request,
) -> Result<R::Response, Refusal> {
    state.iam.check(caller, &R::METHOD, resource)?;
    let keys = &state.keys;
    R::answer(&Call { state, keys, caller }, request)
}

/// The text of the bearer token is the caller.
fn caller(metadata: &MetadataMap) -> Caller {
    let token = metadata.get("authorization").and_then(|value| value.to_str().ok());
    match token.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) if !token.is_empty() => Caller::Bearer(token.to_owned()),
        _ => Caller::Owner,
    }
}

fn dropped() -> Status {
    let mut status = Status::unavailable("the answer was dropped");
    if let Ok(value) = "1".parse() {
        status.metadata_mut().insert(DROPPED, value);
    }
    status
}
