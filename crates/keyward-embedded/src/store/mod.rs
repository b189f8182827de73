//! One `LOCATION.db`: opening it for looking or for changing, and what a kill can leave.
//!
//! The rollback journal, not a write-ahead log: a reader of a write-ahead log writes (`-shm`, `-wal`), and cannot open
//! the file in a read-only folder. Here a reader takes a lock and writes nothing, and at rest there is exactly one
//! file. What it costs, that a commit waits for readers, does not matter for reads of a millisecond.
//! `synchronous=EXTRA` also syncs the folder when the journal is removed, which is the moment of commit.

mod create;
mod due;
mod rows;
mod save;
mod schema;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_core::location::Location;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::fault::{Result, damaged, sqlite, unavailable};
pub(crate) use save::{Extent, MaterialChanges};

/// How long to wait for another process: so many times so long, 5 seconds in all. SQLite's own waiting grows to 100 ms
/// between two tries, and then never meets the moment between two changes of a busy process.
const TRIES: i32 = 2500;
const BETWEEN_TRIES: Duration = Duration::from_millis(2);

/// Longest row, text or blob of a file, in bytes: what a hostile one may make its reader hold at once. The longest that
/// is written, the declaration of a table, is below 1 KiB.
const LONGEST_VALUE: i32 = 64 * 1024;

/// An open file, inside a transaction. Dropping it without [`Store::commit`] changes nothing.
pub(crate) struct Store {
    file: PathBuf,
    connection: Connection,
    /// Version of its tables.
    version: i64,
}

/// The file of a location.
pub(crate) fn file_of(folder: &Path, location: &Location) -> PathBuf {
    folder.join(format!("{location}.db"))
}

impl Store {
    /// Opens for looking: one consistent state, nothing is written.
    pub(crate) fn read(folder: &Path, location: &Location) -> Result<Self> {
        let file = existing(folder, location)?;
        match Self::try_read(&file) {
            Err(error) if interrupted(&error) => {
                finish_interrupted_write(&file)?;
                Self::try_read(&file)
            }
            opened => opened,
        }
        .map_err(sqlite(&file))?
        .checked(location)
    }

    fn try_read(file: &Path) -> rusqlite::Result<Self> {
        let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // The first read takes the lock, and finds out whether a write was interrupted.
        connection.execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1")?;
        Ok(Self {
            file: file.to_owned(),
            connection,
            version: 0,
        })
    }

    /// Opens for changing: waits for other writers and keeps them out until it is committed or dropped.
    pub(crate) fn write(folder: &Path, location: &Location) -> Result<Self> {
        let file = existing(folder, location)?;
        let open = || {
            let connection = connect(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.execute_batch(
                "PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON; PRAGMA secure_delete = ON;
                 PRAGMA foreign_keys = ON; BEGIN IMMEDIATE",
            )?;
            Ok(Self {
                file: file.clone(),
                connection,
                version: 0,
            })
        };
        open()
            .map_err(sqlite(&file))?
            .checked(location)?
            .upgraded()
            .map_err(sqlite(&file))
    }

    /// Makes every change since [`Store::write`] durable, all of them or none.
    pub(crate) fn commit(self) -> Result<()> {
        self.connection
            .execute_batch("COMMIT")
            .map_err(sqlite(&self.file))
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    fn checked(mut self, location: &Location) -> Result<Self> {
        let number = |name| {
            let value = self
                .connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            value.map_err(sqlite(&self.file))
        };
        if number("application_id")? != schema::APPLICATION_ID {
            return Err(damaged(&self.file, "it is not a key store of keyward"));
        }
        self.refuse_write_ahead_log()?;
        let version = number("user_version")?;
        match version {
            schema::VERSION | schema::BEFORE => {}
            newer if newer > schema::VERSION => {
                return Err(unavailable(&self.file, "it was written by a newer keyward"));
            }
            _ => return Err(damaged(&self.file, "it is damaged: it has no version")),
        }
        let stored = self.location()?;
        if stored != location.as_str() {
            return Err(damaged(&self.file, format!("it is the key store of {stored}")));
        }
        self.version = version;
        Ok(self)
    }

    /// With the tables of today. They become durable together with the change, or not at all.
    fn upgraded(mut self) -> rusqlite::Result<Self> {
        if self.version == schema::BEFORE {
            self.connection.execute_batch(schema::UPGRADE)?;
            self.connection
                .pragma_update(None, "user_version", schema::VERSION)?;
            self.version = schema::VERSION;
        }
        Ok(self)
    }
}

impl Store {
    /// With a write-ahead log, looking would write, and wiped material would stay in the log.
    fn refuse_write_ahead_log(&self) -> Result<()> {
        let mode = self
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        if mode.map_err(sqlite(&self.file))? != "wal" {
            return Ok(());
        }
        let back = format!("sqlite3 {} 'PRAGMA journal_mode = DELETE'", self.file.display());
        Err(unavailable(
            &self.file,
            format!("somebody gave it a write-ahead log; turn it back: {back}"),
        ))
    }
}

fn connect(file: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_handler(Some(try_again))?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")?;
    Ok(connection)
}

fn try_again(tries: i32) -> bool {
    std::thread::sleep(BETWEEN_TRIES);
    tries < TRIES
}

/// A writer was killed, and its journal has to be played back before anybody can read.
fn interrupted(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    extended == Some(ffi::SQLITE_READONLY_ROLLBACK)
}

/// The one write that a read can lead to: it brings back the state before the interrupted change.
fn finish_interrupted_write(file: &Path) -> Result<()> {
    let undo = || {
        let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Where it cannot be written, SQLite opens it for reading, and this fails like reading did before.
        connection.execute_batch("BEGIN IMMEDIATE; SELECT 1 FROM sqlite_schema LIMIT 1; ROLLBACK")
    };
    undo().map_err(|error| {
        let why =
            "a change was interrupted; reading needs write access to it and its folder once, to undo it";
        unavailable(file, format!("{why} ({error})"))
    })
}

/// The file of a location, which exists. A pipe in its place would be waited for without end.
fn existing(folder: &Path, location: &Location) -> Result<PathBuf> {
    let file = file_of(folder, location);
    match file.metadata() {
        Ok(meta) if meta.is_file() => Ok(file),
        Ok(_) => Err(damaged(&file, "it is not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            refuse_lone_journal(&file)?;
            Err(unavailable(
                &file,
                "it does not exist, so nothing is known about its keys; put it back, or name the state folder that has it",
            ))
        }
        Err(error) => Err(unavailable(&file, error)),
    }
}

/// SQLite would play a journal that was left alone into whatever file is put beside it next.
fn refuse_lone_journal(file: &Path) -> Result<()> {
    let journal = journal_of(file);
    if journal.symlink_metadata().is_err() {
        return Ok(());
    }
    let why = format!(
        "it is away, and {} is left of it, which only this file can undo; put the file back beside it",
        journal.display()
    );
    Err(unavailable(file, why))
}

/// The rollback journal of a file.
fn journal_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-journal");
    PathBuf::from(name)
}
