//! `keyward escrow …`: offline identities, and the proof that they open what is sealed for them.

mod drill;
mod export;
mod import;
mod new;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keyward_core::error::{Error, Result};
use keyward_core::limits;

use crate::exit::Exit;
use crate::files::{Input, Output};
use crate::session::Session;

/// Offline identities, for the day when no KMS answers
///
/// An identity proves nothing until it opened something. `export` writes what to ask, `drill` opens it on the machine that
/// keeps the identity, and `import` brings back the result, which keyward.lock then has.
#[derive(Args)]
pub(crate) struct Escrow {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    New(new::New),
    Export(export::Export),
    Drill(drill::Drill),
    Import(import::Import),
}

impl Escrow {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        match self.verb {
            Verb::New(verb) => verb.run(session),
            Verb::Export(verb) => verb.run(session),
            Verb::Drill(verb) => verb.run(session),
            Verb::Import(verb) => verb.run(session),
        }
    }
}

/// The text of a bundle or a report, and how messages call it.
fn read_text(path: &Path) -> Result<(String, String)> {
    let mut input = Input::open(path)?;
    let name = input.name();
    let bytes = input.read_whole(limits::ESCROW_LEN)?;
    let text = String::from_utf8(bytes.expose().to_vec());
    let text = text.map_err(|_| Error::damaged("it is no text: it was damaged on its way").on(&name))?;
    Ok((text, name))
}

/// Where `-o` says that a text goes.
fn output(session: &Session, path: &Path) -> Result<Output> {
    if path != Path::new("-") {
        return Ok(Output::New(path.to_owned()));
    }
    Output::Stdout.leaves_stdout_to_json(session)?;
    Ok(Output::Stdout)
}

/// A file on a command line that a person repeats; what went to stdout is given a name to fill in.
fn word(path: Option<&Path>, otherwise: &str) -> String {
    path.map_or_else(|| otherwise.to_owned(), |path: &Path| path.display().to_string())
}

/// The path of an output, for JSON.
fn path_json(path: Option<&PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}
