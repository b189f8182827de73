//! The verbs, one file each.

mod completions;
mod man;

use clap::Subcommand;
use keyward_core::error::Result;

use crate::exit::Exit;
use crate::session::Session;

/// Every verb that this release has.
#[derive(Subcommand)]
pub(crate) enum Command {
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Runs the verb.
    pub(crate) fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Self::Completions(verb) => verb.run(session),
            Self::Man(verb) => verb.run(session),
        }
    }
}
