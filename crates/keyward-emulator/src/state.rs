//! Everything that one emulator holds.

use crate::iam::Iam;
use crate::trouble::Trouble;

/// Keys, policies, and the trouble that was asked for.
pub(crate) struct State {
    /// Who may do what.
    pub(crate) iam: Iam,
    /// Faults, clock and log.
    pub(crate) trouble: Trouble,
}
