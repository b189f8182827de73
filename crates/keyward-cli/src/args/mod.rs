//! The command line: global flags, the tree of verbs, and what a wrong one is told.

mod globals;
mod help;

use std::env;
use std::ffi::OsString;
use std::io;

use clap::builder::{FalseyValueParser, TypedValueParser as _};
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use keyward_core::error::{Error, ErrorKind};

use crate::commands::Command;
use crate::exit::Exit;
use crate::ui;

pub(crate) use globals::{Color, Globals};

/// Generates client credentials, seals secrets and files under keys in several locations, and proves that every key
/// is there before anything is changed.
#[derive(Parser)]
#[command(
    name = "keyward",
    version,
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The whole tree, with its verbs grouped on the front page.
pub(crate) fn tree() -> clap::Command {
    help::grouped(Cli::command())
}

/// Parses `words`, the program's name first. On help, version or a wrong line, what there is to say has been said.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Exit> {
    let words: Vec<_> = words.into_iter().collect();
    let parsed = tree()
        .try_get_matches_from(&words)
        .and_then(|matches| from_matches(&matches));
    parsed.map_err(|error| explain(&error, wants_json(&words)))
}

fn from_matches(matches: &ArgMatches) -> Result<Cli, clap::Error> {
    let mut cli = Cli::from_arg_matches(matches)?;
    let source = matches.value_source("endpoint");
    cli.globals.endpoint_is_typed = source == Some(ValueSource::CommandLine);
    Ok(cli)
}

/// Whether an object is wanted, told from a line that could not be parsed.
fn wants_json(words: &[OsString]) -> bool {
    let variable = || {
        let value = env::var_os("KEYWARD_JSON")?;
        FalseyValueParser::new()
            .parse_ref(&Cli::command(), None, &value)
            .ok()
    };
    words.iter().any(|word| word == "--json") || variable().unwrap_or(false)
}

/// Words that somebody may try in the hope of destroying a key.
const DESTROYING: [&str; 6] = ["destroy", "delete", "remove", "rm", "purge", "schedule-destroy"];

/// The answer to whoever looks for a verb that destroys; clap would offer `restore` for it.
fn nothing_destroys(error: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    DESTROYING.contains(&word.as_str()).then(|| {
        Error::usage(format!(
            "there is no `{word}`: nothing in keyward destroys or deletes a key"
        ))
        .hint("`keyward key disable` takes a version out of use, and `keyward key enable` brings it back")
        .hint("destroying one is for the provider's own tools, once nothing needs it: `keyward verify`")
    })
}

fn explain(error: &clap::Error, json: bool) -> Exit {
    if let Some(answer) = nothing_destroys(error) {
        if json {
            ui::json_error(&answer);
        }
        return ui::plain_error(&answer);
    }
    if error.use_stderr() && json {
        ui::json_error(&Error::usage(what(error)));
    }
    match error.print() {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Exit::CLOSED,
        _ if error.use_stderr() => ErrorKind::Usage.into(),
        _ => Exit::DONE,
    }
}

/// What is wrong, in one line.
fn what(error: &clap::Error) -> String {
    if error.kind() == ClapKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; `--help` lists them".to_owned();
    }
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    first.trim_start_matches("error: ").to_owned()
}
