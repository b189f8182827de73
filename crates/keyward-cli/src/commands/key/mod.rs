//! `keyward key …`: look at keys, make them, disable them, and bring them back. Nothing here can destroy one.

mod adopt;
mod bring_back;
mod create;
mod disable;
mod drill;
mod list;
mod look;
mod plan;
mod record;
mod rescue;
mod show;
pub(super) mod target;

use clap::{Args, Subcommand};
use keyward_core::error::Result;

use crate::exit::Exit;
use crate::session::Session;

/// Look at keys, make, disable and bring them back
///
/// Nothing in keyward can destroy a key.
///
/// A key is named KEYRING/LOCATION as in the manifest, a version KEYRING/LOCATION@N; a provider's full name, such as
/// gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K, works everywhere.
#[derive(Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    List(list::List),
    Show(show::Show),
    Create(create::Create),
    Adopt(adopt::Adopt),
    Disable(disable::Disable),
    Enable(rescue::Enable),
    Restore(rescue::Restore),
}

impl Key {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        match self.verb {
            Verb::List(verb) => verb.run(session),
            Verb::Show(verb) => verb.run(session),
            Verb::Create(verb) => verb.run(session),
            Verb::Adopt(verb) => verb.run(session),
            Verb::Disable(verb) => verb.run(session),
            Verb::Enable(verb) => verb.run(session),
            Verb::Restore(verb) => verb.run(session),
        }
    }
}
