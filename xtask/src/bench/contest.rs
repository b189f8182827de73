//! Contestants measured in turn, so that whatever else the machine does meets all of them.

use std::time::{Duration, Instant};

use keyward_core::error::Result;

/// One thing to measure: prepares by itself and answers how long the measured part took.
pub(super) type Contestant<'a> = Box<dyn FnMut() -> Result<Duration> + 'a>;

/// Runs all contestants once without counting, then `rounds` times A B C A B C …
pub(super) fn contest<const N: usize>(
    rounds: usize,
    mut contestants: [Contestant<'_>; N],
) -> Result<[Times; N]> {
    let mut times = [const { Times(Vec::new()) }; N];
    for round in 0..=rounds {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let time = contestant()?;
            if round > 0 {
                times.0.push(time);
            }
        }
    }
    Ok(times)
}

/// How long `work` takes.
pub(super) fn time<T>(work: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// What one contestant took, round by round.
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// The median time.
    pub(super) fn median(&self) -> Duration {
        Duration::from_secs_f64(median(self.0.iter().map(Duration::as_secs_f64)))
    }

    /// How many times faster this was than `other`: the median of the rounds' ratios.
    pub(super) fn speed_against(&self, other: &Times) -> f64 {
        let rounds = self.0.iter().zip(&other.0);
        median(rounds.map(|(mine, theirs)| theirs.as_secs_f64() / mine.as_secs_f64()))
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(millis: &[u64]) -> Times {
        Times(millis.iter().copied().map(Duration::from_millis).collect())
    }

    #[test]
    fn the_ratio_is_taken_round_by_round() {
        // The machine was slow in the second round, for both.
        let (ours, theirs) = (times(&[10, 100, 10]), times(&[20, 200, 20]));
        assert_eq!(ours.speed_against(&theirs), 2.0);
        assert_eq!(ours.median(), Duration::from_millis(10));
    }

    #[test]
    fn the_first_run_does_not_count() {
        let mut millis = 3;
        let falling: Contestant<'_> = Box::new(|| {
            millis -= 1;
            Ok(Duration::from_millis(millis))
        });
        let [times] = contest(1, [falling]).unwrap();
        assert_eq!(times.median(), Duration::from_millis(1));
    }
}
