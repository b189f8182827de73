//! Rotation and destruction: which schedules a key may be given.

use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::key::{DestroyWindow, RotationSchedule};
use prost_types::{Duration as WireDuration, Timestamp as WireTime};

use super::time::{duration_from_wire, from_wire};
use crate::interface::google::cloud::kms::v1::crypto_key::RotationSchedule as WireSchedule;
use crate::kms::unverified;
use crate::refusal::Refusal;

/// The period of a message.
///
/// # Errors
/// `INVALID_ARGUMENT` for what is no duration.
pub(crate) fn period(schedule: Option<&WireSchedule>) -> Result<Option<Duration>, Refusal> {
    let Some(WireSchedule::RotationPeriod(period)) = schedule else {
        return Ok(None);
    };
    let period = duration_from_wire(period).ok_or_else(unverified::rotation_period)?;
    Ok(Some(period))
}

/// The next rotation of a message.
///
/// # Errors
/// `INVALID_ARGUMENT` for what is no time.
pub(crate) fn next(next: Option<&WireTime>) -> Result<Option<Timestamp>, Refusal> {
    let read = |next| from_wire(next).ok_or_else(unverified::next_rotation_time);
    next.map(read).transpose()
}

/// The schedule of period and next rotation. A next rotation without a period happens once; that it is in the future
/// is the machine's to check, which knows the time.
///
/// # Errors
/// `INVALID_ARGUMENT` for a period beyond the limits, and for one without a next rotation.
pub(crate) fn rotation(
    period: Option<Duration>,
    next: Option<Timestamp>,
) -> Result<Option<RotationSchedule>, Refusal> {
    match (period, next) {
        (None, None) => Ok(None),
        (None, Some(next)) => Ok(Some(RotationSchedule::once(next))),
        (Some(period), Some(next)) => {
            let schedule = RotationSchedule::new(period, next);
            schedule.map(Some).map_err(|_| unverified::rotation_period())
        }
        (Some(_), None) => Err(unverified::no_next_rotation()),
    }
}

/// The destroy window of a message; the default when it says none.
///
/// # Errors
/// `INVALID_ARGUMENT` beyond the limits.
pub(crate) fn destroy_window(window: Option<&WireDuration>) -> Result<DestroyWindow, Refusal> {
    let Some(window) = window else {
        return Ok(DestroyWindow::default());
    };
    let window = duration_from_wire(window).and_then(|window| DestroyWindow::new(window).ok());
    window.ok_or_else(unverified::destroy_window)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    #[test]
    fn the_limits_of_a_rotation() {
        let next = Timestamp::UNIX_EPOCH;
        let allowed = |hours: u64, nanos| {
            let period = Duration::from_secs(hours * HOUR) + Duration::from_nanos(nanos);
            rotation(Some(period), Some(next)).is_ok()
        };
        assert!(allowed(24, 0) && allowed(876_000, 0));
        assert!(!allowed(23, 999_999_999) && !allowed(876_000, 1) && !allowed(0, 0));
        assert!(rotation(Some(Duration::from_secs(24 * HOUR)), None).is_err());
        assert_eq!(rotation(None, Some(next)).unwrap().unwrap().period(), None);
        assert_eq!(rotation(None, None), Ok(None));
    }

    #[test]
    fn the_limits_of_a_destroy_window() {
        let allowed = |seconds: i64| destroy_window(Some(&WireDuration { seconds, nanos: 0 })).is_ok();
        assert!(allowed(86_400) && allowed(120 * 86_400));
        assert!(!allowed(86_399) && !allowed(120 * 86_400 + 1) && !allowed(0) && !allowed(-86_400));
        assert_eq!(destroy_window(None).unwrap().length().as_secs(), 30 * 86_400);
    }
}
