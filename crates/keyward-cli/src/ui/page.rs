//! A page of text: lines, headings, and tables that fit the terminal.

use std::fmt::{Display, Write};

use super::wrap::wrapped;
use super::{Table, strong};

/// Longer lines of running text are hard to read.
const WIDEST: usize = 100;

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

    /// One line of prose, or several, broken where the terminal ends.
    pub(crate) fn sentence(&mut self, text: impl Display) {
        let text = text.to_string();
        match self.width {
            Some(width) => self.line(wrapped(&text, width)),
            None => self.line(text),
        }
    }

    /// `name` and what it is, in a column of its own.
    pub(crate) fn field(&mut self, name: &str, value: impl Display) {
        self.sentence(format_args!("{:<13} {value}", format!("{name}:")));
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

    /// Running text, in lines that fit.
    pub(crate) fn prose(&mut self, text: &str) {
        let width = self.width.unwrap_or(WIDEST).min(WIDEST);
        let mut left = 0;
        for word in text.split_whitespace() {
            let len = word.chars().count();
            if left > len {
                self.text.push(' ');
                left -= len + 1;
            } else {
                if !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push('\n');
                }
                left = width.saturating_sub(len);
            }
            self.text.push_str(word);
        }
        self.text.push('\n');
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_fits_and_keeps_every_word() {
        let text = "A keyring is one key in each of several places.\nAny one of them opens.";
        for width in [None, Some(20), Some(3)] {
            let mut page = Page::new(width);
            page.line("before");
            page.prose(text);
            let shown = page.finish();
            let words: Vec<_> = shown.split_whitespace().skip(1).collect();
            assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
            let longest = shown.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width.unwrap_or(WIDEST).max(8)), "{shown}");
        }
    }
}
