//! Anything that reads to anything that writes, in bounded memory and in order.
//!
//! Every worker does all of a group: it reads under one lock, seals or opens on its own, and writes when it is its
//! group's turn. So at most one group a thread is in memory, however slow either side is.

use std::io::{IoSliceMut, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use keyward_core::envelope::{BodyOpener, BodySealer, CHUNK_LEN};
use keyward_core::error::Result;

use super::group::Group;
use super::relay::Relay;
use super::workers::Workers;
use super::{Progress, failure};

/// Seals everything that `source` gives into `target`, and returns the message's length in bytes.
///
/// # Errors
/// Unavailable, when `source` or `target` fails; a closed pipe is found in the error's source.
pub fn seal_stream(
    source: &mut (dyn Read + Send),
    target: &mut (dyn Write + Send),
    sealer: BodySealer,
    workers: Workers,
    progress: Progress<'_>,
) -> Result<u64> {
    target.write_all(&sealer.head()).map_err(failure::writing)?;
    let relay = Relay::new(source, target);
    relay.run(workers, progress, &|group: &mut Group| {
        let chunks = group.chunks();
        let room = &mut group.plain_mut(chunks * CHUNK_LEN);
        let Some((run, len)) = relay.take(room, || sealer.claim(chunks))? else {
            return Ok(None);
        };
        let first = run.first();
        let sealed = run.seal(group.sealed(), len)?;
        let given = relay.give(first, chunks, |target| {
            target.write_all(&group.sealed()[..sealed])
        })?;
        Ok(given.then_some(len))
    })
}

/// Opens the chunks that `source` gives, up to its end, into `target`, and returns the message's length in bytes.
/// `source` stands behind the body's head, from which `opener` was made.
///
/// Chunks are released as they authenticate: when this fails, what `target` received is a true beginning of the
/// message, but not the message.
///
/// # Errors
/// Damaged, when the body was cut, extended, reordered or changed. Unavailable, when `source` or `target` fails; a
/// closed pipe is found in the error's source.
pub fn open_stream(
    source: &mut (dyn Read + Send),
    target: &mut (dyn Write + Send),
    opener: &BodyOpener,
    workers: Workers,
    progress: Progress<'_>,
) -> Result<u64> {
    let relay = Relay::new(source, target);
    let next = AtomicU64::new(0);
    relay.run(workers, progress, &|group: &mut Group| {
        let chunks = group.chunks();
        let claim = || Ok(next.fetch_add(chunks as u64, Ordering::Relaxed));
        let room = &mut [IoSliceMut::new(group.sealed())];
        let Some((first, sealed)) = relay.take(room, claim)? else {
            return Ok(None);
        };
        let plain = group.open(opener, first, sealed)?;
        let given = relay.give(first, chunks, |target| {
            group
                .plain(plain)
                .iter()
                .try_for_each(|part| target.write_all(part))
        })?;
        Ok(given.then_some(plain))
    })
}
