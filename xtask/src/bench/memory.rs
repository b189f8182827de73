//! In memory: the body's code against the bare AEAD under it, and two threads against one.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, BodySealer, CHUNK_LEN, SEALED_CHUNK_LEN};
use keyward_core::error::{Error, Result};
use keyward_core::secret::DataKey;
use rand::SeedableRng;
use rand::rngs::StdRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::contest::{contest, time};
use super::row::Row;

/// Chunks that are claimed at once, as the file engine does.
const GROUP: usize = 16;
/// Groups in the buffer: 256 MiB of plaintext, much more than any cache.
const GROUPS: usize = 1024;
const GROUP_LEN: usize = GROUP * SEALED_CHUNK_LEN;
const CONTEXT: &[u8] = b"bench";

/// Measures seal and open. A run takes milliseconds, so there are many.
pub(super) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let rounds = rounds * 5;
    let (buffer, key) = (Mutex::new(vec![7; GROUPS * GROUP_LEN]), Key::new()?);
    let with = |work: &dyn Fn(&mut [u8]) -> Result<Duration>| {
        work(&mut buffer.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let [one, raw, two] = contest(
        rounds,
        [
            Box::new(|| with(&|buffer| key.seal(buffer, 1))),
            Box::new(|| with(&|buffer| key.seal_raw(buffer))),
            Box::new(|| with(&|buffer| key.seal(buffer, 2))),
        ],
    )?;
    let [open_one, open_raw, open_two] = contest(
        rounds,
        [
            Box::new(|| with(&|buffer| key.open(buffer, 1))),
            Box::new(|| with(&|buffer| key.open_raw(buffer))),
            Box::new(|| with(&|buffer| key.open(buffer, 2))),
        ],
    )?;
    Ok(vec![
        Row::speed("seal in memory, one thread", &one, "bare AEAD", &raw, 0.95),
        Row::speed(
            "open in memory, one thread",
            &open_one,
            "bare AEAD",
            &open_raw,
            0.95,
        ),
        Row::speed("seal in memory, two threads", &two, "one thread", &one, 1.9),
        Row::speed(
            "open in memory, two threads",
            &open_two,
            "one thread",
            &open_one,
            1.9,
        ),
    ])
}

struct Key {
    data_key: DataKey,
    raw: LessSafeKey,
}

impl Key {
    fn new() -> Result<Self> {
        let data_key = DataKey::generate(&mut StdRng::seed_from_u64(1));
        let raw = UnboundKey::new(&AES_256_GCM, data_key.expose()).map_err(failed)?;
        Ok(Self {
            raw: LessSafeKey::new(raw),
            data_key,
        })
    }

    fn sealer(&self, salt: u64) -> BodySealer {
        BodySealer::draw(&self.data_key, CONTEXT, &mut StdRng::seed_from_u64(salt))
    }

    /// Seals the whole buffer as one message, group by group.
    fn seal(&self, buffer: &mut [u8], threads: usize) -> Result<Duration> {
        let sealer = self.sealer(2);
        let groups = Mutex::new(buffer.chunks_mut(GROUP_LEN));
        time(|| {
            on_threads(threads, || {
                loop {
                    let mut groups = groups.lock().unwrap_or_else(PoisonError::into_inner);
                    let (run, group) = (sealer.claim(GROUP)?, groups.next());
                    drop(groups);
                    let Some(group) = group else {
                        return Ok(());
                    };
                    run.seal(group, GROUP * CHUNK_LEN)?;
                }
            })
        })
    }

    /// The same without keys to derive, chunks to number or a message to end.
    fn seal_raw(&self, buffer: &mut [u8]) -> Result<Duration> {
        time(|| {
            for (number, chunk) in (0..).zip(buffer.chunks_mut(SEALED_CHUNK_LEN)) {
                let (plain, tag) = chunk.split_at_mut(CHUNK_LEN);
                let sealed = self
                    .raw
                    .seal_in_place_separate_tag(nonce(number), Aad::empty(), plain);
                tag.copy_from_slice(sealed.map_err(failed)?.as_ref());
            }
            Ok(())
        })
    }

    /// Seals, and measures opening.
    fn open(&self, buffer: &mut [u8], threads: usize) -> Result<Duration> {
        self.seal(buffer, 2)?;
        let head: [u8; BODY_HEAD_LEN] = self.sealer(2).head();
        let opener = BodyOpener::new(&self.data_key, CONTEXT, &head)?;
        let groups = Mutex::new((0..).step_by(GROUP).zip(buffer.chunks_mut(GROUP_LEN)));
        time(|| {
            on_threads(threads, || {
                loop {
                    let next = groups.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((first, group)) = next else {
                        return Ok(());
                    };
                    for (number, chunk) in (first..).zip(group.chunks_mut(SEALED_CHUNK_LEN)) {
                        opener.open_chunk(number, chunk)?;
                    }
                }
            })
        })
    }

    fn open_raw(&self, buffer: &mut [u8]) -> Result<Duration> {
        self.seal_raw(buffer)?;
        time(|| {
            for (number, chunk) in (0..).zip(buffer.chunks_mut(SEALED_CHUNK_LEN)) {
                self.raw
                    .open_in_place(nonce(number), Aad::empty(), chunk)
                    .map_err(failed)?;
            }
            Ok(())
        })
    }
}

fn on_threads(threads: usize, work: impl Fn() -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(&work)).collect();
        others
            .into_iter()
            .map(|other| {
                other
                    .join()
                    .unwrap_or_else(|_| Err(Error::bug("a thread panicked")))
            })
            .fold(work(), Result::and)
    })
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - 8..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

fn failed(_: ring::error::Unspecified) -> Error {
    Error::bug("the AEAD failed")
}
