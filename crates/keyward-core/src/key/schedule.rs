//! Schedules: arithmetic on times that are given, never read.

use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::error::{Error, Result};
use crate::limits;

/// Automatic rotation: at `next` a version is created and made primary, and `next` advances by `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationSchedule {
    period: Duration,
    next: Timestamp,
}

impl RotationSchedule {
    /// A schedule.
    ///
    /// # Errors
    /// A usage error when the period is shorter than 24 hours or longer than 876,000 hours.
    pub fn new(period: Duration, next: Timestamp) -> Result<Self> {
        if (limits::ROTATION_MIN..=limits::ROTATION_MAX).contains(&period) {
            Ok(Self { period, next })
        } else {
            Err(Error::usage(
                "a rotation period is at least 24 hours and at most 876,000 hours",
            ))
        }
    }

    /// Time between two rotations.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// When the next rotation is due.
    pub fn next(&self) -> Timestamp {
        self.next
    }

    /// The schedule after one rotation.
    pub(super) fn following(self) -> Self {
        Self {
            next: later(self.next, self.period),
            ..self
        }
    }

    /// The schedule with its next rotation after `now`, whole periods further on.
    pub(super) fn after(self, now: Timestamp) -> Self {
        let mut schedule = self;
        while schedule.next <= now && schedule.next < Timestamp::MAX {
            schedule = schedule.following();
        }
        schedule
    }
}

/// How long a version waits in `DESTROY_SCHEDULED`. Fixed when the key is created, immutable afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestroyWindow(Duration);

impl DestroyWindow {
    /// A window.
    ///
    /// # Errors
    /// A usage error when it is shorter than 24 hours or longer than 120 days.
    pub fn new(window: Duration) -> Result<Self> {
        if (limits::DESTROY_WINDOW_MIN..=limits::DESTROY_WINDOW_MAX).contains(&window) {
            Ok(Self(window))
        } else {
            Err(Error::usage(
                "a destroy window is at least 24 hours and at most 120 days",
            ))
        }
    }

    /// Its length.
    pub fn length(self) -> Duration {
        self.0
    }
}

impl Default for DestroyWindow {
    fn default() -> Self {
        Self(limits::DESTROY_WINDOW_DEFAULT)
    }
}
