//! Schedules: arithmetic on times that are given, never read.

use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::error::{Error, Result};
use crate::limits;

/// Automatic rotation: at `next` a version is created and made primary, and `next` advances by `period`; without a period
/// that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationSchedule {
    period: Option<Duration>,
    next: Timestamp,
}

impl RotationSchedule {
    /// A schedule.
    ///
    /// # Errors
    /// A usage error when the period is shorter than 24 hours or longer than 876,000 hours.
    pub fn new(period: Duration, next: Timestamp) -> Result<Self> {
        let schedule = Self::observed(Some(period), next);
        if schedule.is_within_limits() {
            Ok(schedule)
        } else {
            Err(Error::usage(
                "a rotation period is at least 24 hours and at most 876,000 hours",
            ))
        }
    }

    /// One rotation and no more (`next_rotation_time` without a `rotation_period`).
    pub fn once(next: Timestamp) -> Self {
        Self::observed(None, next)
    }

    /// What a provider says about a key, within limits or not.
    pub fn observed(period: Option<Duration>, next: Timestamp) -> Self {
        Self { period, next }
    }

    /// Time between two rotations; `None` when there is one only.
    pub fn period(&self) -> Option<Duration> {
        self.period
    }

    /// When the next rotation is due.
    pub fn next(&self) -> Timestamp {
        self.next
    }

    /// Whether a key may be given this schedule.
    pub(super) fn is_within_limits(&self) -> bool {
        let limits = limits::ROTATION_MIN..=limits::ROTATION_MAX;
        self.period.is_none_or(|period| limits.contains(&period))
    }

    /// The schedule after one rotation.
    pub(super) fn following(self) -> Option<Self> {
        let next = later(self.next, self.period?);
        Some(Self { next, ..self })
    }

    /// The schedule with its next rotation after `now`, whole periods further on.
    pub(super) fn after(self, now: Timestamp) -> Option<Self> {
        let mut schedule = self;
        while schedule.next <= now && schedule.next < Timestamp::MAX {
            schedule = schedule.following()?;
        }
        Some(schedule)
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
        if Self(window).is_within_limits() {
            Ok(Self(window))
        } else {
            Err(Error::usage(
                "a destroy window is at least 24 hours and at most 120 days",
            ))
        }
    }

    /// What a provider says about a key, within limits or not: a key for imported material alone may have none.
    pub fn observed(window: Duration) -> Self {
        Self(window)
    }

    /// Whether a key may be created with this window.
    pub(super) fn is_within_limits(self) -> bool {
        (limits::DESTROY_WINDOW_MIN..=limits::DESTROY_WINDOW_MAX).contains(&self.0)
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
