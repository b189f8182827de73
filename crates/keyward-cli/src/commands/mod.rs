//! The verbs, one file each.

mod audit;
mod completions;
mod credential;
mod decrypt;
mod encrypt;
mod escrow;
mod explain;
mod harden;
mod init;
mod inspect;
mod key;
mod man;
mod quickstart;
mod survive;
mod uses;
mod verify;
mod watch;

use clap::Subcommand;
use keyward_core::error::Result;

use crate::exit::Exit;
use crate::session::Session;

/// Every verb that this release has.
#[derive(Subcommand)]
pub(crate) enum Command {
    Quickstart(quickstart::Quickstart),
    Init(init::Init),
    Encrypt(Box<encrypt::Encrypt>),
    Decrypt(Box<decrypt::Decrypt>),
    Verify(verify::Verify),
    Credential(credential::Credential),
    Inspect(inspect::Inspect),
    Explain(explain::Explain),
    Uses(uses::Uses),
    Survive(survive::Survive),
    Watch(watch::Watch),
    Harden(harden::Harden),
    Audit(audit::Audit),
    Key(key::Key),
    Escrow(escrow::Escrow),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Runs the verb.
    pub(crate) fn run(self, session: &Session) -> Result<Exit> {
        match self {
            Self::Quickstart(verb) => verb.run(session),
            Self::Init(verb) => verb.run(session),
            Self::Encrypt(verb) => verb.run(session),
            Self::Decrypt(verb) => verb.run(session),
            Self::Verify(verb) => verb.run(session),
            Self::Credential(verb) => verb.run(session),
            Self::Inspect(verb) => verb.run(session),
            Self::Explain(verb) => verb.run(session),
            Self::Uses(verb) => verb.run(session),
            Self::Survive(verb) => verb.run(session),
            Self::Watch(verb) => verb.run(session),
            Self::Harden(verb) => verb.run(session),
            Self::Audit(verb) => verb.run(session),
            Self::Key(verb) => verb.run(session),
            Self::Escrow(verb) => verb.run(session),
            Self::Completions(verb) => verb.run(session),
            Self::Man(verb) => verb.run(session),
        }
    }
}
