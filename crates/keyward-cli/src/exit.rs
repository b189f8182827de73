//! Exit codes: what a command answers, a closed stdout, and a bug.

use std::panic::{self, AssertUnwindSafe};

use keyward_core::error::ErrorKind;

use crate::ui;

/// How a command ended without an error: done, or an answer that scripts test for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

impl Exit {
    /// Done.
    pub(crate) const DONE: Self = Self(0);
    /// The answer is no: something failed a check, or is missing.
    pub(crate) const NO: Self = Self(1);
    /// Something could not be seen.
    pub(crate) const UNSEEN: Self = Self(3);
    /// Whoever reads stdout has gone: quiet, as if SIGPIPE had ended the process (128 + 13).
    pub(crate) const CLOSED: Self = Self(141);
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        Self(kind.exit_code())
    }
}

/// Runs the program. A panic ends in exit code 70, after destructors have wiped what they hold; a stdout that was
/// closed ends in 141, whatever error it led to.
pub(crate) fn of(program: impl FnOnce() -> Exit) -> u8 {
    panic::set_hook(Box::new(ui::bug));
    let exit = panic::catch_unwind(AssertUnwindSafe(program)).unwrap_or(ErrorKind::Bug.into());
    if ui::stdout_is_closed() {
        Exit::CLOSED.0
    } else {
        exit.0
    }
}
