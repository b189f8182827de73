//! A provider of your own: four ports, and the suite that says whether keyward can rely on it.
//!
//! `cargo run -p keyward --example custom_provider`

#![allow(clippy::print_stdout, reason = "an example tells what it does")]

mod material;
mod memory_kms;

use std::error::Error;
use std::sync::Arc;

use keyward_core::clock::ManualClock;
use keyward_tests::conformance::{self, Subject};

use memory_kms::MemoryKms;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse()?));
    let ring = "projects/local/locations/europe-west1/keyRings/suite".parse()?;
    let kms = Arc::new(MemoryKms::new(clock.clone()));

    let mut subject = Subject::new("memory", ring, kms, clock.clone());
    // With a clock that moves, rotation is tested too. What takes a scheduled destruction is not: this provider has no
    // way to schedule one.
    subject.move_clock = Some(Box::new(move |by| clock.advance(by)));
    let report = conformance::run(&subject).await;

    println!("{} facts hold", report.held.len());
    for fact in report.skipped {
        println!("skipped: {fact}");
    }
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
