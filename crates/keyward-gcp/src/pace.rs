//! Pacing: a rate that is kept to, slows down when the provider says so, and recovers by itself. Time is an argument.

use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
/// How long it takes from standstill back to full speed.
const RECOVERY: Duration = Duration::from_secs(300);
/// Refusals closer to each other than this are one.
const ONE_REFUSAL: Duration = Duration::from_secs(1);
/// The slowest it gets, as a part of the full rate.
const SLOWEST: f64 = 1.0 / 64.0;

/// A token bucket. A quarter of a minute's calls may come at once and the other three quarters are spread over the minute, so
/// that no minute, wherever it starts, has more than its quota.
pub(crate) struct Pace {
    /// Calls that may come at once.
    capacity: f64,
    /// Calls a second at full speed.
    full: f64,
    /// The part of full speed that is left, after refusals.
    speed: f64,
    /// Calls that may be made now; below zero while calls wait for their turn.
    tokens: f64,
    updated: Instant,
    refused: Option<Instant>,
}

impl Pace {
    /// A pace of at most `per_minute` calls, at least one.
    pub(crate) fn new(per_minute: u32, now: Instant) -> Self {
        let per_minute = f64::from(per_minute.max(1));
        let capacity = (per_minute / 4.0).max(1.0);
        Self {
            capacity,
            full: (per_minute - capacity).max(1.0) / MINUTE.as_secs_f64(),
            speed: 1.0,
            tokens: capacity,
            updated: now,
            refused: None,
        }
    }

    /// Takes the next turn: how long to wait for it. None is taken when that is as long as `patience`, or longer.
    pub(crate) fn reserve(&mut self, now: Instant, patience: Option<Duration>) -> Option<Duration> {
        self.advance(now);
        let missing = (1.0 - self.tokens).max(0.0);
        let wait = Duration::try_from_secs_f64(missing / (self.full * self.speed)).unwrap_or(Duration::MAX);
        if !wait.is_zero() && patience.is_some_and(|patience| wait >= patience) {
            return None;
        }
        self.tokens -= 1.0;
        Some(wait)
    }

    /// A turn that was taken is not needed.
    pub(crate) fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.capacity);
    }

    /// The provider refused a call for its quota: half the speed, and nothing at once.
    pub(crate) fn slow_down(&mut self, now: Instant) {
        self.advance(now);
        let is_new = self
            .refused
            .is_none_or(|before| now.saturating_duration_since(before) >= ONE_REFUSAL);
        if is_new {
            self.speed = (self.speed / 2.0).max(SLOWEST);
            self.tokens = self.tokens.min(0.0);
            self.refused = Some(now);
        }
    }

    fn advance(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.updated);
        self.tokens = (self.tokens + passed.as_secs_f64() * self.full * self.speed).min(self.capacity);
        self.speed = (self.speed + passed.as_secs_f64() / RECOVERY.as_secs_f64()).min(1.0);
        self.updated = self.updated.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `calls` calls that all come at once is made.
    fn turns(pace: &mut Pace, now: Instant, calls: usize) -> Vec<Duration> {
        (0..calls).map(|_| pace.reserve(now, None).unwrap()).collect()
    }

    #[test]
    fn no_minute_has_more_than_its_quota() {
        let now = Instant::now();
        let turns = turns(&mut Pace::new(60, now), now, 300);
        for (index, start) in turns.iter().enumerate() {
            let in_minute = turns[index..].iter().filter(|turn| **turn < *start + MINUTE);
            assert!(in_minute.count() <= 60, "from {start:?}");
        }
        assert!(turns[299] < MINUTE * 7, "and not much slower: {:?}", turns[299]);
    }

    #[test]
    fn a_few_calls_do_not_wait() {
        let now = Instant::now();
        assert_eq!(turns(&mut Pace::new(60, now), now, 15), [Duration::ZERO; 15]);
    }

    #[test]
    fn a_refusal_halves_the_rate_and_it_recovers() {
        let now = Instant::now();
        let mut pace = Pace::new(6_000, now);
        let full = Pace::new(6_000, now).full;
        pace.slow_down(now);
        pace.slow_down(now + Duration::from_millis(10));
        let wait = pace.reserve(now + Duration::from_millis(10), None).unwrap();
        let rate = 1.0 / wait.as_secs_f64();
        assert!((full * 0.4..full * 1.1).contains(&rate), "{rate} of {full}");
        let later = now + RECOVERY;
        assert_eq!(pace.reserve(later, None), Some(Duration::ZERO));
        assert!((pace.speed - 1.0).abs() < 0.001);
    }

    #[test]
    fn a_turn_that_comes_too_late_is_not_taken_and_one_that_is_not_needed_is_free_again() {
        let now = Instant::now();
        let mut pace = Pace::new(60, now);
        turns(&mut pace, now, 15);
        let wait = pace.reserve(now, None).unwrap();
        for _ in 0..100 {
            assert_eq!(pace.reserve(now, Some(wait)), None);
        }
        pace.give_back();
        assert_eq!(pace.reserve(now, None), Some(wait));
    }

    #[test]
    fn it_never_stands_still() {
        let now = Instant::now();
        let mut pace = Pace::new(60, now);
        for second in 0..100 {
            pace.slow_down(now + Duration::from_secs(second));
        }
        let wait = pace.reserve(now + Duration::from_secs(100), None).unwrap();
        assert!(wait < Duration::from_secs(120), "{wait:?}");
    }
}
