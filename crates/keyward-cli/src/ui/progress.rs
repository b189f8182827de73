//! Progress of long work: on stderr, on a terminal, after a quarter of a second.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;

const PATIENCE: Duration = Duration::from_millis(250);

/// Counts bytes, and shows them once the work turns out to be long. Any thread may report.
pub(crate) struct Progress {
    total: Option<u64>,
    done: AtomicU64,
    started: Instant,
    bar: Option<OnceLock<ProgressBar>>,
}

impl Progress {
    /// Work on `total` bytes, if that is known.
    pub(crate) fn new(ui: &Ui, total: Option<u64>) -> Self {
        let wanted = !ui.quiet && !ui.is_json() && io::stderr().is_terminal();
        Self {
            total,
            done: AtomicU64::new(0),
            started: Instant::now(),
            bar: wanted.then(OnceLock::new),
        }
    }

    /// `bytes` more are done.
    pub(crate) fn add(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(bar) = &self.bar
            && self.started.elapsed() >= PATIENCE
        {
            bar.get_or_init(|| self.shown()).set_position(done);
        }
    }

    fn shown(&self) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::stderr_with_hz(10));
        let template = match self.total {
            Some(_) => "{bar:30} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
            None => "{bytes}  {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.as_ref().and_then(OnceLock::get) {
            bar.finish_and_clear();
        }
    }
}
