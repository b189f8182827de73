//! `cargo xtask`: the project's own commands.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to a developer or a pipeline; there is no machine-read output to keep clean"
)]
#![allow(
    unreachable_pub,
    reason = "a binary has no outside; `pub` says what a module offers to its neighbours"
)]

mod bench;
mod interop;
mod reference;
mod repository;
mod tidy;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use keyward_core::error::{Error, Result};

use repository::Repository;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check what the compiler does not: floors, purity, sizes, forgotten files, callers of destruction.
    Tidy,
    /// Write docs/reference.md from the command line, or compare it.
    Reference(reference::Arguments),
    /// The gate for pipelines: every key of the manifest exists and is on schedule. Exit codes of `keyward verify`.
    Verify(verify::Arguments),
    /// Run the published vectors and the readers of other languages against this one.
    Interop {
        /// Write tests/vectors/ anew instead.
        #[arg(long)]
        generate: bool,
    },
    /// Measure in pairs, in one run, and print ratios.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    if let Command::Verify(arguments) = &arguments.command {
        return Ok(ExitCode::from(verify::run(arguments)?));
    }
    if let Command::Bench(arguments) = &arguments.command
        && arguments.is_echo()
    {
        return bench::serve_echo().map(|()| ExitCode::SUCCESS);
    }
    let repository = Repository::here()?;
    match arguments.command {
        Command::Verify(_) => {}
        Command::Reference(arguments) => reference::run(&repository, &arguments)?,
        Command::Tidy => tidy::run(&repository)?,
        Command::Interop { generate: true } => interop::generate(&repository)?,
        Command::Interop { generate: false } => interop::run(&repository)?,
        Command::Bench(arguments) => bench::run(&repository, &arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn complain(error: &Error) {
    eprintln!("{}: {error}", error.kind().heading());
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        eprintln!("  because {next}");
        cause = next.source();
    }
    for hint in error.hints() {
        eprintln!("  hint: {hint}");
    }
}
