//! The `keyward` command as a library, so that `cargo xtask` runs the same gate and reads the same tree of verbs:
//! hardening first, then the command line, one verb, and one exit code.

mod args;
mod commands;
mod exit;
mod files;
mod harden;
mod identities;
mod names;
mod providers;
mod recipients;
mod session;
mod sops_age_key;
mod state;
mod trail;
mod ui;
mod unlock;
mod wraps;

use std::ffi::OsString;

use session::Session;
use ui::{Ui, hints};

/// Runs the program with the words of its command line, the program's name first, and answers its exit code.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    exit::of(|| {
        let weak = harden::this_process();
        let sops_age_key = sops_age_key::take();
        let cli = match args::parse(words) {
            Ok(cli) => cli,
            Err(shown) => return shown,
        };
        let ui = Ui::new(&cli.globals);
        if let Some(why) = weak {
            ui.warn(hints::not_hardened(&why));
        }
        let session = Session::new(ui, cli.globals, sops_age_key);
        match cli.command.run(&session) {
            Ok(exit) => exit,
            Err(error) => session.ui.error(&error),
        }
    })
}

/// The whole tree of verbs and flags, as the reference manual and the completions show it.
pub fn command() -> clap::Command {
    args::tree()
}
