//! Backoff: how long to wait before the next attempt, and when to give up.

use std::time::Duration;

use rand_core::Rng;

/// The waits between attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    /// The first wait, at most.
    pub first: Duration,
    /// Every wait, at most.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            most: Duration::from_secs(5),
        }
    }
}

impl Backoff {
    /// The wait after `failures` failures in a row: doubled each time, and the upper half of it random, so that many
    /// callers who failed together do not come back together.
    pub(crate) fn wait(&self, failures: u32, rng: &mut dyn Rng) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let half = doubled.min(self.most) / 2;
        half + half.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_differ() {
        let backoff = Backoff::default();
        let mut rng = StdRng::seed_from_u64(1);
        let waits: Vec<_> = (1..20).map(|n| backoff.wait(n, &mut rng)).collect();
        assert!(waits[0] >= backoff.first / 2 && waits[0] <= backoff.first);
        assert!(waits[3] > waits[0] * 3);
        assert!(
            waits[8..]
                .iter()
                .all(|wait| (backoff.most / 2..=backoff.most).contains(wait))
        );
        assert!(waits[8..].windows(2).any(|pair| pair[0] != pair[1]));
        assert!(backoff.wait(u32::MAX, &mut rng) <= backoff.most);
    }
}
