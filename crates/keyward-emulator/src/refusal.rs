//! How a call fails: Google's code, sentence and details, over gRPC and over REST.

use keyward_core::kms::{KmsCode, KmsError};
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

use crate::interface::google::rpc;

/// The domain of the details that name a reason.
const DOMAIN: &str = "cloudkms.googleapis.com";

/// A failed call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) details: Vec<Any>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// A call that exists in Cloud KMS and not here yet.
    pub(crate) fn not_served(name: &str) -> Self {
        Self::new(
            Code::Unimplemented,
            format!("{name} is not served by this emulator."),
        )
    }

    /// Adds a `google.rpc.ErrorInfo`.
    pub(crate) fn reason(self, reason: &str, metadata: &[(&str, &str)]) -> Self {
        let metadata = metadata
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let info = rpc::ErrorInfo {
            reason: reason.to_owned(),
            domain: DOMAIN.to_owned(),
            metadata: metadata.collect(),
        };
        self.detail("google.rpc.ErrorInfo", &info)
    }

    /// Adds a `google.rpc.PreconditionFailure` with one violation. Cloud KMS sends it without a description.
    pub(crate) fn precondition(self, kind: &str, subject: &str) -> Self {
        let violation = rpc::precondition_failure::Violation {
            r#type: kind.to_owned(),
            subject: subject.to_owned(),
            description: String::new(),
        };
        let failure = rpc::PreconditionFailure {
            violations: vec![violation],
        };
        self.detail("google.rpc.PreconditionFailure", &failure)
    }

    /// Adds a `google.rpc.BadRequest` that blames one field.
    pub(crate) fn bad_field(self, field: &str) -> Self {
        let violation = rpc::bad_request::FieldViolation {
            field: field.to_owned(),
            description: self.message.clone(),
            ..Default::default()
        };
        let bad = rpc::BadRequest {
            field_violations: vec![violation],
        };
        self.detail("google.rpc.BadRequest", &bad)
    }

    fn detail(mut self, name: &str, message: &impl Message) -> Self {
        self.details.push(Any {
            type_url: format!("type.googleapis.com/{name}"),
            value: message.encode_to_vec(),
        });
        self
    }
}

impl From<KmsError> for Refusal {
    fn from(error: KmsError) -> Self {
        let code = match error.code {
            KmsCode::InvalidArgument => Code::InvalidArgument,
            KmsCode::NotFound => Code::NotFound,
            KmsCode::AlreadyExists => Code::AlreadyExists,
            KmsCode::PermissionDenied => Code::PermissionDenied,
            KmsCode::FailedPrecondition => Code::FailedPrecondition,
            KmsCode::ResourceExhausted => Code::ResourceExhausted,
            KmsCode::Unavailable => Code::Unavailable,
            KmsCode::DeadlineExceeded => Code::DeadlineExceeded,
            KmsCode::Internal | KmsCode::Bug => Code::Internal,
        };
        let refusal = Self::new(code, error.message);
        match error.violation {
            Some(violation) => refusal.precondition(&violation.kind, &violation.subject),
            None => refusal,
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let status = rpc::Status {
            code: refusal.code as i32,
            message: refusal.message.clone(),
            details: refusal.details,
        };
        Self::with_details(refusal.code, refusal.message, status.encode_to_vec().into())
    }
}
