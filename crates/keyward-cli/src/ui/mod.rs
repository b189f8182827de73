//! Everything that keyward shows or asks.
//!
//! The rules:
//! - Whatever a script may want stands alone on stdout; what is said to people goes to stderr.
//! - With `--json`, stdout carries exactly one object, an error included.
//! - Secrets are typed at the terminal device, never at stdin, in a variable or in an argument.
//! - Binary is not written to a terminal, and nothing that a stranger named can control it.
//! - Progress is for a person who waits: on stderr, when that is a terminal, after 250 ms.
//! - A reader of stdout that goes away ends the program quietly.

mod error;
mod harmless;
pub(crate) mod hints;
mod page;
mod paint;
mod progress;
mod prompt;
mod stdout;
mod table;
mod wrap;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use keyward_core::error::{Error, Result};
use serde_json::{Value, json};

use crate::args::{Color, Globals};
use crate::exit::Exit;
use harmless::harmless;
use wrap::wrapped;

pub(crate) use error::{bug, json_error};
pub(crate) use harmless::{is_control, one_line};
pub(crate) use page::Page;
pub(crate) use paint::{bad, command, faint, good, strong, uneasy};
pub(crate) use progress::Progress;
pub(crate) use prompt::{ask_new_passphrase, ask_passphrase};
pub(crate) use stdout::{Stdout, is_closed as stdout_is_closed};
pub(crate) use table::{Cell, Table};

/// What a command found or did: one value, shown as text or as one JSON object.
pub(crate) trait Answer {
    /// The object. Its shape is shown in tests/cases/json.md, and only grows.
    fn json(&self) -> Value;
    /// The same for a person.
    fn text(&self, page: &mut Page);
}

/// The way to the person or script that called.
pub(crate) struct Ui {
    form: Form,
    quiet: bool,
    color: ColorChoice,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    /// Inside another command that answers for it.
    Silent,
}

impl Ui {
    /// As the global flags say.
    pub(crate) fn new(globals: &Globals) -> Self {
        let color = match globals.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let form = if globals.json { Form::Json } else { Form::Text };
        Self {
            form,
            quiet: globals.quiet,
            color,
        }
    }

    /// One that shows nothing but errors.
    pub(crate) fn silent(&self) -> Self {
        Self {
            form: Form::Silent,
            quiet: true,
            color: self.color,
        }
    }

    /// Whether stdout is to carry a JSON object.
    pub(crate) fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// Shows what was asked for: on stdout, as text or JSON.
    pub(crate) fn show(&self, answer: &dyn Answer) -> Result<()> {
        match self.form {
            Form::Json => stdout::json(&answer.json()),
            Form::Text => self.print(self.page(answer, io::stdout().is_terminal())),
            Form::Silent => Ok(()),
        }
    }

    /// Says what was done: talk on stderr, or JSON on stdout.
    pub(crate) fn done(&self, answer: &dyn Answer) -> Result<()> {
        match self.form {
            Form::Json => stdout::json(&answer.json()),
            Form::Text => {
                self.say(self.page(answer, io::stderr().is_terminal()).trim_end());
                Ok(())
            }
            Form::Silent => Ok(()),
        }
    }

    /// Talk: shown unless `--quiet`.
    pub(crate) fn say(&self, text: impl Display) {
        if !self.quiet {
            self.talk(text);
        }
    }

    /// What a person must do now for the command to go on: shown also with `--quiet`.
    pub(crate) fn need(&self, text: impl Display) {
        if self.form != Form::Silent {
            self.talk(text);
        }
    }

    /// Something that a person should know although the command goes on.
    pub(crate) fn warn(&self, text: impl Display) {
        if self.form == Form::Silent {
            return;
        }
        self.talk(format_args!("{} {text}", uneasy("warning:")));
    }

    /// Shows an error and gives its exit code.
    pub(crate) fn error(&self, error: &Error) -> Exit {
        self.error_in(json!({}), error)
    }

    /// The same after part of the work was done, which stays: it is shown too, with `--json` in the same object.
    pub(crate) fn error_after(&self, part: &dyn Answer, error: &Error) -> Exit {
        if self.form == Form::Text && !stdout_is_closed() {
            self.say(self.page(part, io::stderr().is_terminal()).trim_end());
        }
        self.error_in(part.json(), error)
    }

    fn error_in(&self, object: Value, error: &Error) -> Exit {
        if stdout_is_closed() {
            return Exit::CLOSED;
        }
        if self.form == Form::Json {
            error::json_error_in(object, error);
        }
        self.talk(error::rendered(error));
        error.kind().into()
    }

    /// Text on stdout, coloured where that is wanted.
    fn print(&self, text: impl Display) -> Result<()> {
        let mut stream = AutoStream::new(io::stdout(), self.color).lock();
        let text = text.to_string();
        let written = stream
            .write_all(harmless(&text).as_bytes())
            .and_then(|()| stream.flush());
        written.map_err(stdout::failed)
    }

    /// Part of a longer answer, shown before the whole of it is known; nothing with `--json`.
    pub(crate) fn tell(&self, write: impl FnOnce(&mut Page)) -> Result<()> {
        match self.form {
            Form::Text => self.print(filled(write, io::stdout().is_terminal())),
            Form::Json | Form::Silent => Ok(()),
        }
    }

    fn page(&self, answer: &dyn Answer, terminal: bool) -> String {
        filled(|page| answer.text(page), terminal)
    }

    fn talk(&self, text: impl Display) {
        // stderr that cannot be written must not stop the work.
        let mut stream = AutoStream::new(io::stderr(), self.color).lock();
        let text = harmless(&text.to_string()).into_owned();
        let text = match width(io::stderr().is_terminal()) {
            Some(width) => wrapped(&text, width),
            None => text,
        };
        let _ = writeln!(stream, "{text}");
    }
}

/// Shows an error on stderr before there are flags that could say how.
pub(crate) fn plain_error(error: &Error) -> Exit {
    let _ = writeln!(anstream::stderr(), "{}", error::rendered(error));
    error.kind().into()
}

fn filled(write: impl FnOnce(&mut Page), terminal: bool) -> String {
    let mut page = Page::new(width(terminal));
    write(&mut page);
    page.finish()
}

/// Columns of the terminal, where there is one.
fn width(terminal: bool) -> Option<usize> {
    let size = terminal.then(terminal_size::terminal_size).flatten();
    size.map(|(width, _)| usize::from(width.0))
}
