//! An emulator of its own, whose clock stands, and the operations on it through Google's own client.

use keyward_emulator::Emulator;
use tokio::runtime::Runtime;

use crate::google::Google;
use crate::naive::Answer;
use crate::operation::{self, Operation};
use crate::picture;
use crate::session::{Session, Sight};

/// An emulator under test.
pub struct Emulated {
    emulator: Emulator,
    session: Session,
    runtime: Runtime,
}

impl Default for Emulated {
    fn default() -> Self {
        Self::new()
    }
}

impl Emulated {
    /// A new one, at the beginning of time.
    pub fn new() -> Self {
        let emulator = standing();
        let runtime = runtime();
        let google = runtime.block_on(Google::at(&emulator.endpoint()));
        Self {
            emulator,
            session: Session::new(google),
            runtime,
        }
    }

    /// Carries out an operation; answers what the naive model does.
    pub fn apply(&mut self, operation: &Operation) -> Answer {
        let trouble = self.emulator.trouble();
        if let Operation::Wait(hours) = *operation {
            trouble.advance(operation::hours(hours)).unwrap();
            return Ok(None);
        }
        let answer = self
            .runtime
            .block_on(self.session.apply(operation, trouble.now()));
        answer.map_err(|error| error.code)
    }

    /// Everything there is by now.
    pub fn picture(&self) -> Vec<String> {
        picture::draw(&Sight {
            google: &self.session.google,
            runtime: &self.runtime,
        })
    }
}

/// An emulator at the beginning of time, where time passes only when it is told to.
pub fn standing() -> Emulator {
    let builder = Emulator::builder().clock_at(operation::start()).clock_rate(0.0);
    builder.start().unwrap()
}

/// A runtime for clients.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
