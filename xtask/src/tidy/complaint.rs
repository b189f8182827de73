//! One broken rule, in one place.

use std::fmt;

/// What is wrong, and where. Sorts by file and line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    file: String,
    line: usize,
    what: String,
}

impl Complaint {
    /// A complaint about a whole file.
    pub fn file(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self::line(file, 0, what)
    }

    /// A complaint about one line, counted from 1.
    pub fn line(file: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}
