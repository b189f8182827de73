//! Google's JSON of an error.

use http::{HeaderValue, StatusCode};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value as Json, json};
use tonic::Code;

use super::answer::{self, Form};
use super::fault::Fault;
use super::{Answer, Interface};
use crate::interface::google::rpc;
use crate::refusal::Refusal;
use crate::serve::DROPPED;

/// The answer to a call that failed.
pub(super) fn answer(fault: &Fault, form: &Form) -> Answer {
    match fault {
        Fault::Refused(refusal) => form.write(http_status(refusal.code), &body(refusal, form)),
        Fault::Dropped => {
            let mut answer = answer::text(StatusCode::SERVICE_UNAVAILABLE, "text/plain", String::new());
            answer
                .headers_mut()
                .insert(DROPPED, HeaderValue::from_static("1"));
            answer
        }
    }
}

fn body(refusal: &Refusal, form: &Form) -> Json {
    let mut error = json!({
        "code": http_status(refusal.code).as_u16(),
        "message": refusal.message,
    });
    if form.reasons {
        let reason = json!({
            "message": refusal.message,
            "domain": "global",
            "reason": reason(refusal.code),
        });
        error["errors"] = json!([reason]);
    }
    error["status"] = Json::from(name(refusal.code));
    if let Some(details) = details(refusal) {
        error["details"] = details;
    }
    json!({ "error": error })
}

/// The details by reflection; none when there are none, or when one is of a type that the definition does not have.
fn details(refusal: &Refusal) -> Option<Json> {
    if refusal.details.is_empty() {
        return None;
    }
    let status = rpc::Status {
        details: refusal.details.clone(),
        ..Default::default()
    };
    let descriptor = Interface::get()
        .ok()?
        .pool
        .get_message_by_name("google.rpc.Status")?;
    let status = DynamicMessage::decode(descriptor, status.encode_to_vec().as_slice()).ok()?;
    let mut json = Form::default().json_of(&status).ok()?;
    json.get_mut("details").map(Json::take)
}

/// The HTTP status of a code, by `google.rpc.Code`.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The words of the older error format.
fn reason(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument | Code::OutOfRange => "badRequest",
        Code::FailedPrecondition => "failedPrecondition",
        Code::Unauthenticated => "authError",
        Code::PermissionDenied => "forbidden",
        Code::NotFound => "notFound",
        Code::AlreadyExists => "alreadyExists",
        Code::Aborted => "aborted",
        Code::ResourceExhausted => "rateLimitExceeded",
        Code::Unimplemented => "notImplemented",
        Code::Ok | Code::Cancelled | Code::Unknown | Code::Internal => "backendError",
        Code::Unavailable | Code::DataLoss | Code::DeadlineExceeded => "backendError",
    }
}
