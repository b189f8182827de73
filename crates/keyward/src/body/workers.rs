//! The threads that share one body.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};

use keyward_core::error::Result;

/// Most threads that work on one body: memory stays under 10 MiB, and no disk feeds more.
const MAX_THREADS: usize = 32;

/// How many threads may work on one body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    /// Number of threads, the calling one included; 0 counts as 1, and more than 32 as 32.
    pub threads: usize,
}

impl Default for Workers {
    /// As many as this process may run at once.
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}

impl Workers {
    /// Runs `work` on as many threads as there are, at most one for each of `groups`. When one fails, the others see
    /// it in [`Stop`].
    pub(super) fn run(self, groups: u64, work: impl Fn(&Stop) -> Result<()> + Sync) -> Result<()> {
        let groups = usize::try_from(groups).unwrap_or(usize::MAX);
        let others = self.threads.min(MAX_THREADS).min(groups).saturating_sub(1);
        let stop = Stop::default();
        let worker = || {
            let unless_done = StopOnDrop(&stop);
            work(&stop)?;
            std::mem::forget(unless_done);
            Ok(())
        };
        thread::scope(|scope| {
            // A thread that the system refuses is one less to share the work with, no more.
            let handles: Vec<_> = (0..others)
                .map_while(|_| thread::Builder::new().spawn_scoped(scope, worker).ok())
                .collect();
            let mine = worker();
            handles.into_iter().map(join).fold(mine, Result::and)
        })
    }
}

fn join(handle: ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    handle.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Says that another worker failed, so that there is no point in going on.
#[derive(Default)]
pub(super) struct Stop(AtomicBool);

impl Stop {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Stops the others when a worker fails or panics.
struct StopOnDrop<'a>(&'a Stop);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
