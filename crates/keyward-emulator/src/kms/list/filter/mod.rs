//! Filters of lists, in the language of Cloud KMS (documentation, "Sorting and filtering list results").
//!
//! ```text
//! filter     = [ all ]
//! all        = any { [ "AND" ] any }                    a space is an AND
//! any        = term { "OR" term }                       OR binds tighter
//! term       = { "NOT" | "-" } ( test | "(" all ")" )
//! test       = field operator value
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "=>" | ":"
//! ```
//!
//! A field is a path of names with dots, `labels.team` included. A value runs up to the next space or parenthesis, or is
//! quoted. Which values a field can be compared with depends on its kind: see [`value::Value`].

mod fields;
mod parse;
mod value;

pub(crate) use value::{Fields, Value};

use crate::refusal::Refusal;
use value::Wanted;

/// A filter that is well-formed for one kind of element.
#[derive(Debug, PartialEq)]
pub(crate) struct Filter(Expression);

#[derive(Debug, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Test { field: String, wanted: Wanted },
}

impl Filter {
    /// Reads a filter over elements of type `T`; `None` when it is empty and everything passes.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with the position, for what is no filter, for a field that `T` does not have, and for a value
    /// that its field cannot be compared with.
    pub(crate) fn parse<T: Fields>(text: &str) -> Result<Option<Self>, Refusal> {
        let expression = parse::parse(text, &|field| T::default().field(field).map(Value::kind))?;
        Ok(expression.map(Self))
    }

    /// Whether an element passes.
    pub(crate) fn matches(&self, element: &impl Fields) -> bool {
        self.0.matches(element)
    }
}

impl Expression {
    fn matches(&self, element: &impl Fields) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(element)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(element)),
            Self::Not(part) => !part.matches(element),
            Self::Test { field, wanted } => {
                let value = element.field(field);
                value.is_some_and(|value| wanted.matches(&value))
            }
        }
    }
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
