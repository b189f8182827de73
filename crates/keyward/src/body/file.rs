//! Regular file to regular file, by several threads.

use std::fs::{File, Metadata};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU64, Ordering};

use keyward_core::envelope::{BodyOpener, BodySealer, CHUNK_LEN, Run};
use keyward_core::error::{Error, Result};

use super::group::{self, Group};
use super::positioned::{read_at, write_at};
use super::reader::Extent;
use super::workers::Workers;
use super::{Progress, failure};

/// Seals the whole of `source` into `target`, from `target_offset` on, and returns the message's length in bytes.
///
/// Both are used by position; their cursors are not touched. `target` may hold anything from `target_offset` on when
/// this fails.
///
/// # Errors
/// Unavailable, when the disk is full, or when `source` changed while it was read: its length or its time of last
/// modification is another, and what was sealed may never have been the file's content. Usage, when `source` is not
/// a regular file; [`super::seal_stream`] takes those.
pub fn seal_file(
    source: &File,
    target: &File,
    target_offset: u64,
    sealer: BodySealer,
    workers: Workers,
    progress: Progress<'_>,
) -> Result<u64> {
    let before = source.metadata().map_err(failure::reading)?;
    if !before.is_file() {
        return Err(Error::usage("it is not a regular file"));
    }
    let seal = Seal {
        source,
        target,
        target_offset,
        sealer,
        len: before.len(),
    };
    write_at(target, &mut [IoSlice::new(&seal.sealer.head())], target_offset).map_err(failure::writing)?;
    let chunks = chunks(seal.len);
    workers.run(groups(chunks), |stop| {
        let mut group = Group::new(chunks);
        while !stop.is_set()
            && let Some(run) = seal.next()?
        {
            progress(seal.run(run, &mut group)?);
        }
        Ok(())
    })?;
    seal.is_all()?;
    same_content(&before, &source.metadata().map_err(failure::reading)?)?;
    Ok(seal.len)
}

/// Opens the body that begins at `body_offset` of `source` and goes to its end, into `target`, and returns the
/// message's length in bytes.
///
/// The last chunk is opened first, so that a body that was cut is refused before anything is written. `target`
/// is to be thrown away when this fails: it may hold any part of the message.
///
/// # Errors
/// Damaged, when the body was cut, extended, reordered or changed. Unavailable, when the disk is full.
pub fn open_file(
    source: &File,
    body_offset: u64,
    target: &File,
    opener: &BodyOpener,
    workers: Workers,
    progress: Progress<'_>,
) -> Result<u64> {
    let extent = Extent::of(source, body_offset)?;
    extent.check_end(source, opener)?;
    let open = Open {
        source,
        target,
        opener,
        extent,
        next: AtomicU64::new(0),
    };
    let chunks = chunks(open.extent.plain_len);
    workers.run(groups(chunks), |stop| {
        let mut group = Group::new(chunks);
        while !stop.is_set()
            && let Some(plain) = open.next(&mut group)?
        {
            progress(plain);
        }
        Ok(())
    })?;
    Ok(open.extent.plain_len)
}

/// One file being sealed.
struct Seal<'a> {
    source: &'a File,
    target: &'a File,
    target_offset: u64,
    sealer: BodySealer,
    len: u64,
}

impl Seal<'_> {
    /// The next run, unless it lies behind the end. One that begins at the end holds the empty last chunk.
    fn next(&self) -> Result<Option<Run<'_>>> {
        let run = self.sealer.claim(group::CHUNKS)?;
        Ok(Some(run).filter(|run| run.plain_offset() <= self.len))
    }

    /// The source ends where it said: it did not grow, and is none of those, as in `/proc`, that give no length.
    fn is_all(&self) -> Result<()> {
        match read_at(self.source, &mut [IoSliceMut::new(&mut [0])], self.len).map_err(failure::reading)? {
            0 => Ok(()),
            _ => Err(failure::changed()),
        }
    }

    /// Moves one run from source to target and returns how many bytes of the message it held.
    fn run(&self, run: Run<'_>, group: &mut Group) -> Result<u64> {
        let from = run.plain_offset();
        let to = self.target_offset + run.sealed_offset();
        let len =
            usize::try_from(self.len - from).map_or(group::PLAIN_LEN, |rest| rest.min(group::PLAIN_LEN));
        let read = read_at(self.source, &mut group.plain_mut(len), from).map_err(failure::reading)?;
        if read < len {
            return Err(failure::changed());
        }
        let sealed = run.seal(group.sealed(), len)?;
        write_at(self.target, &mut [IoSlice::new(&group.sealed()[..sealed])], to)
            .map_err(failure::writing)?;
        Ok(len as u64)
    }
}

/// One body being opened.
struct Open<'a> {
    source: &'a File,
    target: &'a File,
    opener: &'a BodyOpener,
    extent: Extent,
    next: AtomicU64,
}

impl Open<'_> {
    /// Moves the next group from source to target and returns how many bytes of the message it held.
    fn next(&self, group: &mut Group) -> Result<Option<u64>> {
        let first = self.next.fetch_add(group::CHUNKS as u64, Ordering::Relaxed);
        let Some((from, sealed)) = self.extent.group(first) else {
            return Ok(None);
        };
        let room = &mut group.sealed()[..sealed];
        let read = read_at(self.source, &mut [IoSliceMut::new(room)], from).map_err(failure::reading)?;
        if read < sealed {
            return Err(failure::truncated());
        }
        let plain = group.open(self.opener, first, sealed)?;
        let to = first * CHUNK_LEN as u64;
        write_at(self.target, &mut group.plain(plain), to).map_err(failure::writing)?;
        Ok(Some(plain as u64))
    }
}

/// Chunks in a message of `plain` bytes, the last one included, which may be empty.
fn chunks(plain: u64) -> u64 {
    plain / CHUNK_LEN as u64 + 1
}

fn groups(chunks: u64) -> u64 {
    chunks.div_ceil(group::CHUNKS as u64)
}

fn same_content(before: &Metadata, after: &Metadata) -> Result<()> {
    let same_time = match (before.modified(), after.modified()) {
        (Ok(before), Ok(after)) => before == after,
        _ => true,
    };
    if before.len() == after.len() && same_time {
        Ok(())
    } else {
        Err(failure::changed())
    }
}
