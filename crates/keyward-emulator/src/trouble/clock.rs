//! The clock that everything in the emulator goes by: it can be moved forward, run faster or slower, or stand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use keyward_core::clock::{Clock, later, until};
use keyward_core::error::{Error, Result};
use keyward_core::kms::{KmsCode, KmsError};
use serde::{Deserialize, Serialize};

use crate::shelf::{Shelf, Shelved};

/// The fastest: a year a second.
pub(crate) const FASTEST: f64 = 31_536_000.0;

/// How far ahead of an accelerated clock its place on the shelf is, in seconds of the system.
const AHEAD: Duration = Duration::from_secs(3);

/// How often it is moved on.
pub(crate) const KEEP: Duration = Duration::from_secs(1);

const NAMESPACE: &str = "clock";
const NAME: &str = "steering";

/// A clock that is steered. It never goes back, nor does it over a restart when there is a file to remember it.
pub(crate) struct SteeredClock {
    /// Held for moments only: whoever does anything looks at the clock.
    steering: Mutex<Steering>,
    /// Held by whoever steers, for as long as the disk takes.
    writing: Mutex<()>,
    shelf: Option<Shelf>,
}

/// It showed `at` when the system's monotonic clock showed `since`, and runs at `rate` from there up to `ceiling`.
#[derive(Clone, Copy)]
struct Steering {
    at: Timestamp,
    since: Instant,
    rate: f64,
    /// What the shelf knows it may have shown.
    ceiling: Timestamp,
}

/// What the shelf holds: it showed at most `at` until the system's clock showed `system`.
#[derive(Serialize, Deserialize)]
struct Kept {
    at: Timestamp,
    system: Timestamp,
    rate: f64,
}

impl SteeredClock {
    /// A clock that starts at `start`, or with the system's, and runs at `rate`, or as it did. What a persisted shelf
    /// remembers is never undercut. Nothing is written before [`Self::keep_from_now`]: a start that fails leaves no trace.
    ///
    /// # Errors
    /// A usage error when it is not a rate; what the shelf says.
    pub(crate) fn new(start: Option<Timestamp>, rate: Option<f64>, shelf: &Shelf) -> Result<Self> {
        rate.map_or(Ok(()), check_rate)?;
        let system = Timestamp::now();
        let kept = shelf
            .read(|shelved| shelved.get(NAMESPACE, NAME))?
            .map(|kept| parsed(&kept))
            .transpose()?;
        let (at, as_before) = resumed(start, kept, system);
        let rate = rate.unwrap_or(as_before);
        let steering = Steering {
            at,
            since: Instant::now(),
            rate,
            ceiling: Timestamp::MAX,
        };
        let clock = Self {
            steering: Mutex::new(steering),
            writing: Mutex::default(),
            shelf: shelf.is_persisted().then(|| shelf.clone()),
        };
        Ok(clock)
    }

    /// Leaves its place on the shelf for the first time.
    ///
    /// # Errors
    /// What the shelf says.
    pub(crate) fn keep_from_now(&self) -> Result<()> {
        self.steer(|steering| Ok(*steering)).map(|_| ())
    }

    /// Emulated seconds a second.
    pub(crate) fn rate(&self) -> f64 {
        self.lock().rate
    }

    /// Moves it forward.
    ///
    /// # Errors
    /// A usage error when that is after year 9999; what the shelf says.
    pub(crate) fn advance(&self, by: Duration) -> Result<Timestamp> {
        self.steer(|steering| {
            let at = steering.at.checked_add(by);
            let at = at.map_err(|_| Error::usage("the clock ends with the year 9999"))?;
            Ok(Steering { at, ..*steering })
        })
    }

    /// Moves it to an instant that has not passed.
    ///
    /// # Errors
    /// A usage error when it has passed; what the shelf says.
    pub(crate) fn move_to(&self, at: Timestamp) -> Result<Timestamp> {
        self.steer(|steering| match at < steering.at {
            true => {
                let shown = steering.at;
                Err(Error::usage(format!(
                    "the clock shows {shown}, and {at} has passed: it only goes forward"
                ))
                .hint("start another emulator, without this data folder, at the time that you want"))
            }
            false => Ok(Steering { at, ..*steering }),
        })
    }

    /// Lets it run at another rate; at 0 it stands.
    ///
    /// # Errors
    /// A usage error when it is not a rate; what the shelf says.
    pub(crate) fn set_rate(&self, rate: f64) -> Result<()> {
        check_rate(rate)?;
        self.steer(|steering| Ok(Steering { rate, ..*steering }))
            .map(|_| ())
    }

    /// How long it is for the system until the clock shows `instant`; none when it stands.
    pub(crate) fn wait_for(&self, instant: Timestamp) -> Option<Duration> {
        let rate = self.rate();
        let left = until(self.now(), instant);
        if left.is_zero() {
            return Some(left);
        }
        (rate > 0.0).then(|| Duration::try_from_secs_f64(left.as_secs_f64() / rate).unwrap_or(Duration::MAX))
    }

    /// Moves its place on the shelf on. Only an accelerated clock with a shelf needs that, every [`KEEP`].
    ///
    /// # Errors
    /// What the shelf says; then the clock stops at the last place, rather than show what a restart would not know.
    pub(crate) fn keep(&self) -> Result<()> {
        match self.needs_keeping() {
            true => self.steer_on().map(|_| ()),
            false => Ok(()),
        }
    }

    /// Leaves exactly its place on the shelf, for the next start, and stands there.
    ///
    /// # Errors
    /// What the shelf says.
    pub(crate) fn leave(&self) -> Result<()> {
        let Some(shelf) = &self.shelf else { return Ok(()) };
        let _turn = self.writing();
        let last = {
            let mut steering = self.lock();
            let mut last = steering.turned(|now| Ok(*now))?;
            last.ceiling = last.at;
            *steering = last;
            last
        };
        shelf.change(|shelved| put(shelved, last.at, last.rate))
    }

    pub(crate) fn needs_keeping(&self) -> bool {
        self.shelf.is_some() && self.rate() > 1.0
    }

    /// Steers from what it shows now, and remembers that before anybody sees it. Meanwhile it stands, so that nobody sees
    /// a time that it may not reach.
    fn steer(&self, turn: impl FnOnce(&Steering) -> Result<Steering>) -> Result<Timestamp> {
        let _turn = self.writing();
        let (before, turned) = {
            let mut steering = self.lock();
            let before = *steering;
            let now = before.turned(|now| Ok(*now))?;
            let turned = turn(&now)?;
            steering.ceiling = now.at;
            (before, turned)
        };
        self.write(before, turned)
    }

    /// Goes on as before, with a later place on the shelf.
    fn steer_on(&self) -> Result<Timestamp> {
        let _turn = self.writing();
        let before = *self.lock();
        self.write(before, before.turned(|now| Ok(*now))?)
    }

    /// Writes, and then shows. What cannot be written leaves it as it was.
    fn write(&self, before: Steering, turned: Steering) -> Result<Timestamp> {
        let (kept, ceiling) = turned.ahead();
        let written = self.shelf.as_ref().map_or(Ok(()), |shelf| {
            shelf.change(|shelved| put(shelved, kept, turned.rate))
        });
        *self.lock() = match &written {
            Ok(()) if self.shelf.is_some() => Steering { ceiling, ..turned },
            Ok(()) => turned,
            Err(_) => before,
        };
        written.map(|()| turned.at)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Steering> {
        self.steering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SteeredClock {
    fn now(&self) -> Timestamp {
        self.lock().shown()
    }
}

impl Steering {
    fn shown(&self) -> Timestamp {
        let elapsed = self.since.elapsed();
        // At its own pace there is nothing to multiply, and nothing to round.
        let passed = match self.rate {
            1.0 => elapsed,
            rate => Duration::try_from_secs_f64(elapsed.as_secs_f64() * rate).unwrap_or(Duration::MAX),
        };
        later(self.at, passed).min(self.ceiling)
    }

    /// What `turn` makes of what it shows now.
    fn turned(&self, turn: impl FnOnce(&Self) -> Result<Self>) -> Result<Self> {
        let now = Self {
            at: self.shown(),
            since: Instant::now(),
            ..*self
        };
        let turned = turn(&now)?;
        Ok(Self {
            ceiling: Timestamp::MAX,
            ..turned
        })
    }

    /// The latest that it can show before the next [`SteeredClock::keep`]: what the shelf is told, and where it ends.
    fn ahead(&self) -> (Timestamp, Timestamp) {
        let ahead = Duration::try_from_secs_f64(AHEAD.as_secs_f64() * self.rate).unwrap_or(Duration::MAX);
        match self.rate > 1.0 {
            true => (later(self.at, ahead), later(self.at, ahead)),
            false => (self.at, Timestamp::MAX),
        }
    }
}

fn put(shelved: &Shelved<'_>, at: Timestamp, rate: f64) -> Result<()> {
    let kept = Kept {
        at,
        system: Timestamp::now(),
        rate,
    };
    let kept =
        serde_json::to_vec(&kept).map_err(|error| Error::bug("the clock has no JSON").because(error))?;
    Ok(shelved.put(NAMESPACE, NAME, &kept)?)
}

/// Whether a clock can run at this rate.
///
/// # Errors
/// A usage error.
pub(crate) fn check_rate(rate: f64) -> Result<()> {
    match (0.0..=FASTEST).contains(&rate) {
        true => Ok(()),
        false => {
            let what = format!("{rate} is not a rate: 0 stands, {FASTEST} is the fastest");
            Err(Error::usage(what))
        }
    }
}

/// Where a clock goes on. While the emulator was away time passed for it as for everybody, unless it stood.
fn resumed(start: Option<Timestamp>, kept: Option<Kept>, system: Timestamp) -> (Timestamp, f64) {
    let Some(kept) = kept else {
        return (start.unwrap_or(system), 1.0);
    };
    let away = until(kept.system, system);
    let passed = Duration::try_from_secs_f64(away.as_secs_f64() * kept.rate.min(1.0)).unwrap_or(away);
    let at = later(kept.at, passed);
    (start.map_or(at, |start| start.max(at)), kept.rate)
}

fn parsed(kept: &[u8]) -> Result<Kept, KmsError> {
    serde_json::from_slice(kept)
        .ok()
        .filter(|kept: &Kept| (0.0..=FASTEST).contains(&kept.rate))
        .ok_or_else(|| {
            KmsError::new(
                KmsCode::Internal,
                "emulator.db is damaged: what it says of the clock is no time",
            )
        })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use rusqlite::Connection;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn standing(start: Timestamp) -> SteeredClock {
        SteeredClock::new(Some(start), Some(0.0), &Shelf::in_memory().unwrap()).unwrap()
    }

    #[test]
    fn it_stands_moves_forward_and_never_back() {
        let clock = standing(Timestamp::UNIX_EPOCH);
        let before = clock.now();
        assert_eq!(before, Timestamp::UNIX_EPOCH, "from the first moment");
        assert_eq!(clock.advance(DAY).unwrap(), later(before, DAY));
        let back = clock.move_to(before).unwrap_err().to_string();
        assert!(back.contains("only goes forward"), "{back}");
        assert_eq!(clock.now(), later(before, DAY));
        assert!(clock.advance(Duration::MAX).is_err());
        for rate in [-1.0, f64::NAN, f64::INFINITY, FASTEST * 2.0] {
            assert!(clock.set_rate(rate).is_err(), "{rate}");
        }
    }

    #[test]
    fn it_says_how_long_the_system_waits() {
        let clock = standing(Timestamp::UNIX_EPOCH);
        let tomorrow = later(clock.now(), DAY);
        assert_eq!(clock.wait_for(tomorrow), None);
        assert_eq!(clock.wait_for(clock.now()), Some(Duration::ZERO));
        clock.set_rate(86_400.0).unwrap();
        assert!(clock.wait_for(tomorrow).unwrap() <= Duration::from_secs(1));
    }

    #[test]
    fn a_restart_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let restart = |start| {
            let shelf = Shelf::open(folder.path()).unwrap();
            let clock = SteeredClock::new(start, None, &shelf).unwrap();
            clock.keep_from_now().unwrap();
            clock
        };
        let clock = restart(Some(Timestamp::UNIX_EPOCH));
        clock.set_rate(0.0).unwrap();
        let moved = clock.advance(DAY).unwrap();
        drop(clock);
        let clock = restart(Some(Timestamp::UNIX_EPOCH));
        assert_eq!((clock.now(), clock.rate()), (moved, 0.0));
        clock.set_rate(FASTEST).unwrap();
        while clock.now() < later(moved, DAY) {}
        let shown = clock.now();
        drop(clock);
        let clock = restart(None);
        assert!(clock.now() >= shown);
        assert_eq!(clock.rate(), FASTEST);
    }

    #[test]
    fn a_stop_leaves_exactly_what_was_shown() {
        let folder = tempfile::tempdir().unwrap();
        let start = || SteeredClock::new(None, None, &Shelf::open(folder.path()).unwrap()).unwrap();
        let clock = start();
        clock.set_rate(FASTEST).unwrap();
        clock.leave().unwrap();
        let shown = clock.now();
        drop(clock);
        let shelf = Shelf::open(folder.path()).unwrap();
        let kept = shelf.read(|shelved| shelved.get(NAMESPACE, NAME)).unwrap();
        assert_eq!(parsed(&kept.unwrap()).unwrap().at, shown);
    }

    #[test]
    fn a_slow_disk_stops_nobody_who_looks_at_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        let clock = Arc::new(SteeredClock::new(None, Some(0.0), &shelf).unwrap());
        clock.keep_from_now().unwrap();
        let before = clock.now();
        let file = folder.path().join("emulator.db");
        let look = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM item", [], |row| row.get::<_, i64>(0))
        };
        // Somebody who reads the file keeps a commit waiting.
        let reader = Connection::open(&file).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        look(&reader).unwrap();
        let steering = Arc::clone(&clock);
        let moved = thread::spawn(move || steering.advance(DAY));
        let other = Connection::open(&file).unwrap();
        other.busy_timeout(Duration::ZERO).unwrap();
        // Once nobody else may read, the commit is under way.
        while look(&other).is_ok() {}
        let (tell, told) = mpsc::channel();
        let looking = Arc::clone(&clock);
        thread::spawn(move || tell.send(looking.now()));
        assert_eq!(told.recv_timeout(Duration::from_secs(2)), Ok(before));
        reader.execute_batch("COMMIT").unwrap();
        assert_eq!(moved.join().unwrap().unwrap(), later(before, DAY));
    }

    #[test]
    fn away_time_passes_as_for_everybody() {
        let kept = |rate| {
            Some(Kept {
                at: later(Timestamp::UNIX_EPOCH, DAY),
                system: Timestamp::UNIX_EPOCH,
                rate,
            })
        };
        let now = later(Timestamp::UNIX_EPOCH, DAY);
        let at = |days| later(Timestamp::UNIX_EPOCH, DAY * days);
        assert_eq!(resumed(None, kept(1.0), now), (at(2), 1.0));
        assert_eq!(resumed(None, kept(1000.0), now), (at(2), 1000.0));
        assert_eq!(resumed(None, kept(0.0), now), (at(1), 0.0));
        // A system clock that was set back takes nothing away.
        assert_eq!(resumed(Some(at(0)), kept(1.0), Timestamp::MIN), (at(1), 1.0));
        assert_eq!(resumed(None, None, now), (now, 1.0));
    }
}
