//! Times and durations, as the API writes them and as the key machine takes them.

use std::time::Duration;

use keyward_core::clock::Timestamp;
use prost_types::{Duration as WireDuration, Timestamp as WireTime};

/// An instant on the wire. Cloud KMS knows microseconds and no less.
pub(crate) fn to_wire(instant: Timestamp) -> WireTime {
    let (seconds, nanos) = (instant.as_second(), instant.subsec_nanosecond());
    let (seconds, nanos) = if nanos < 0 {
        (seconds - 1, nanos + 1_000_000_000)
    } else {
        (seconds, nanos)
    };
    WireTime {
        seconds,
        nanos: nanos - nanos % 1000,
    }
}

/// The instant that a message says; `None` for one that is no instant between the years 1 and 9999.
pub(crate) fn from_wire(instant: &WireTime) -> Option<Timestamp> {
    let in_range = (0..1_000_000_000).contains(&instant.nanos);
    Timestamp::new(instant.seconds, instant.nanos)
        .ok()
        .filter(|_| in_range)
}

/// A duration on the wire.
pub(crate) fn duration_to_wire(length: Duration) -> WireDuration {
    WireDuration {
        seconds: i64::try_from(length.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(length.subsec_nanos()).unwrap_or_default(),
    }
}

/// The duration that a message says; `None` for a negative one and for one that is none.
pub(crate) fn duration_from_wire(length: &WireDuration) -> Option<Duration> {
    let nanos = u32::try_from(length.nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(length.seconds).ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_microseconds_also_before_1970() {
        for (text, seconds, nanos) in [
            ("2026-11-25T10:00:00.123456789Z", 1_795_600_800, 123_456_000),
            ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
        ] {
            let wire = to_wire(text.parse().unwrap());
            assert_eq!((wire.seconds, wire.nanos), (seconds, nanos), "{text}");
            assert_eq!(to_wire(from_wire(&wire).unwrap()), wire);
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(from_wire(&WireTime { seconds, nanos }), None);
        }
        for (seconds, nanos) in [(-1, 0), (0, -1), (1, 1_000_000_000), (1, -1)] {
            assert_eq!(duration_from_wire(&WireDuration { seconds, nanos }), None);
        }
        assert_eq!(duration_to_wire(Duration::MAX).seconds, i64::MAX);
    }
}
