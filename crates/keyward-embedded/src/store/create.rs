//! A new `LOCATION.db`, which appears with its tables or not at all.

use std::fs::File;
use std::path::Path;

use keyward_core::location::Location;
use rusqlite::{Connection, OpenFlags};

use super::{Store, due, file_of, refuse_lone_journal, schema};
use crate::fault::{Result, io, sqlite};
use crate::new_file;

impl Store {
    /// Makes the file of a location, mode 0600, and its folder, mode 0700, unless there is one.
    pub(crate) fn create_if_absent(folder: &Path, location: &Location) -> Result<()> {
        let file = file_of(folder, location);
        if file.try_exists().map_err(io(&file))? {
            return Ok(());
        }
        refuse_lone_journal(&file)?;
        new_file::make_folder(folder).map_err(io(folder))?;
        // Its handle is closed at once: closing a file drops every lock that this process has on it.
        let temporary = new_file::beside(&file).map_err(io(&file))?.into_temp_path();
        fill(&temporary, location).map_err(sqlite(&file))?;
        File::open(&temporary)
            .and_then(|file| file.sync_all())
            .map_err(io(&file))?;
        new_file::place(temporary, &file).map_err(io(&file))?;
        Ok(())
    }
}

/// Without journal and sync: nobody knows the file yet.
fn fill(file: &Path, location: &Location) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema::VERSION)?;
    connection.execute_batch(schema::TABLES)?;
    connection.execute_batch(schema::UPGRADE)?;
    connection.execute_batch(due::TABLE)?;
    connection.execute(
        "INSERT INTO store (one, location) VALUES (1, ?1)",
        [location.as_str()],
    )?;
    connection.execute_batch("COMMIT")
}
