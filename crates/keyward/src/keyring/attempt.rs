//! One way that was tried and did not work, and what all of them together mean.

use keyward_core::error::{Error, ErrorKind};

/// A location or recipient that did not do what it was asked, and why. The operation may have succeeded by another.
#[derive(Debug)]
pub struct Attempt {
    /// The key or recipient.
    pub resource: String,
    /// What happened.
    pub error: Error,
}

impl Attempt {
    /// What happened, to which resource, in one line.
    pub fn text(&self) -> String {
        format!("{}: {}", self.resource, self.error.what())
    }
}

/// The kind of failure when nothing worked: one that may pass comes first, since another try may open what is there;
/// then damage; then a plain no.
pub(super) fn worst_kind(attempts: &[Attempt]) -> ErrorKind {
    [
        ErrorKind::Bug,
        ErrorKind::Unavailable,
        ErrorKind::Damaged,
        ErrorKind::Refused,
    ]
    .into_iter()
    .find(|kind| attempts.iter().any(|attempt| attempt.error.kind() == *kind))
    .unwrap_or(ErrorKind::Usage)
}

/// `error` with one line for each attempt, and the hints that the attempts carried.
pub(super) fn with_attempts(what: &str, attempts: &[Attempt]) -> Error {
    let lines: String = attempts
        .iter()
        .map(|attempt| format!("\n  {}", attempt.text()))
        .collect();
    let error = Error::new(worst_kind(attempts), format!("{what}{lines}"));
    attempts
        .iter()
        .flat_map(|attempt| attempt.error.hints())
        .fold(error, |error, hint| error.hint(hint.clone()))
}
