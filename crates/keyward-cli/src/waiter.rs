//! The asynchronous runtime: started when something has to be waited for and not before, as most verbs need none, and
//! the same one from then on, as connections live on the one that opened them.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use keyward_core::error::{Error, Result};
use tokio::runtime::{Builder, Runtime};

/// A runtime on demand.
#[derive(Clone, Default)]
pub(crate) struct Waiter(Arc<OnceLock<Running>>);

struct Running(Option<Runtime>);

impl Waiter {
    /// Runs `work` to its end on this thread.
    ///
    /// # Errors
    /// What `work` answers; unavailable when the system refuses a runtime.
    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let runtime = match self.0.get() {
            Some(running) => running,
            None => {
                let started = start()?;
                self.0.get_or_init(|| started)
            }
        };
        match &runtime.0 {
            Some(runtime) => runtime.block_on(work),
            None => Err(Error::bug("the runtime was stopped before its time")),
        }
    }
}

/// With its I/O, whose price is one poll descriptor: some 10 µs.
fn start() -> Result<Running> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime
        .map(|runtime| Running(Some(runtime)))
        .map_err(|why| Error::unavailable("the asynchronous runtime does not start").because(why))
}

impl Drop for Running {
    /// A name that is still being looked up, after its deadline, does not keep the program.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_outlives_the_waiting_and_a_lost_thread_does_not_keep_the_program() {
        let waiter = Waiter::default();
        let task = waiter.wait_for(async {
            let (ask, asked) = tokio::sync::oneshot::channel::<tokio::sync::oneshot::Sender<u8>>();
            tokio::spawn(async move { asked.await.map(|answer| answer.send(7)) });
            Ok(ask)
        });
        let answered = waiter.clone().wait_for(async {
            let (answer, answered) = tokio::sync::oneshot::channel();
            let _ = task.map(|ask| ask.send(answer));
            answered.await.map_err(|_| Error::bug("the task is gone"))
        });
        assert_eq!(answered.ok(), Some(7));
        let (never, answer) = std::sync::mpsc::channel::<()>();
        let stuck = waiter.wait_for(async {
            let (started, begun) = tokio::sync::oneshot::channel();
            drop(tokio::task::spawn_blocking(move || {
                (started.send(()), answer.recv())
            }));
            begun.await.map_err(|_| Error::bug("the thread is gone"))
        });
        drop(waiter);
        assert!(stuck.is_ok() && never.send(()).is_ok(), "it is waiting still");
    }
}
