//! `keyward credential`: client credentials for one site, or for many.

mod batch;
mod new;
mod seal;

use clap::{Args, Subcommand};
use keyward_core::error::Result;

use crate::exit::Exit;
use crate::session::Session;

/// Make client credentials: a secret for the site, documents for its server
#[derive(Args)]
pub(crate) struct Credential {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    New(Box<new::New>),
    Batch(batch::Batch),
}

impl Credential {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        match self.verb {
            Verb::New(verb) => verb.run(session),
            Verb::Batch(verb) => verb.run(session),
        }
    }
}
