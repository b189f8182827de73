//! Speed and size, measured in pairs in one run, so that the ratios hold on any machine.

use clap::Args;
use keyward_core::error::{Error, Result};

use crate::repository::Repository;

/// What to measure.
#[derive(Args)]
pub struct Arguments {}

/// Measures and prints a table.
pub fn run(_repository: &Repository, _arguments: &Arguments) -> Result<()> {
    Err(Error::usage("nothing is measured yet"))
}
