//! How a REST call fails before or instead of an answer, in Google's sentences.

use prost_reflect::{FieldDescriptor, Kind};

use crate::refusal::Refusal;

/// No answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// But this.
    Refused(Refusal),
    /// And nothing in its place: the connection is cut.
    Dropped,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Fault {
    /// What is wrong with the field at `at`; empty for the whole request.
    fn at(at: &str, message: String) -> Self {
        Self::Refused(Refusal::invalid(message).bad_field(at))
    }

    /// The body is no JSON. What it says is not repeated: it may be a secret.
    pub(super) fn no_json(why: &str) -> Self {
        Self::at("", format!("Invalid JSON payload received. {why}"))
    }

    /// A name in an object of the body that is no field there, or cannot be what it is given as.
    pub(super) fn name(name: &str, at: &str, why: &str) -> Self {
        let place = if at.is_empty() {
            String::new()
        } else {
            format!(" at '{at}'")
        };
        Self::at(
            at,
            format!(
                "Invalid JSON payload received. Unknown name {}{place}: {why}",
                quoted(name)
            ),
        )
    }

    /// A parameter in the query that is no field of the request.
    pub(super) fn parameter(name: &str) -> Self {
        let shown = shortened(name);
        let why =
            format!("Cannot bind query parameter. Field '{shown}' could not be found in request message.");
        Self::name(name, "", &why)
    }

    /// A value that the field cannot take.
    pub(super) fn value(at: &str, field: &FieldDescriptor, shown: &str) -> Self {
        Self::at(
            at,
            format!(
                "Invalid value at '{at}' ({}), {}",
                type_of(&field.kind()),
                shortened(shown)
            ),
        )
    }

    /// A parameter that says how to answer, and cannot be followed.
    pub(super) fn system(name: &str, value: &str) -> Self {
        Self::at(
            name,
            format!(
                "Invalid value for the parameter {}: {}.",
                quoted(name),
                quoted(value)
            ),
        )
    }

    /// The path and the body or the query name different things.
    pub(super) fn conflict(field: &str) -> Self {
        Self::at(
            field,
            format!("The path of the request gives another value for the field {field:?} than its body."),
        )
    }
}

/// As Google names types in errors.
fn type_of(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => format!("type.googleapis.com/{}", message.full_name()),
        Kind::Enum(enumeration) => format!("type.googleapis.com/{}", enumeration.full_name()),
        scalar => format!("TYPE_{}", format!("{scalar:?}").to_ascii_uppercase()),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

/// An error does not repeat all that a caller may have sent.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 200;
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
