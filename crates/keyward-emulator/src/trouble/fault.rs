//! What can be asked to go wrong, as a value that is built word by word.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_core::error::{Error, Result, nearest};
use tonic::Code;

use super::known;
use super::matching::{MethodName, ResourcePattern};
use crate::refusal::Refusal;

/// The longest delay: what waits longer is a hung test.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// Longest name, pattern or sentence of a fault, in bytes.
const LONGEST_TEXT: usize = 4096;

/// A fault to be met by calls. Without further words, the next call of its method meets it, once.
///
/// ```
/// use keyward_emulator::{Code, Emulator, Fault};
///
/// let emulator = Emulator::start()?;
/// emulator.trouble().add(Fault::error("Decrypt", Code::Unavailable).times(2))?;
/// emulator.trouble().add(Fault::drop_reply("CreateCryptoKeyVersion").on("projects/p/*"))?;
/// # Ok::<(), keyward_core::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(crate) method: String,
    pub(crate) resource: String,
    pub(crate) caller: String,
    pub(crate) times: u32,
    pub(crate) skip: u32,
    pub(crate) probability: f64,
    pub(crate) kind: Kind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Delay(Duration),
    Error(Failure),
    DropReply,
    CorruptChecksum,
    StaleRead,
}

/// How a call fails that was asked to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) reason: String,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Fault {
    pub(crate) fn new(method: impl Into<String>, kind: Kind) -> Self {
        Self {
            method: method.into(),
            resource: String::new(),
            caller: String::new(),
            times: 1,
            skip: 0,
            probability: 1.0,
            kind,
        }
    }

    /// Nothing is done, and `code` is answered. `method` is `Decrypt`, `google.cloud.kms.v1.KeyManagementService/Decrypt`
    /// or `*` for every method.
    pub fn error(method: impl Into<String>, code: Code) -> Self {
        let failure = Failure {
            code,
            message: String::new(),
            reason: String::new(),
            metadata: BTreeMap::new(),
        };
        Self::new(method, Kind::Error(failure))
    }

    /// The call is answered later; it also meets the fault that comes next in the queue. At most an hour.
    pub fn delay(method: impl Into<String>, by: Duration) -> Self {
        Self::new(method, Kind::Delay(by))
    }

    /// Everything is done, and the connection breaks before the answer arrives.
    pub fn drop_reply(method: impl Into<String>) -> Self {
        Self::new(method, Kind::DropReply)
    }

    /// The checksum of the answer does not fit its data. Only methods whose answers have one.
    pub fn corrupt_checksum(method: impl Into<String>) -> Self {
        Self::new(method, Kind::CorruptChecksum)
    }

    /// What is shown is what was there when the fault was added. Only Get and List of Cloud KMS.
    pub fn stale_read(method: impl Into<String>) -> Self {
        Self::new(method, Kind::StaleRead)
    }

    /// Only calls about `resource`; with `*` at its end, about all whose names start so.
    pub fn on(mut self, resource: impl Into<String>) -> Self {
        self.resource = resource.into();
        self
    }

    /// Only calls of this caller: the text of its bearer token, or `owner` for calls without one.
    pub fn for_caller(mut self, caller: impl Into<String>) -> Self {
        self.caller = caller.into();
        self
    }

    /// So many calls meet it. 0: all, until it is cleared.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// So many matching calls pass before the first one meets it.
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// The share of matching calls that meet it, above 0 and at most 1; the emulator's seed decides which.
    pub fn probability(mut self, share: f64) -> Self {
        self.probability = share;
        self
    }

    /// The sentence of an error.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        if let Kind::Error(failure) = &mut self.kind {
            failure.message = message.into();
        }
        self
    }

    /// The reason and metadata of an error's `google.rpc.ErrorInfo`.
    pub fn reason(mut self, reason: impl Into<String>, metadata: &[(&str, &str)]) -> Self {
        if let Kind::Error(failure) = &mut self.kind {
            failure.reason = reason.into();
            failure.metadata = metadata
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
        }
        self
    }

    pub(crate) fn method_name(&self) -> MethodName<'_> {
        MethodName::new(&self.method)
    }

    pub(crate) fn resource_pattern(&self) -> Option<ResourcePattern<'_>> {
        ResourcePattern::optional(&self.resource)
    }

    /// Whether it can happen at all.
    ///
    /// # Errors
    /// A usage error that says what it can be instead.
    pub(crate) fn check(&self) -> Result<()> {
        let texts = [&self.method, &self.resource, &self.caller];
        if let Some(text) = texts.into_iter().find(|text| text.len() > LONGEST_TEXT) {
            return Err(Error::usage(format!(
                "{} bytes are too many for a name",
                text.len()
            )));
        }
        if !(self.probability > 0.0 && self.probability <= 1.0) {
            return Err(
                Error::usage(format!("{} is not a share of calls", self.probability))
                    .hint("a probability is above 0 and at most 1"),
            );
        }
        known::check(self.method_name(), &self.kind)?;
        match &self.kind {
            Kind::Delay(by) if *by > LONGEST_DELAY => Err(Error::usage("a delay is an hour at most")),
            Kind::Error(failure) => failure.check(),
            _ => Ok(()),
        }
    }
}

impl Kind {
    /// Its field in a fault, over the API and in a file.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Error(_) => "error",
            Self::DropReply => "drop_reply",
            Self::CorruptChecksum => "corrupt_checksum",
            Self::StaleRead => "stale_read",
        }
    }
}

impl Failure {
    pub(crate) fn refusal(&self) -> Refusal {
        let message = match &*self.message {
            "" => format!("The emulator was asked to answer {} here.", code_name(self.code)),
            message => message.to_owned(),
        };
        let refusal = Refusal::new(self.code, message);
        if self.reason.is_empty() {
            return refusal;
        }
        let metadata: Vec<_> = self
            .metadata
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        refusal.reason(&self.reason, &metadata)
    }

    fn check(&self) -> Result<()> {
        if self.code == Code::Ok {
            return Err(Error::usage("OK is not an error"));
        }
        let metadata = self.metadata.iter().map(|(name, value)| name.len() + value.len());
        // They travel in a header of the answer, which clients take up to 8 KiB of.
        match self.message.len() + self.reason.len() + metadata.sum::<usize>() > LONGEST_TEXT {
            true => Err(Error::usage(format!(
                "an error has at most {LONGEST_TEXT} bytes of text"
            ))),
            false => Ok(()),
        }
    }
}

/// The codes by name, as in gRPC.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

/// The name of a code.
pub(crate) fn code_name(code: Code) -> &'static str {
    CODES[code as usize].1
}

/// The code with this name.
///
/// # Errors
/// A usage error with the nearest name, or all of them.
pub(crate) fn code_named(name: &str) -> Result<Code> {
    if let Some((code, _)) = CODES.into_iter().find(|(_, its_name)| *its_name == name) {
        return Ok(code);
    }
    let names = CODES.map(|(_, name)| name);
    let error = Error::usage(format!("`{}` is not a code", known::shown(name)));
    Err(match nearest(name, names) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint(format!("codes: {}", names[1..].join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_name() {
        for (code, name) in CODES {
            assert_eq!((code_name(code), code_named(name).unwrap()), (name, code));
        }
        let error = code_named("UNAVAILBLE").unwrap_err().to_string();
        assert!(error.contains("UNAVAILBLE"), "{error}");
    }

    #[test]
    fn what_cannot_happen_is_refused() {
        let bad = [
            Fault::error("Decrypt", Code::Ok),
            Fault::error("Decrypt", Code::Aborted).message("x".repeat(5000)),
            Fault::error("Decrypt", Code::Aborted).on("x".repeat(5000)),
            Fault::delay("Decrypt", Duration::from_secs(3601)),
            Fault::delay("Decrypt", Duration::ZERO).probability(f64::NAN),
            Fault::delay("Decrypt", Duration::ZERO).probability(0.0),
            Fault::delay("Decrypt", Duration::ZERO).probability(1.1),
        ];
        for fault in bad {
            assert!(fault.check().is_err(), "{fault:?}");
        }
        assert!(Fault::error("Decrypt", Code::Aborted).check().is_ok());
    }
}
