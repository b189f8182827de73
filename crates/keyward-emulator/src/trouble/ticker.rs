//! The thread on which things become due: rotations and destructions happen, durably, whether or not anybody looks.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use keyward_embedded::Resident;

use super::clock::{KEEP, SteeredClock};

/// The longest sleep: something may have become due earlier without a word.
const LONGEST: Duration = Duration::from_secs(60);

/// The shortest: changes that come one after the other are looked at together.
const SHORTEST: Duration = Duration::from_millis(20);

/// The thread. It ends when this is dropped.
pub(crate) struct Ticker {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Bell {
    rung: Mutex<Rung>,
    heard: Condvar,
}

#[derive(Default)]
struct Rung {
    look: bool,
    stop: bool,
}

impl Ticker {
    /// Starts it.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(clock: Arc<SteeredClock>, keys: Resident) -> Result<Self> {
        let bell = Arc::new(Bell::default());
        let rung = Arc::clone(&bell);
        let thread = thread::Builder::new()
            .name("keyward-clock".to_owned())
            .spawn(move || tick(&clock, &keys, &rung))
            .map_err(|error| Error::unavailable("no thread for the clock").because(error))?;
        Ok(Self {
            bell,
            thread: Some(thread),
        })
    }

    /// Something changed: the clock, its rate, or what becomes due when.
    pub(crate) fn wake(&self) {
        self.bell.ring(|rung| rung.look = true);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.bell.ring(|rung| rung.stop = true);
        if let Some(thread) = self.thread.take() {
            // A panic there was its own; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Bell {
    fn ring(&self, how: impl FnOnce(&mut Rung)) {
        how(&mut self.rung.lock().unwrap_or_else(PoisonError::into_inner));
        self.heard.notify_one();
    }

    /// Waits until it rings, or so long. `false` when it is time to stop.
    fn wait(&self, longest: Duration) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .heard
            .wait_timeout_while(rung, longest, |rung| !rung.look && !rung.stop);
        let mut rung = waited.unwrap_or_else(PoisonError::into_inner).0;
        rung.look = false;
        !rung.stop
    }

    /// Lets a moment pass that only stopping cuts short.
    fn rest(&self) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.heard.wait_timeout_while(rung, SHORTEST, |rung| !rung.stop);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stop
    }
}

fn tick(clock: &SteeredClock, keys: &Resident, bell: &Bell) {
    loop {
        // What the shelf refuses makes the clock stop at what it knows, and is tried again.
        let _ = clock.keep();
        // A mistake while one thing is carried out must not be the end of all others.
        let next = panic::catch_unwind(AssertUnwindSafe(|| keys.settle())).unwrap_or(None);
        if !bell.wait(sleep(clock, next)) || !bell.rest() {
            break;
        }
    }
    // Without it the next start reckons with the system's clock, which somebody may have set back.
    let _ = clock.leave();
}

fn sleep(clock: &SteeredClock, next: Option<Timestamp>) -> Duration {
    let due = next.and_then(|next| clock.wait_for(next)).unwrap_or(LONGEST);
    let keep = if clock.needs_keeping() { KEEP } else { LONGEST };
    due.min(keep)
}
