//! What is known about a call that failed: was it carried out, and may it be made again?

use std::time::Duration;

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;
use keyward_core::kms::KmsError;
use tokio::time::Instant;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Certainly not carried out, and it may be by another attempt.
    NotSent,
    /// Refused for a quota: not carried out.
    Busy,
    /// Refused for its credentials: not carried out.
    Unauthenticated,
    /// Carried out or not: the answer did not arrive, or does not say.
    Lost,
    /// Answered with something that cannot be true. A change may have been carried out.
    Garbled,
    /// Refused, and it would be again.
    Refused,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) fate: Fate,
    pub(crate) error: Box<KmsError>,
    /// How long the provider asks to wait.
    pub(crate) wait: Option<Duration>,
    /// When the attempt left this machine, if it did.
    pub(crate) sent: Option<Instant>,
}

impl Failure {
    pub(crate) fn new(fate: Fate, error: KmsError) -> Self {
        Self {
            fate,
            error: Box::new(error),
            wait: None,
            sent: None,
        }
    }
}

impl Fate {
    /// Whether a change may have been carried out all the same.
    pub(crate) fn is_uncertain(self) -> bool {
        matches!(self, Self::Lost | Self::Garbled)
    }

    /// How many attempts may end like this before the call is given up.
    pub(crate) fn attempts(self) -> u32 {
        match self {
            Self::Refused => 1,
            Self::Unauthenticated => 2,
            Self::Garbled => 3,
            Self::NotSent => 4,
            Self::Lost => 10,
            Self::Busy => u32::MAX,
        }
    }

    /// What an error of Google's client says about it.
    pub(crate) fn of(error: &Error) -> Self {
        match error.status() {
            Some(status) => of_code(status.code, error.http_status_code()),
            None if error.is_authentication() && !error.is_transient_and_before_rpc() => Self::Refused,
            None if error.is_connect() || error.is_transient_and_before_rpc() => Self::NotSent,
            None if error.is_deserialization() => Self::Garbled,
            None if error.is_serialization() || error.is_binding() => Self::Refused,
            None => of_http(error.http_status_code()),
        }
    }
}

fn of_code(code: Code, http: Option<u16>) -> Fate {
    match code {
        Code::ResourceExhausted => Fate::Busy,
        Code::Aborted => Fate::NotSent,
        Code::Unauthenticated => Fate::Unauthenticated,
        Code::Unavailable | Code::Internal | Code::DeadlineExceeded | Code::Cancelled => Fate::Lost,
        // An answer without a code that this client knows.
        Code::Unknown => of_http(http),
        _ => Fate::Refused,
    }
}

/// An answer that is not in Google's form: of something on the way to it, or of nobody.
fn of_http(status: Option<u16>) -> Fate {
    match status {
        Some(429) => Fate::Busy,
        Some(401) => Fate::Unauthenticated,
        // Somebody on the way gave up waiting: for what, nobody says.
        Some(408 | 499) => Fate::Lost,
        Some(300..=499) => Fate::Refused,
        _ => Fate::Lost,
    }
}
