//! docs/reference.md, generated from the tree of verbs and the kinds of errors, and held equal to them.

mod exit_codes;
mod page;

use clap::Args;
use keyward_core::error::{Error, Result};

use crate::repository::Repository;

const FILE: &str = "docs/reference.md";

/// What to do with the manual.
#[derive(Args)]
pub struct Arguments {
    /// Compare instead of writing; fails when the manual is not what would be written.
    #[arg(long)]
    check: bool,
}

/// Writes the manual, or compares it.
pub fn run(repository: &Repository, arguments: &Arguments) -> Result<()> {
    let manual = page::render(keyward_cli::command());
    if arguments.check {
        return check(repository, &manual);
    }
    std::fs::write(repository.root().join(FILE), manual)
        .map_err(|cause| Error::unavailable("cannot be written").on(FILE).because(cause))
}

fn check(repository: &Repository, manual: &str) -> Result<()> {
    if repository.text(FILE)? == manual {
        return Ok(());
    }
    Err(Error::refused("is not what the command line would generate")
        .on(FILE)
        .hint("cargo xtask reference"))
}
