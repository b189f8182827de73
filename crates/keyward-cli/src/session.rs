//! What every verb works with: the user interface, the global flags, time, randomness, and a runtime on demand.

use std::future::Future;
use std::sync::Arc;

use keyward_core::clock::{Clock, Timestamp};
use keyward_core::error::{Error, Result};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::args::Globals;
use crate::ui::Ui;

/// One run of one verb.
pub(crate) struct Session {
    pub(crate) ui: Ui,
    pub(crate) globals: Globals,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The system's randomness.
pub(crate) type Rng = UnwrapErr<SysRng>;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Session {
    /// A session. It looks at nothing yet.
    pub(crate) fn new(ui: Ui, globals: Globals) -> Self {
        Self {
            ui,
            globals,
            clock: Arc::new(SystemClock),
        }
    }

    /// The system's random generator.
    pub(crate) fn rng(&self) -> Rng {
        UnwrapErr(SysRng)
    }

    /// Runs `work` to its end on this thread. The runtime starts here and not before: most verbs need none.
    ///
    /// # Errors
    /// What `work` answers; unavailable when the system refuses a runtime.
    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|why| Error::unavailable("the asynchronous runtime does not start").because(why))?
            .block_on(work)
    }
}
