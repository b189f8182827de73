//! The `keyward` command: hardening first, then the command line, one verb, and one exit code.

mod args;
mod commands;
mod exit;
mod harden;
mod session;
mod ui;

use std::process::ExitCode;

use args::Cli;
use exit::Exit;
use session::Session;
use ui::Ui;

fn main() -> ExitCode {
    exit::of(|| {
        let weak = harden::this_process();
        let cli = match args::parse(std::env::args_os()) {
            Ok(cli) => cli,
            Err(shown) => return shown,
        };
        let ui = Ui::new(&cli.globals);
        if let Some(why) = weak {
            ui.warn(format_args!(
                "this process could not be protected from debuggers and core dumps: {why}"
            ));
        }
        run(cli, ui)
    })
}

/// Runs one verb and shows its error, if it ends in one.
fn run(cli: Cli, ui: Ui) -> Exit {
    let session = Session::new(ui, cli.globals);
    match cli.command.run(&session) {
        Ok(exit) => exit,
        Err(error) => session.ui.error(&error),
    }
}
