//! The `keyward` command as a library, so that `cargo xtask` runs the same gate and reads the same tree of verbs:
//! hardening first, then the command line, one verb, and one exit code.

mod args;
mod asking;
#[cfg(feature = "gcp")]
mod cloud;
mod command_words;
mod commands;
mod endpoints;
mod exit;
mod files;
mod harden;
mod identities;
mod names;
mod outlet;
mod providers;
mod recipients;
mod report;
mod session;
mod sops_age_key;
mod state;
mod surroundings;
mod trail;
mod ui;
mod unlock;
mod waiter;
mod wraps;

use std::env;
use std::ffi::OsString;

use exit::Exit;
use keyward_core::error::ErrorKind;
use session::Session;
use ui::{Ui, hints};

/// Mirrors `--env`.
const ENVIRONMENT: &str = "KEYWARD_ENV";

/// Runs the program with the words of its command line, the program's name first, and answers its exit code.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    exit::of(|| outcome(words, env::var_os(ENVIRONMENT)).unwrap_or_else(|shown| shown))
}

/// The same for a gate: `KEYWARD_ENV` does not narrow what it looks at, and a help page shown instead of looking is a
/// wrong call.
pub fn run_gate(words: impl IntoIterator<Item = OsString>) -> u8 {
    exit::of(|| {
        outcome(words, None).unwrap_or_else(|shown| {
            if shown == Exit::DONE {
                ErrorKind::Usage.into()
            } else {
                shown
            }
        })
    })
}

/// Runs one verb; `Err` when the line was answered without running any.
fn outcome(words: impl IntoIterator<Item = OsString>, environment: Option<OsString>) -> Result<Exit, Exit> {
    let weak = harden::this_process();
    let sops_age_key = sops_age_key::take();
    let cli = args::parse(words)?;
    let ui = Ui::new(&cli.globals);
    if let Some(why) = weak {
        ui.warn(hints::not_hardened(&why));
    }
    let session = Session::new(ui, cli.globals, sops_age_key, environment);
    let checked = session.globals.check();
    let ended = checked.and_then(|()| cli.command.run(&session));
    Ok(ended.unwrap_or_else(|error| session.ui.error(&error)))
}

/// The whole tree of verbs and flags, as the reference manual and the completions show it.
pub fn command() -> clap::Command {
    args::tree()
}
