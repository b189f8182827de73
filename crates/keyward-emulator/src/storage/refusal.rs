//! How a call of the storage fails: status, reason and sentence, in the JSON API's shape and in the XML API's.

use keyward_core::kms::{KmsCode, KmsError};
use serde_json::{Map, json};
use tonic::Code;

use super::reply::Reply;
use super::xml;

/// A failed call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The word for programs.
    pub(crate) reason: &'static str,
    /// The sentence for people.
    pub(crate) message: String,
    /// What it is about: `header` or `parameter`, and its name.
    pub(crate) location: Option<(&'static str, String)>,
    /// The XML API's word, where it is not made from the reason.
    pub(crate) code: Option<&'static str>,
}

impl Refusal {
    /// A refusal.
    pub(crate) fn new(status: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            reason,
            message: message.into(),
            location: None,
            code: None,
        }
    }

    /// A value that cannot be.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid", message)
    }

    /// A parameter that cannot be.
    pub(crate) fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::new(400, "invalidParameter", message).at("parameter", name)
    }

    /// A parameter that is missing.
    pub(crate) fn required(name: &str) -> Self {
        Self::new(400, "required", format!("Required parameter: {name}")).at("parameter", name)
    }

    /// A bucket that is not there.
    pub(crate) fn no_bucket() -> Self {
        Self::new(404, "notFound", "The specified bucket does not exist.").code("NoSuchBucket")
    }

    /// An object that is not there.
    pub(crate) fn no_object(bucket: &str, object: &str) -> Self {
        Self::new(404, "notFound", format!("No such object: {bucket}/{object}")).code("NoSuchKey")
    }

    /// A precondition that does not hold.
    pub(crate) fn condition() -> Self {
        let message = "At least one of the pre-conditions you specified did not hold.";
        Self::new(412, "conditionNotMet", message).at("header", "If-Match")
    }

    /// Says what it is about.
    pub(crate) fn at(mut self, kind: &'static str, name: &str) -> Self {
        self.location = Some((kind, name.to_owned()));
        self
    }

    /// Says the XML API's word.
    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The answer.
    pub(crate) fn into_reply(self, as_xml: bool) -> Reply {
        if self.status == 304 {
            return Reply::empty(304);
        }
        if as_xml {
            return Reply::xml(self.status, xml::error(&self));
        }
        let mut error = Map::new();
        error.insert("message".into(), self.message.clone().into());
        error.insert("domain".into(), "global".into());
        error.insert("reason".into(), self.reason.into());
        if let Some((kind, name)) = &self.location {
            error.insert("locationType".into(), (*kind).into());
            error.insert("location".into(), name.clone().into());
        }
        let document = json!({
            "error": { "code": self.status, "message": self.message, "errors": [error] }
        });
        Reply::json(self.status, &document)
    }
}

/// The code that the log of calls keeps for a status.
pub(crate) fn outcome(status: u16) -> Code {
    match status {
        200..=399 => Code::Ok,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 | 410 => Code::NotFound,
        409 => Code::AlreadyExists,
        412 => Code::FailedPrecondition,
        413 | 429 => Code::ResourceExhausted,
        416 => Code::OutOfRange,
        499 => Code::Cancelled,
        400..=499 => Code::InvalidArgument,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        _ => Code::Internal,
    }
}

/// Status and reason of a code, as a fault asks for it.
fn of_code(code: Code) -> (u16, &'static str) {
    match code {
        Code::Unauthenticated => (401, "authError"),
        Code::PermissionDenied => (403, "forbidden"),
        Code::NotFound => (404, "notFound"),
        Code::AlreadyExists | Code::Aborted => (409, "conflict"),
        Code::FailedPrecondition => (412, "conditionNotMet"),
        Code::ResourceExhausted => (429, "rateLimitExceeded"),
        Code::OutOfRange => (416, "requestedRangeNotSatisfiable"),
        Code::Cancelled => (499, "cancelled"),
        Code::Unimplemented => (501, "notImplemented"),
        Code::Unavailable => (503, "backendError"),
        Code::DeadlineExceeded => (504, "backendError"),
        Code::InvalidArgument => (400, "invalid"),
        _ => (500, "internalError"),
    }
}

impl From<crate::refusal::Refusal> for Refusal {
    fn from(refusal: crate::refusal::Refusal) -> Self {
        let (status, reason) = of_code(refusal.code);
        Self::new(status, reason, refusal.message)
    }
}

/// What the shelf says. Refusals of keys do not come this way: [`super::key_refusal`] tells them.
impl From<KmsError> for Refusal {
    fn from(error: KmsError) -> Self {
        match error.code {
            KmsCode::Unavailable | KmsCode::DeadlineExceeded => Self::new(503, "backendError", error.message),
            KmsCode::InvalidArgument => Self::invalid(error.message),
            _ => Self::new(500, "internalError", error.message),
        }
    }
}
