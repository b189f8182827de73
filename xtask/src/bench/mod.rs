//! Speed and size, measured in pairs in one run, so that the ratios hold on any machine.

mod batch;
mod cloud;
mod contest;
mod emulator;
mod files;
mod index;
mod memory;
mod place;
mod programs;
mod row;
mod scratch;
mod start;

use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};
use keyward_core::error::{Error, Result};

use crate::repository::Repository;
use programs::Program;
use row::Row;
use scratch::Scratch;

/// What to measure.
#[derive(Args)]
pub struct Arguments {
    /// Only these parts.
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// How often everything is measured; medians are shown.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Size of the large file, in MiB.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..))]
    size: u64,
    /// Where the files are written. Without it, on memory.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// A keyward to measure. Without it, this checkout's is built.
    #[arg(long, value_name = "FILE")]
    keyward: Option<PathBuf>,
    /// Serve echoes instead: what the emulator is measured against.
    #[arg(long, hide = true)]
    echo: bool,
}

impl Arguments {
    /// Whether to serve echoes.
    pub fn is_echo(&self) -> bool {
        self.echo
    }
}

/// Serves echoes, until it is killed.
pub fn serve_echo() -> Result<()> {
    emulator::serve_echo()
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Seal and open in memory, against the bare AEAD.
    Memory,
    /// A few bytes from the middle of a large file.
    Place,
    /// A large file by the command line, against cp, age and rage.
    Files,
    /// The start of the process, and one small secret.
    Start,
    /// Twenty thousand credentials.
    Batch,
    /// What a call costs the emulator, its start, and many versions in it.
    Emulator,
    /// The provider for Cloud KMS, against Google's bare client; wraps in several locations.
    Cloud,
    /// A hundred thousand envelopes: headers, the index, and what would be lost.
    Index,
}

impl Part {
    fn rows(self, repository: &Repository, arguments: &Arguments) -> Result<Vec<Row>> {
        let rounds = usize::from(arguments.rounds);
        let scratch = Scratch::new(arguments.folder.as_deref())?;
        let keyward = || Program::keyward(repository, arguments.keyward.as_deref());
        match self {
            Self::Memory => memory::rows(rounds),
            Self::Place => place::rows(&scratch, rounds, arguments.size << 20),
            Self::Files => files::rows(repository, keyward()?, &scratch, rounds, arguments.size << 20),
            Self::Start => start::rows(repository, keyward()?, &scratch, rounds),
            Self::Batch => batch::rows(keyward()?, &scratch, rounds),
            Self::Emulator => emulator::rows(&Program::emulator(repository)?, &scratch, rounds),
            Self::Cloud => cloud::rows(rounds),
            Self::Index => index::rows(&scratch, rounds),
        }
    }
}

/// Measures and prints a table in Markdown. A row that is short of its target is not an error: the machine may be
/// busy, and the table says it.
pub fn run(repository: &Repository, arguments: &Arguments) -> Result<()> {
    if cfg!(debug_assertions) {
        return run_optimised(repository);
    }
    println!("{}", Row::heading());
    let mut short = 0;
    for part in Part::value_variants() {
        if arguments.only.is_empty() || arguments.only.contains(part) {
            for row in part.rows(repository, arguments)? {
                println!("{row}");
                short += usize::from(row.is_short());
            }
        }
    }
    eprintln!("{short} short of their target");
    Ok(())
}

/// Builds this program as it is released, and has that one measure.
fn run_optimised(repository: &Repository) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
        .args(std::env::args_os().skip(1))
        .current_dir(repository.root())
        .status()
        .map_err(|error| Error::usage("cargo cannot be started").because(error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::unavailable("the measurement failed"))
    }
}
