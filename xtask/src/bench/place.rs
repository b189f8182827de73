//! 4 KiB from the middle of a large message.

use std::fs::File;
use std::time::Duration;

use keyward::body::{BodyReader, Workers, seal_file};
use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, BodySealer};
use keyward_core::error::{Error, Result};
use keyward_core::secret::DataKey;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::contest::{contest, time};
use super::row::Row;
use super::scratch::{Scratch, clear, failed};

const READ: usize = 4096;
const CONTEXT: &[u8] = b"bench";

/// Measures from the known data key to the bytes: derivation, commitment, last chunk, the chunks read.
pub(super) fn rows(scratch: &Scratch, rounds: usize, size: u64) -> Result<Vec<Row>> {
    let (plain, body) = (scratch.random("place.plain", size)?, scratch.path("place.body"));
    let mut rng = StdRng::seed_from_u64(1);
    let key = DataKey::generate(&mut rng);
    let sealer = BodySealer::draw(&key, CONTEXT, &mut rng);
    let head = sealer.head();
    let open = |path| File::open(path).map_err(|error| failed(path, error));
    let target = File::create(&body).map_err(|error| failed(&body, error))?;
    seal_file(&open(&plain)?, &target, 0, sealer, Workers::default(), &|_| ())?;

    let middle = size / 2 - READ as u64 / 2;
    let [ours, bare] = contest(
        rounds * 20,
        [
            Box::new(|| time(|| read_sealed(open(&body)?, &key, &head, middle))),
            Box::new(|| time(|| read_bare(&open(&plain)?, middle).map_err(|error| failed(&plain, error)))),
        ],
    )?;
    clear(&plain)?;
    clear(&body)?;
    let limit = Duration::from_millis(1);
    Ok(vec![Row::limit(
        format!("4 KiB from the middle of {} MiB, data key known", size >> 20),
        &ours,
        limit,
        ("the same from plaintext", &bare),
    )])
}

fn read_sealed(body: File, key: &DataKey, head: &[u8; BODY_HEAD_LEN], offset: u64) -> Result<()> {
    let reader = BodyReader::new(body, 0, BodyOpener::new(key, CONTEXT, head)?)?;
    match reader.read_at(offset, &mut [0; READ])? {
        READ => Ok(()),
        read => Err(Error::bug(format!("{read} bytes were read"))),
    }
}

fn read_bare(plain: &File, offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(plain, &mut [0; READ], offset)
}
