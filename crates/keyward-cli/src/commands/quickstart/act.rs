//! One act of the tour: shown as a command line, then done.

use std::fs;
use std::path::Path;

use keyward::io_error;
use keyward_core::error::{Error, ErrorKind, Result};

use crate::args::{self, Globals};
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{command, faint, strong};

/// Something to do, as a person would type it.
pub(super) enum Act {
    /// A command of keyward.
    Keyward(Vec<String>),
    /// `mv FROM TO`.
    Move(String, String),
    /// `sed 's|AFTER.*|BY|' FROM > TO`: the manifest with what its comment shows put into effect.
    Replace {
        from: &'static str,
        to: &'static str,
        after: &'static str,
        by: &'static str,
    },
    /// `cmp ONE OTHER`.
    Compare(String, String),
}

/// An act that was done.
pub(super) struct Done {
    pub(super) words: String,
    pub(super) exit: Exit,
}

/// An act that ended otherwise than the tour says. What a command could not do is no bug of the tour, and was told by the
/// command itself.
fn unexpected(words: &str, exit: Exit, expected: Exit) -> Error {
    let what = format!("`{words}` ended with {}, not with {}", exit.0, expected.0);
    let kinds = [
        ErrorKind::Refused,
        ErrorKind::Usage,
        ErrorKind::Unavailable,
        ErrorKind::Damaged,
    ];
    match kinds.into_iter().find(|kind| Exit::from(*kind) == exit) {
        Some(ErrorKind::Refused) => Error::refused(what),
        Some(ErrorKind::Usage) => Error::usage(what),
        Some(ErrorKind::Unavailable) => Error::unavailable(what),
        Some(ErrorKind::Damaged) => Error::damaged(what),
        _ => Error::bug(what),
    }
}

impl Act {
    /// `keyward WORDS`, separated by single spaces.
    pub(super) fn keyward(words: &str) -> Self {
        Self::Keyward(words.split(' ').map(ToOwned::to_owned).collect())
    }

    /// Shows the command line, then does it, and demands that it ends with `expected`.
    ///
    /// # Errors
    /// It ended otherwise: the tour is not what it says it is.
    pub(super) fn run(&self, session: &Session, expected: Exit) -> Result<Done> {
        let words = self.words();
        session
            .ui
            .tell(|page| page.line(format_args!("\n  {} {}", faint("$"), strong(command(&words)))))?;
        let exit = self.act(session)?;
        if exit != expected {
            return Err(unexpected(&words, exit, expected));
        }
        if exit != Exit::DONE {
            session
                .ui
                .tell(|page| page.line(faint(format_args!("  (exit code {})", exit.0))))?;
        }
        Ok(Done { words, exit })
    }

    /// The act as a command line.
    fn words(&self) -> String {
        match self {
            Self::Keyward(words) => format!("keyward {}", words.join(" ")),
            Self::Move(from, to) => format!("mv {from} {to}"),
            Self::Replace { from, to, after, by } => format!("sed 's|{after}.*|{by}|' {from} > {to}"),
            Self::Compare(one, other) => format!("cmp {one} {other}"),
        }
    }

    fn act(&self, session: &Session) -> Result<Exit> {
        match self {
            Self::Keyward(words) => keyward(session, words),
            Self::Move(from, to) => {
                fs::rename(from, to).map_err(|why| io_error("move it", Path::new(from), why))?;
                Ok(Exit::DONE)
            }
            Self::Replace { from, to, after, by } => {
                let line = |line: &str| match line.split_once(after) {
                    Some((before, _)) => format!("{before}{by}\n"),
                    None => format!("{line}\n"),
                };
                let text = fs::read_to_string(from);
                let text = text.map_err(|why| io_error("read it", Path::new(from), why))?;
                let text: String = text.lines().map(line).collect();
                fs::write(to, text).map_err(|why| io_error("write it", Path::new(to), why))?;
                Ok(Exit::DONE)
            }
            Self::Compare(one, other) => {
                let read =
                    |file: &String| fs::read(file).map_err(|why| io_error("read it", Path::new(file), why));
                Ok(if read(one)? == read(other)? {
                    Exit::DONE
                } else {
                    Exit::NO
                })
            }
        }
    }
}

/// Runs a command of keyward in this process, with the flags of its own words only, and where a cloud is and who it is there.
fn keyward(session: &Session, words: &[String]) -> Result<Exit> {
    let line = std::iter::once("keyward".to_owned())
        .chain(words.iter().cloned())
        .map(Into::into);
    let cli = args::parse(line).map_err(|_| Error::bug("the tour has a command that does not exist"))?;
    let globals = Globals {
        color: session.globals.color,
        endpoint: session.globals.endpoint.clone(),
        endpoint_is_typed: cli.globals.endpoint_is_typed,
        access_token_command: session.globals.access_token_command.clone(),
        ..Globals::default()
    };
    let inner = session.inside(globals);
    cli.command
        .run(&inner)
        .or_else(|error| match inner.ui.error(&error) {
            exit if exit == Exit::UNSEEN || exit == Exit::NO => Ok(exit),
            _ => Err(error),
        })
}
