//! The closed table of state moves: which call leads a version from which state to which.

use super::VersionState::{self, DestroyScheduled, Destroyed, Disabled, Enabled};

/// What can happen to the state of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// Make it usable.
    Enable,
    /// Make it unusable.
    Disable,
    /// Order its destruction. No port has a call for it.
    ScheduleDestruction,
    /// Take the order back.
    Restore,
    /// The destroy window has passed.
    Destroy,
}

impl Move {
    /// Every move.
    pub const ALL: [Self; 5] = [
        Self::Enable,
        Self::Disable,
        Self::ScheduleDestruction,
        Self::Restore,
        Self::Destroy,
    ];

    /// The state that this move leads to from `state`, or `None` where it is not allowed (Cloud KMS documentation,
    /// "Key states"). Enabling what is enabled, or disabling what is disabled, is allowed and changes nothing.
    pub fn from(self, state: VersionState) -> Option<VersionState> {
        match (state, self) {
            (Enabled | Disabled, Self::Enable) => Some(Enabled),
            (Enabled | Disabled, Self::Disable) => Some(Disabled),
            (Enabled | Disabled, Self::ScheduleDestruction) => Some(DestroyScheduled),
            (DestroyScheduled, Self::Restore) => Some(Disabled),
            (DestroyScheduled, Self::Destroy) => Some(Destroyed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VersionState::{Other, PendingGeneration};
    use super::*;

    /// The table again, as a matrix: rows are states, columns the moves of [`Move::ALL`].
    #[rustfmt::skip]
    const MATRIX: [(VersionState, [Option<VersionState>; 5]); 6] = [
        (Enabled,           [Some(Enabled), Some(Disabled), Some(DestroyScheduled), None,           None]),
        (Disabled,          [Some(Enabled), Some(Disabled), Some(DestroyScheduled), None,           None]),
        (DestroyScheduled,  [None,          None,           None,                   Some(Disabled), Some(Destroyed)]),
        (Destroyed,         [None; 5]),
        (PendingGeneration, [None; 5]),
        (Other,             [None; 5]),
    ];

    #[test]
    fn the_table_is_closed() {
        for (state, row) in MATRIX {
            for (step, expected) in Move::ALL.into_iter().zip(row) {
                assert_eq!(step.from(state), expected, "{step:?} from {state}");
            }
        }
    }

    #[test]
    fn nothing_leads_out_of_destroyed_and_restoring_never_enables() {
        assert!(Move::ALL.iter().all(|step| step.from(Destroyed).is_none()));
        assert_eq!(Move::Restore.from(DestroyScheduled), Some(Disabled));
    }
}
