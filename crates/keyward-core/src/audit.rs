//! The port to the audit log: what is recorded before a change is attempted, and after it.

use crate::clock::Timestamp;
use crate::error::Result;

/// Whether an entry may be lost in a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Synced before the call returns: the intention and the outcome of a change.
    Synced,
    /// Written, not synced: an open, one line a command.
    Written,
}

/// One line of the log. It has no field that could hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What was done, as a verb of the command line: `key disable`, `encrypt`.
    pub action: String,
    /// To what: full names and paths.
    pub resources: Vec<String>,
    /// How it stands.
    pub outcome: Outcome,
}

/// How a recorded act stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// About to be attempted.
    Intended,
    /// Done, and read back.
    Done,
    /// Failed, with the message.
    Failed(String),
}

/// Where entries go.
pub trait Audit: Send + Sync {
    /// Records an entry.
    ///
    /// # Errors
    /// The log cannot be written. The caller must then leave undone what could cost a way to open something; anything
    /// else it may do, with a warning.
    fn record(&self, entry: &Entry, durability: Durability) -> Result<()>;
}
