//! Colours, by meaning. They are always written; the stream strips them where they are not wanted.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

/// Text in a style.
pub(crate) struct Painted<T>(Style, T);

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.0, self.1, self.0)
    }
}

/// What the eye should find first.
pub(crate) fn strong<T: Display>(text: T) -> Painted<T> {
    Painted(Style::new().bold(), text)
}

/// As it should be.
pub(crate) fn good<T: Display>(text: T) -> Painted<T> {
    Painted(AnsiColor::Green.on_default().bold(), text)
}

/// Not as it should be.
pub(crate) fn bad<T: Display>(text: T) -> Painted<T> {
    Painted(AnsiColor::Red.on_default().bold(), text)
}

/// Not known, or not whole.
pub(crate) fn uneasy<T: Display>(text: T) -> Painted<T> {
    Painted(AnsiColor::Yellow.on_default().bold(), text)
}

/// Something to type.
pub(crate) fn command<T: Display>(text: T) -> Painted<T> {
    Painted(AnsiColor::Cyan.on_default(), text)
}

/// By the way.
pub(crate) fn faint<T: Display>(text: T) -> Painted<T> {
    Painted(Style::new().dimmed(), text)
}
