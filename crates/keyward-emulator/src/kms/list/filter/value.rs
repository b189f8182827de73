//! Values that filters compare: what a field holds, and what a filter wants.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use keyward_core::clock::Timestamp;

/// Something with fields that a filter can name.
pub(crate) trait Fields: Default {
    /// The field at this path, in the names of the interface definition; `None` when there is no such field. Whether there
    /// is one, and its kind, are the same for every element.
    fn field(&self, path: &str) -> Option<Value<'_>>;
}

/// What a field holds. `None` in it: the field is not set.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// Text; compared by its characters.
    Text(Option<&'a str>),
    /// A word of an enumeration, and whether another text is one of its words too. It is equal or not.
    Word(Option<&'static str>, fn(&str) -> bool),
    /// An instant; RFC 3339 in a filter.
    Time(Option<Timestamp>),
    /// A duration; seconds with an `s` in a filter.
    Span(Option<Duration>),
    /// `true` or `false`. It is equal or not.
    Flag(Option<bool>),
}

/// A kind of field, without what it holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Word(fn(&str) -> bool),
    Time,
    Span,
    Flag,
}

impl<'a> Value<'a> {
    /// A text field of the interface, where empty is not set.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Some(text).filter(|text| !text.is_empty()))
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Word(_, is_word) => Kind::Word(is_word),
            Self::Time(_) => Kind::Time,
            Self::Span(_) => Kind::Span,
            Self::Flag(_) => Kind::Flag,
        }
    }

    /// The same field of something that is not set at all.
    pub(super) fn unset(self) -> Value<'static> {
        match self {
            Self::Text(_) => Value::Text(None),
            Self::Word(_, is_word) => Value::Word(None, is_word),
            Self::Time(_) => Value::Time(None),
            Self::Span(_) => Value::Span(None),
            Self::Flag(_) => Value::Flag(None),
        }
    }

    /// As text, for `:`.
    fn shown(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => text.map(Cow::Borrowed),
            Self::Word(word, _) => word.map(Cow::Borrowed),
            Self::Time(time) => time.map(|time| Cow::Owned(time.to_string())),
            Self::Span(span) => span.map(|span| Cow::Owned(format!("{}s", span.as_secs_f64()))),
            Self::Flag(flag) => flag.map(|flag| Cow::Borrowed(if flag { "true" } else { "false" })),
        }
    }
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Has,
}

impl Operator {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal | Self::Has => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// What a filter wants of a field.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    /// That the field contains this text, in lower case.
    Contains(String),
    Text(Operator, String),
    Word(Operator, String),
    Time(Operator, Timestamp),
    Span(Operator, Duration),
    Flag(Operator, bool),
}

impl Wanted {
    /// What `operator` and `literal` want of a field of this kind, or why they want nothing.
    pub(super) fn new(kind: Kind, operator: Operator, literal: &str) -> Result<Self, &'static str> {
        use Operator::{Equal, Has, NotEqual};
        match (kind, operator) {
            (_, Has) => Ok(Self::Contains(literal.to_lowercase())),
            (Kind::Text, _) => Ok(Self::Text(operator, literal.to_owned())),
            (Kind::Word(is_word), Equal | NotEqual) if is_word(literal) => {
                Ok(Self::Word(operator, literal.to_owned()))
            }
            (Kind::Word(_), Equal | NotEqual) => Err("the field has no such value"),
            (Kind::Flag, Equal | NotEqual) => flag(literal).map(|flag| Self::Flag(operator, flag)),
            (Kind::Word(_) | Kind::Flag, _) => Err("the field knows only =, != and :"),
            (Kind::Time, _) => time(literal).map(|time| Self::Time(operator, time)),
            (Kind::Span, _) => span(literal).map(|span| Self::Span(operator, span)),
        }
    }

    /// Whether a value is as wanted. One that is not set is only unequal.
    pub(super) fn matches(&self, value: &Value<'_>) -> bool {
        let (operator, order) = match (self, value) {
            (Self::Contains(part), value) => {
                let shown = value.shown();
                return shown.is_some_and(|shown| shown.to_lowercase().contains(part));
            }
            (Self::Text(operator, wanted), Value::Text(text)) => {
                (operator, text.map(|text| text.cmp(wanted)))
            }
            (Self::Word(operator, wanted), Value::Word(word, _)) => {
                (operator, word.map(|word| word.cmp(wanted.as_str())))
            }
            (Self::Time(operator, wanted), Value::Time(time)) => {
                (operator, time.map(|time| time.cmp(wanted)))
            }
            (Self::Span(operator, wanted), Value::Span(span)) => {
                (operator, span.map(|span| span.cmp(wanted)))
            }
            (Self::Flag(operator, wanted), Value::Flag(flag)) => {
                (operator, flag.map(|flag| flag.cmp(wanted)))
            }
            // A field has the same kind in every element.
            _ => return false,
        };
        order.map_or(*operator == Operator::NotEqual, |order| operator.accepts(order))
    }
}

fn flag(literal: &str) -> Result<bool, &'static str> {
    literal.parse().map_err(|_| "the field is true or false")
}

fn time(literal: &str) -> Result<Timestamp, &'static str> {
    literal
        .parse()
        .map_err(|_| "the value is no time as in 2026-01-31T12:00:00Z")
}

fn span(literal: &str) -> Result<Duration, &'static str> {
    let seconds = literal.strip_suffix('s').unwrap_or(literal);
    let decimal = seconds.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds = seconds.parse().ok().filter(|_| decimal);
    let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    span.ok_or("the value is no duration as in 86400s")
}
