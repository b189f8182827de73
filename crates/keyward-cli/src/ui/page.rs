//! A page of text: lines, headings, and tables that fit the terminal.

use std::fmt::{Display, Write};

use super::{Table, strong};

/// Text that grows line by line.
pub(crate) struct Page {
    text: String,
    width: Option<usize>,
}

impl Page {
    /// An empty page; `width` is that of the terminal it will stand on, if it will.
    pub(super) fn new(width: Option<usize>) -> Self {
        Self {
            text: String::new(),
            width,
        }
    }

    /// One line, or several.
    pub(crate) fn line(&mut self, text: impl Display) {
        let _ = writeln!(self.text, "{text}");
    }

    /// `name` and what it is, in a column of its own.
    pub(crate) fn field(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{:<13} {value}", format!("{name}:")));
    }

    /// A heading, set off from what stands above.
    pub(crate) fn heading(&mut self, text: impl Display) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(strong(text));
    }

    /// A table.
    pub(crate) fn table(&mut self, table: &Table) {
        self.text.push_str(&table.fitted(self.width));
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.text
    }
}
