//! A hundred thousand key versions: what they weigh, and whether listing them keeps a writer waiting.

use std::time::Duration;

use keyward_core::error::{Error, Result};

use super::load::Load;
use super::process::Server;
use crate::bench::programs::Program;
use crate::bench::row::Row;
use crate::bench::scratch::Scratch;

/// Keys beside the one that the writer works on.
const KEYS: usize = 10;
const VERSIONS_OF_A_KEY: usize = 10_000;
const MEMORY: u64 = 150 << 20;
const WAIT: Duration = Duration::from_secs(1);

/// Measures both, in memory.
pub(super) fn rows(emulator: &Program, scratch: &Scratch) -> Result<Vec<Row>> {
    let server = Server::start(emulator, scratch, &["--listen", "127.0.0.1:0"])?;
    let load = Load::on(&server)?;
    load.create_ring_and_key()?;
    load.create_keys(KEYS + 1)?;
    for key in 1..=KEYS {
        load.create_versions(key, VERSIONS_OF_A_KEY - 1, super::IN_FLIGHT)?;
    }
    let memory = server.resident_memory()?;
    let (listed, took, slowest) = load.list_beside_a_writer(KEYS + 1)?;
    if listed != KEYS * VERSIONS_OF_A_KEY {
        return Err(Error::bug(format!("{listed} versions were listed")));
    }
    let what = format!(
        "slowest write while 100,000 versions are listed (in {} ms)",
        took.as_millis()
    );
    Ok(vec![
        Row::memory("memory of the emulator with 100,000 key versions", memory, MEMORY),
        Row::single(what, slowest, WAIT),
    ])
}
