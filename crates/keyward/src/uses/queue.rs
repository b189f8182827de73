//! Work that makes more work, done by a few threads until there is none.

use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// More threads than this wait for the same disk.
const MOST: usize = 8;

/// Jobs that wait, and how many are being done.
pub(super) struct Queue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    waiting: Vec<J>,
    busy: usize,
}

/// Says that a job is done, also when it panicked: nobody waits for it for ever.
struct Busy<'a, J>(&'a Queue<J>);

impl<J: Send> Queue<J> {
    /// Does `first` and everything that comes of it, the newest first. Each thread has a worker of its own, made by
    /// `worker`, and these are the answer.
    pub(super) fn run<W: Send>(
        first: J,
        worker: impl Fn() -> W + Sync,
        work: impl Fn(&mut W, J, &Self) + Sync,
    ) -> Vec<W> {
        let queue = Self {
            state: Mutex::new(State {
                waiting: vec![first],
                busy: 0,
            }),
            changed: Condvar::new(),
        };
        let one = || {
            let mut worker = worker();
            while let Some(job) = queue.next() {
                let _busy = Busy(&queue);
                work(&mut worker, job, &queue);
            }
            worker
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        thread::scope(|scope| {
            // Where no more threads can be had, fewer do the work.
            let more = || thread::Builder::new().spawn_scoped(scope, one).ok();
            let others: Vec<_> = (1..threads).filter_map(|_| more()).collect();
            let own = one();
            // A panic goes on: nothing is left out in silence.
            let others = others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.chain([own]).collect()
        })
    }

    /// Adds a job.
    pub(super) fn push(&self, job: J) {
        self.lock().waiting.push(job);
        self.changed.notify_one();
    }

    fn next(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop() {
                state.busy += 1;
                return Some(job);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Drop for Busy<'_, J> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.busy -= 1;
        if state.busy == 0 && state.waiting.is_empty() {
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "one of many")]
    fn a_panic_is_not_kept_quiet() {
        Queue::run(
            100_u32,
            || (),
            |(), job, queue: &Queue<u32>| {
                if job == 100 {
                    (0..50).for_each(|part| queue.push(part));
                }
                assert_ne!(job, 7, "one of many");
            },
        );
    }

    #[test]
    fn everything_that_comes_of_a_job_is_done_once() {
        let workers = Queue::run(
            12_u32,
            Vec::new,
            |done: &mut Vec<u32>, job, queue: &Queue<u32>| {
                done.push(job);
                (0..job)
                    .filter(|part| part * 2 < job && part % 3 == 0)
                    .for_each(|part| queue.push(part));
            },
        );
        let mut done: Vec<_> = workers.into_iter().flatten().collect();
        done.sort_unstable();
        assert_eq!(done, [0, 0, 3, 12]);
    }
}
