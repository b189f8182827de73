//! Time as an argument: the instant type, and the clock that a face provides.

use std::sync::Mutex;
use std::time::Duration;

pub use jiff::Timestamp;

/// Where "now" comes from. Core never asks the system; a face passes a clock in.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until it is moved, for tests and for replays with accelerated time.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `start`.
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *now = later(*now, by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// `instant + by`, stopping at the last representable instant (year 9999) instead of overflowing.
pub fn later(instant: Timestamp, by: Duration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How long it is from `now` to `instant`; zero when it has passed.
pub fn until(now: Timestamp, instant: Timestamp) -> Duration {
    Duration::try_from(instant.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(later(Timestamp::MAX, Duration::from_secs(1)), Timestamp::MAX);
        assert_eq!(until(Timestamp::MAX, Timestamp::MIN), Duration::ZERO);
        assert_eq!(
            until(
                Timestamp::UNIX_EPOCH,
                later(Timestamp::UNIX_EPOCH, Duration::from_secs(5))
            )
            .as_secs(),
            5
        );
    }
}
