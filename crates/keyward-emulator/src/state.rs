//! Everything that one emulator holds.

use std::sync::Mutex;

use keyward_embedded::Resident;
use rand::rngs::StdRng;

use crate::iam::Iam;
use crate::trouble::Trouble;

/// Keys, policies, and the trouble that was asked for.
pub(crate) struct State {
    /// Rings, keys and versions.
    pub(crate) keys: Resident,
    /// Random bytes, from a seed when one was given.
    pub(crate) rng: Mutex<StdRng>,
    /// Who may do what.
    pub(crate) iam: Iam,
    /// Faults, clock and log.
    pub(crate) trouble: Trouble,
}
