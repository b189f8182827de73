//! Credentials for a whole list of sites, durable in groups, resumable after any stop.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::{fs, io, thread};

use keyward_core::clock::Clock;
use keyward_core::credential::{Site, generate};
use keyward_core::error::{Error, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_core::CryptoRng;

use super::folder;
use super::place::Place;
use super::rows::Row;
use super::staging::{Durable, Staging};
use crate::io_error::io_error;

/// Sites in a group: one sync serves them all, and a stop costs at most so many that are made again.
const GROUP: usize = if cfg!(test) { 8 } else { 1024 };

/// Threads that write at once: more would wait for each other inside the file system.
const THREADS: usize = 4;

/// What became of one site. It is told only after the site's folder is on disk.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The site.
    pub site: &'a Site,
    /// Its folder.
    pub folder: PathBuf,
    /// The OAuth client id.
    pub client_id: String,
    /// Whether it was made now.
    pub status: Status,
}

/// Whether a credential was made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// By this run.
    Created,
    /// It was there, whole, and stays as it is: its secret may be in use.
    Kept,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Made by this run.
    pub created: usize,
    /// There before.
    pub kept: usize,
}

/// Makes the credentials of `rows` in `place`, and tells the outcomes to `report`, group by group in the order of the
/// rows.
///
/// A run that was stopped, at whatever point, is completed by running it again: what is there whole is kept, what was
/// never told is made anew.
///
/// # Errors
/// A usage error before anything is written when a site's folder is there and holds no whole credential; later, what
/// sealing, the disk or `report` met. Sites that were told stay.
pub fn create_batch(
    rows: &[Row],
    place: &Place<'_>,
    clock: &dyn Clock,
    rng: &mut dyn CryptoRng,
    report: &mut dyn FnMut(&[Outcome<'_>]) -> Result<()>,
) -> Result<Summary> {
    let there = look_for_all(rows, place)?;
    place.prepare()?;
    let maker = Maker {
        place,
        clock,
        staging: Staging::begin(place.out, Durable::Together)?,
    };
    let mut summary = Summary::default();
    for (rows, there) in rows.chunks(GROUP).zip(there.chunks(GROUP)) {
        let outcomes = maker.group(rows, there, rng)?;
        let created = outcomes
            .iter()
            .filter(|outcome| outcome.status == Status::Created)
            .count();
        summary.created += created;
        summary.kept += outcomes.len() - created;
        report(&outcomes)?;
    }
    Ok(summary)
}

struct Maker<'a> {
    place: &'a Place<'a>,
    clock: &'a dyn Clock,
    staging: Staging,
}

impl Maker<'_> {
    /// Makes what is missing of a group, and answers when all of it is durable.
    fn group<'r>(
        &self,
        rows: &'r [Row],
        there: &[Option<String>],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<Outcome<'r>>> {
        let missing = rows
            .iter()
            .zip(there)
            .filter(|(_, there)| there.is_none())
            .map(|(row, _)| row);
        let mut made = self.make_all(&missing.collect::<Vec<_>>(), rng)?.into_iter();
        let outcome = |(row, there): (&'r Row, &Option<String>)| Outcome {
            site: &row.request.site,
            folder: self.place.folder(&row.request.site),
            status: if there.is_some() {
                Status::Kept
            } else {
                Status::Created
            },
            client_id: there.clone().or_else(|| made.next()).unwrap_or_default(),
        };
        let mut outcomes = rows.iter().zip(there).map(outcome).collect::<Vec<_>>();
        if outcomes.iter().any(|outcome| outcome.status == Status::Created) {
            self.staging.sync()?;
            outcomes
                .iter_mut()
                .try_for_each(|outcome| self.publish(outcome))?;
            self.staging.sync_published()?;
        }
        Ok(outcomes)
    }

    /// Makes and stages on several threads, each with a generator seeded from `rng`; answers the client ids in order.
    fn make_all(&self, rows: &[&Row], rng: &mut dyn CryptoRng) -> Result<Vec<String>> {
        let threads = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(THREADS);
        thread::scope(|scope| {
            let start = |share| {
                let mut rng = StdRng::from_rng(rng);
                scope.spawn(move || self.make(share, &mut rng))
            };
            let workers = rows
                .chunks(rows.len().div_ceil(threads).max(1))
                .map(start)
                .collect::<Vec<_>>();
            let made = workers.into_iter().map(|worker| worker.join());
            let made = made.map(|made| made.unwrap_or_else(|_| Err(Error::bug("a thread panicked"))));
            made.collect::<Result<Vec<_>>>().map(|made| made.concat())
        })
    }

    fn make(&self, rows: &[&Row], rng: &mut dyn CryptoRng) -> Result<Vec<String>> {
        let one = |row: &&Row| {
            let mut credential = generate(&row.request, self.clock.now(), rng)?;
            let client_id = std::mem::take(&mut credential.client_id);
            self.staging
                .stage(&self.place.halves(&row.request.site, credential)?)?;
            Ok(client_id)
        };
        rows.iter().map(one).collect()
    }

    /// Another run may have been faster for this site: then its credential is the one that counts.
    fn publish(&self, outcome: &mut Outcome<'_>) -> Result<()> {
        if outcome.status == Status::Kept || self.staging.publish(outcome.site)? {
            return Ok(());
        }
        outcome.client_id = folder::look(&outcome.folder)?.ok_or_else(|| {
            Error::unavailable("its folder comes and goes")
                .on(outcome.folder.display())
                .hint("run the command again")
        })?;
        outcome.status = Status::Kept;
        Ok(())
    }
}

/// What is there of each row's site. The folder is listed once, since asking for each name takes longer.
fn look_for_all(rows: &[Row], place: &Place<'_>) -> Result<Vec<Option<String>>> {
    let names = match fs::read_dir(place.out) {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name()).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => HashSet::new(),
        Err(error) => return Err(io_error("read the folder", place.out, error)),
    };
    rows.iter()
        .map(
            |row| match names.contains(OsStr::new(&row.request.site.folder_name())) {
                true => folder::look(&place.folder(&row.request.site)),
                false => Ok(None),
            },
        )
        .collect()
}
