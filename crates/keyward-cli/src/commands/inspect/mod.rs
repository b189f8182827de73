//! `keyward inspect FILE`: what a file is, without any key.

mod found;
mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use keyward_core::error::{ErrorKind, Result};

use crate::exit::Exit;
use crate::files::Input;
use crate::session::Session;
use found::{Body, Found, look};
use report::{Inspected, Recovery};

/// Show what an envelope is, and who can open it
///
/// No key is used: everything shown is the file's claim. Exit code 4 when the file was cut or extended.
#[derive(Args)]
pub(crate) struct Inspect {
    /// Envelope or age file; `-` is stdin
    file: PathBuf,

    /// Print how to open it without keyward, with commands of other programs
    #[arg(long)]
    recover: bool,
}

impl Inspect {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let mut input = Input::open(&self.file)?;
        let found = look(&mut input).map_err(|error| error.on(input.name()))?;
        let name = input.name();
        if self.recover {
            session.ui.show(&Recovery {
                name: &name,
                word: &as_word(input.path()),
                found: &found,
            })?;
        } else {
            session.ui.show(&Inspected {
                name: &name,
                found: &found,
            })?;
        }
        if let Found::Envelope(envelope) = &found
            && let Body::Wrong(why) = &envelope.body
        {
            session.ui.warn(why);
            return Ok(ErrorKind::Damaged.into());
        }
        Ok(Exit::DONE)
    }
}

/// How a command line names the file: not by what could be an option, and what came through a pipe by a name to fill in.
fn as_word(path: Option<&Path>) -> String {
    match path.map(|path| path.display().to_string()) {
        Some(name) if name.starts_with('-') => format!("./{name}"),
        Some(name) => name,
        None => "FILE".into(),
    }
}
