//! Workers that read one source and write one target, in order.

use std::io::{self, IoSliceMut, Read, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use keyward_core::error::Result;

use super::group::Group;
use super::workers::Workers;
use super::{Progress, failure};

/// What a worker does with one group; `None` when there is nothing more to do.
pub(super) type Step<'a> = &'a (dyn Fn(&mut Group) -> Result<Option<usize>> + Sync);

/// Source and target, each used by one worker at a time.
pub(super) struct Relay<'a> {
    intake: Mutex<Intake<'a>>,
    outlet: Mutex<Outlet<'a>>,
    turn: Condvar,
}

struct Intake<'a> {
    source: &'a mut (dyn Read + Send),
    ended: bool,
}

struct Outlet<'a> {
    target: &'a mut (dyn Write + Send),
    /// Number of the first chunk of the group that is written next.
    next: u64,
    abandoned: bool,
}

impl<'a> Relay<'a> {
    pub(super) fn new(source: &'a mut (dyn Read + Send), target: &'a mut (dyn Write + Send)) -> Self {
        Self {
            intake: Mutex::new(Intake { source, ended: false }),
            outlet: Mutex::new(Outlet {
                target,
                next: 0,
                abandoned: false,
            }),
            turn: Condvar::new(),
        }
    }

    /// Repeats `step` until the source has ended and everything is written; returns the sum of what it returned.
    pub(super) fn run(&self, workers: Workers, progress: Progress<'_>, step: Step<'_>) -> Result<u64> {
        let total = AtomicU64::new(0);
        let one = |group: &mut Group| -> Result<bool> {
            let Some(plain) = step(group)? else {
                return Ok(false);
            };
            total.fetch_add(plain as u64, Ordering::Relaxed);
            progress(plain as u64);
            Ok(true)
        };
        // Most messages are one chunk: nothing large is made, and no thread started, before there is a second.
        one(&mut Group::new(1))?;
        if !lock(&self.intake).ended {
            workers.run(u64::MAX, |_| {
                let unless_done = AbandonOnDrop(self);
                let mut group = Group::new(u64::MAX);
                while one(&mut group)? {}
                mem::forget(unless_done);
                Ok(())
            })?;
        }
        lock(&self.outlet).target.flush().map_err(failure::writing)?;
        Ok(total.into_inner())
    }

    /// Fills `buffers` with what comes next and has it numbered by `claim`, in the order of reading. `None` behind
    /// the end; a group that is not full, and may be empty, is the end.
    pub(super) fn take<N>(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        claim: impl FnOnce() -> Result<N>,
    ) -> Result<Option<(N, usize)>> {
        let full: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let mut intake = lock(&self.intake);
        if intake.ended {
            return Ok(None);
        }
        // Nobody reads on after a failure.
        intake.ended = true;
        let number = claim()?;
        let len = fill(intake.source, buffers).map_err(failure::reading)?;
        intake.ended = len < full;
        Ok(Some((number, len)))
    }

    /// Lets `write` write the group of `chunks` that begins with chunk `first` when it is that group's turn. False when there
    /// will be no turn, as another worker failed.
    pub(super) fn give(
        &self,
        first: u64,
        chunks: usize,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<bool> {
        let waits = |outlet: &mut Outlet<'_>| outlet.next != first && !outlet.abandoned;
        let mut outlet = self
            .turn
            .wait_while(lock(&self.outlet), waits)
            .unwrap_or_else(PoisonError::into_inner);
        if outlet.abandoned {
            return Ok(false);
        }
        write(outlet.target).map_err(failure::writing)?;
        outlet.next += chunks as u64;
        self.turn.notify_all();
        Ok(true)
    }
}

/// Frees those who wait for a turn when a worker fails or panics.
struct AbandonOnDrop<'r, 'a>(&'r Relay<'a>);

impl Drop for AbandonOnDrop<'_, '_> {
    fn drop(&mut self) {
        lock(&self.0.outlet).abandoned = true;
        self.0.turn.notify_all();
    }
}

/// A worker that panicked takes the whole call with it, so what it left behind is used for nothing but leaving.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fills `buffers` in order; returns how many bytes there were before the end.
fn fill(source: &mut dyn Read, mut buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    let mut done = 0;
    while !buffers.is_empty() {
        match source.read_vectored(buffers) {
            Ok(0) => break,
            Ok(read) => {
                done += read;
                IoSliceMut::advance_slices(&mut buffers, read);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
