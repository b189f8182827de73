//! Other implementations against this one: published vectors, the stand-alone reader, the age command, Google's clients,
//! and what Terraform plans.

mod clients;
mod cloud_kms;
mod escrow;
mod forge;
mod peers;
mod plans;
mod recovery;
mod vectors;
mod wycheproof;

use keyward_core::error::Result;

use crate::repository::Repository;

pub use peers::{Peers, age_folder};

/// Runs every comparison whose peer can be had on this machine, and says which could not.
pub fn run(repository: &Repository) -> Result<()> {
    let peers = Peers::install(repository)?;
    peers.report();
    wycheproof::run(repository)?;
    vectors::run(repository, &peers)?;
    recovery::run(repository, &peers)?;
    escrow::run(repository, &peers)?;
    plans::run(repository)?;
    cloud_kms::run(repository)
}

/// Writes tests/vectors/ anew.
pub fn generate(repository: &Repository) -> Result<()> {
    vectors::generate(repository)
}
