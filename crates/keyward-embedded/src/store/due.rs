//! Versions whose time has come, and when their material really goes.
//!
//! A clock can be wrong for an hour and would have destroyed for ever. So the clock alone makes a version unusable, but
//! wipes nothing: its row stays as it is, and reads as destroyed while the clock says so. The first change of the key
//! that finds it due notes when; a change a day later wipes. A note that a later clock contradicts is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use keyward_core::clock::{Timestamp, later};
use keyward_core::name::CryptoKeyName;
use rusqlite::params;

use super::Store;
use super::rows::parsed;
use super::save::sql_number;
use crate::fault::{Result, sqlite};

/// How long after a change found a version due another one may wipe it.
const CONFIRMED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The notes. A file of an earlier keyward gets the table when it is needed: reading does without.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS found_due (
    crypto_key TEXT NOT NULL,
    number     INTEGER NOT NULL,
    found      TEXT NOT NULL,
    PRIMARY KEY (crypto_key, number),
    FOREIGN KEY (crypto_key, number) REFERENCES version (crypto_key, number)
) STRICT, WITHOUT ROWID;
";

impl Store {
    /// Which of the versions of `key` that are due at `now` are to be wiped by this change. Notes the others.
    pub(crate) fn confirm_due(
        &self,
        key: &CryptoKeyName,
        due: BTreeSet<u64>,
        now: Timestamp,
    ) -> Result<BTreeSet<u64>> {
        self.note_due(&key.to_string(), due, now)
            .map_err(sqlite(&self.file))
    }

    fn note_due(&self, key: &str, due: BTreeSet<u64>, now: Timestamp) -> rusqlite::Result<BTreeSet<u64>> {
        self.connection.execute_batch(TABLE)?;
        let before = self.notes(key)?;
        self.connection
            .execute("DELETE FROM found_due WHERE crypto_key = ?1", [key])?;
        let insert = "INSERT INTO found_due (crypto_key, number, found) VALUES (?1, ?2, ?3)";
        let mut confirmed = BTreeSet::new();
        for number in due {
            let found = before.get(&number).copied().filter(|found| *found <= now);
            let found = found.unwrap_or(now);
            if later(found, CONFIRMED_AFTER) <= now {
                confirmed.insert(number);
            } else {
                let values = params![key, sql_number(number)?, found.to_string()];
                self.connection.execute(insert, values)?;
            }
        }
        Ok(confirmed)
    }

    fn notes(&self, key: &str) -> rusqlite::Result<BTreeMap<u64, Timestamp>> {
        let mut statement = self
            .connection
            .prepare("SELECT number, found FROM found_due WHERE crypto_key = ?1")?;
        let notes = statement.query_map([key], |row| {
            Ok((row.get::<_, i64>("number")?.unsigned_abs(), parsed(row, "found")?))
        })?;
        notes.collect()
    }
}
