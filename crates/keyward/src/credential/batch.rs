//! Credentials for a whole list of sites, durable in groups, resumable after any stop.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread;

use keyward_core::clock::Clock;
use keyward_core::credential::{Site, generate};
use keyward_core::error::{Error, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_core::CryptoRng;

use super::folder::{self, Found};
use super::folders::Folders;
use super::place::Place;
use super::rows::Row;
use super::staging::{Durable, Staging};

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
    /// The file of the client half; `None` when it is there no more, since it was handed over.
    pub client_file: Option<&'static str>,
    /// Whether it was made now.
    pub status: Status,
    /// In what a kept one is not as its row asks, in the words of the list's columns, and `kind`.
    pub differs: Vec<&'static str>,
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
    /// Of these, not as their row asks.
    pub differing: usize,
}

impl Summary {
    /// Counts some more.
    pub fn add(&mut self, outcomes: &[Outcome<'_>]) {
        let count = |is: fn(&Outcome<'_>) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count();
        self.created += count(|outcome| outcome.status == Status::Created);
        self.kept += count(|outcome| outcome.status == Status::Kept);
        self.differing += count(|outcome| !outcome.differs.is_empty());
    }
}

/// Makes the credentials of `rows` in `place`, and tells the outcomes to `report`, group by group in the order of the
/// rows.
///
/// A run that was stopped, at whatever point, is completed by running it again: what is there whole is kept, what was
/// never told is made anew.
///
/// # Errors
/// A usage error before anything is written when a site's folder is there and holds no whole credential, that of another
/// row, or a client half in clear although they are to be sealed; later, what sealing, the disk or `report` met. Sites
/// that were told stay.
pub fn create_batch(
    rows: &[Row],
    place: &Place<'_>,
    clock: &dyn Clock,
    rng: &mut dyn CryptoRng,
    report: &mut dyn FnMut(&[Outcome<'_>]) -> Result<()>,
) -> Result<Summary> {
    let mut there = look_for_all(rows, place)?.into_iter();
    let _out = place.prepare()?;
    let maker = Maker {
        place,
        clock,
        staging: Staging::begin(place.out, Durable::Together)?,
    };
    let mut summary = Summary::default();
    for rows in rows.chunks(GROUP) {
        let there = there.by_ref().take(rows.len()).collect();
        let outcomes = maker.group(rows, there, rng)?;
        summary.add(&outcomes);
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
        there: Vec<Option<Found>>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<Outcome<'r>>> {
        let missing = rows.iter().zip(&there);
        let missing = missing.filter(|(_, there)| there.is_none()).map(|(row, _)| row);
        let mut made = self.make_all(&missing.collect::<Vec<_>>(), rng)?.into_iter();
        let outcome = |(row, there): (&'r Row, Option<Found>)| match there {
            Some(found) => kept(row, found),
            None => self.created(row, made.next().unwrap_or_default()),
        };
        let mut outcomes = rows.iter().zip(there).map(outcome).collect::<Vec<_>>();
        if outcomes.iter().any(|outcome| outcome.status == Status::Created) {
            self.staging.sync()?;
            for (outcome, row) in outcomes.iter_mut().zip(rows) {
                self.publish(outcome, row)?;
            }
            self.staging.sync_published()?;
        }
        Ok(outcomes)
    }

    fn created<'r>(&self, row: &'r Row, client_id: String) -> Outcome<'r> {
        Outcome {
            site: &row.request.site,
            folder: self.place.folder(&row.request.site),
            client_id,
            client_file: Some(self.place.client_file()),
            status: Status::Created,
            differs: Vec::new(),
        }
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
    fn publish<'r>(&self, outcome: &mut Outcome<'r>, row: &'r Row) -> Result<()> {
        if outcome.status == Status::Kept || self.staging.publish(outcome.site)? {
            return Ok(());
        }
        let found = look(&outcome.folder, row, self.place)?.ok_or_else(|| {
            Error::unavailable("its folder comes and goes")
                .on(outcome.folder.display())
                .hint("run the command again")
        })?;
        *outcome = kept(row, found);
        Ok(())
    }
}

fn kept(row: &Row, found: Found) -> Outcome<'_> {
    Outcome {
        site: &row.request.site,
        folder: found.folder,
        client_id: found.client_id,
        client_file: found.client_file,
        status: Status::Kept,
        differs: found.differs,
    }
}

fn look(folder: &Path, row: &Row, place: &Place<'_>) -> Result<Option<Found>> {
    folder::look(folder, &row.request, place.seal.is_some())
}

/// What is there of each row's site. A client belongs to one site: a copy of another's folder is none of its own.
fn look_for_all(rows: &[Row], place: &Place<'_>) -> Result<Vec<Option<Found>>> {
    let folders = Folders::list(place.out)?;
    let mut clients = HashMap::new();
    let look_for = |row: &Row| {
        let Some(folder) = folders.of(&row.request.site)? else {
            return Ok(None);
        };
        let found = look(&folder, row, place)?;
        if let Some(found) = &found
            && let Some(other) = clients.insert(found.client_id.clone(), row.request.site.to_string())
        {
            return Err(Error::usage(format!("it holds the credential of {other}"))
                .on(folder.display())
                .hint("each site needs its own: move the copy away, and run the command again"));
        }
        Ok(found)
    };
    rows.iter().map(look_for).collect()
}
