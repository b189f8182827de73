//! The invariants of docs/architecture.md that a program can check and the compiler does not.
//!
//! Every check is a function from what it looks at to complaints. Complaints are printed together, so that one run
//! shows everything there is to mend.

mod cases;
mod complaint;
mod crates;
mod dependencies;
mod destruction;
mod floors;
mod headings;
mod orders;
mod pages;
mod paths;
mod places;
mod ports;
mod purity;
mod renames;
mod secrets;
mod size;
mod source;

use keyward_core::error::{Error, Result};

use crate::repository::Repository;

pub use complaint::Complaint;
use source::Source;

/// Runs every check; an error says how many complaints there were.
pub fn run(repository: &Repository) -> Result<()> {
    let sources = source::load(repository)?;
    let mut complaints = Vec::new();
    complaints.extend(headings::check(&sources));
    complaints.extend(size::check(&sources));
    complaints.extend(floors::check(&sources));
    complaints.extend(purity::check(&sources));
    complaints.extend(renames::check(&sources));
    complaints.extend(ports::check(&sources));
    complaints.extend(secrets::check(&sources));
    complaints.extend(destruction::check(&sources));
    complaints.extend(orders::check(&sources));
    complaints.extend(crates::check(repository)?);
    complaints.extend(dependencies::check(repository)?);
    complaints.extend(places::check(repository)?);
    complaints.extend(cases::check(repository)?);
    complaints.extend(pages::check(repository)?);
    conclude(&sources, complaints)
}

fn conclude(sources: &[Source], mut complaints: Vec<Complaint>) -> Result<()> {
    complaints.sort();
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    println!("tidy: {}", size::summary(sources));
    match complaints.len() {
        0 => Ok(()),
        count => Err(Error::refused(format!("{count} complaints")).on("tidy")),
    }
}
