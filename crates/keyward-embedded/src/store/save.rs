//! What an operation changed, written back inside the transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use keyward_core::key::{CryptoKey, KeyRecord, KeyRing, KeyVersion, RotationSchedule, VersionState};
use rusqlite::params;

use super::Store;
use crate::fault::{Result, bug, damaged, sqlite};

/// How much of what an operation changed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything: a change that somebody asked for.
    Whole,
    /// Everything but the end of versions: a rotation that was due, carried out by an encryption.
    NothingWiped,
    /// Only the states of versions that exist in the file. A due rotation stays due and gives the same result later:
    /// carrying it out makes material, which needs the root key, and a rescue must work without.
    StatesOnly,
}

/// What happens to material, ready to be written.
#[derive(Default)]
pub(crate) struct MaterialChanges {
    /// What was made and sealed, by number.
    pub(crate) made: BTreeMap<u64, Vec<u8>>,
    /// What is to be wiped for good.
    pub(crate) wiped: BTreeSet<u64>,
}

impl Store {
    pub(crate) fn insert_ring(&self, ring: &KeyRing) -> Result<()> {
        let values = params![ring.name.to_string(), ring.created.to_string()];
        let done = self
            .connection
            .execute("INSERT INTO ring (name, created) VALUES (?1, ?2)", values);
        done.map(|_| ()).map_err(sqlite(&self.file))
    }

    /// Remembers which root key seals the material here.
    pub(crate) fn bind_to_root(&self, id: [u8; 16]) -> Result<()> {
        match self.root_id()? {
            Some(bound) if bound == id => Ok(()),
            Some(_) => Err(damaged(&self.file, "its keys are sealed under another root key")),
            None => {
                let done = self.connection.execute("UPDATE store SET root_id = ?1", [id]);
                done.map(|_| ()).map_err(sqlite(&self.file))
            }
        }
    }

    /// Writes what is different between `before` and `after`. A version that time has ended keeps its row until its
    /// material is wiped.
    pub(crate) fn save_key(
        &self,
        before: Option<&KeyRecord>,
        after: &KeyRecord,
        material: &MaterialChanges,
        extent: Extent,
    ) -> Result<()> {
        let key = before.map(|before| &before.key);
        if extent != Extent::StatesOnly && key != Some(&after.key) {
            self.save_key_row(&after.key).map_err(sqlite(&self.file))?;
            if key.map(|key| &key.labels) != Some(&after.key.labels) {
                self.save_labels(&after.key).map_err(sqlite(&self.file))?;
            }
        }
        for (number, version) in &after.versions {
            match before.and_then(|before| before.versions.get(number)) {
                Some(unchanged) if unchanged == version => {}
                Some(_) if version.state == VersionState::Destroyed => {
                    if material.wiped.contains(number) {
                        self.update_version(version, true)?;
                    }
                }
                Some(_) => self.update_version(version, false)?,
                None if extent == Extent::StatesOnly => {}
                None => self.insert_version(version, material)?,
            }
        }
        Ok(())
    }

    fn save_key_row(&self, key: &CryptoKey) -> rusqlite::Result<()> {
        let (period, next, once) = rotation_texts(key.rotation);
        self.connection.execute(
            "INSERT INTO crypto_key (name, ring, purpose, created, destroy_window, rotation_period, next_rotation,
                 rotation_once, primary_version, protection, algorithm)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (name) DO UPDATE SET rotation_period = excluded.rotation_period,
                 next_rotation = excluded.next_rotation, rotation_once = excluded.rotation_once,
                 primary_version = excluded.primary_version",
            params![
                key.name.to_string(),
                key.name.ring().to_string(),
                key.purpose.id(),
                key.created.to_string(),
                duration_text(key.destroy_window.length()),
                period,
                next,
                once,
                key.primary.map(sql_number).transpose()?,
                key.protection.id(),
                key.algorithm.id()
            ],
        )?;
        Ok(())
    }

    fn save_labels(&self, key: &CryptoKey) -> rusqlite::Result<()> {
        let name = key.name.to_string();
        self.connection
            .execute("DELETE FROM label WHERE crypto_key = ?1", [&name])?;
        let insert = "INSERT INTO label (crypto_key, name, value) VALUES (?1, ?2, ?3)";
        for (label, value) in &key.labels {
            self.connection.execute(insert, params![name, label, value])?;
        }
        Ok(())
    }

    fn insert_version(&self, version: &KeyVersion, material: &MaterialChanges) -> Result<()> {
        let number = version.name.number();
        let sealed = material
            .made
            .get(&number)
            .ok_or_else(|| bug("a version without material"))?;
        let insert = || {
            self.connection.execute(
                "INSERT INTO version (crypto_key, number, state, created, destroy_at, destroyed_at, material)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    version.name.key().to_string(),
                    sql_number(number)?,
                    version.state.id(),
                    version.created.to_string(),
                    version.destroy_at.map(|at| at.to_string()),
                    version.destroyed_at.map(|at| at.to_string()),
                    sealed
                ],
            )
        };
        insert().map(|_| ()).map_err(sqlite(&self.file))
    }

    fn update_version(&self, version: &KeyVersion, wipe: bool) -> Result<()> {
        let update = || {
            self.connection.execute(
                "UPDATE version SET state = ?3, destroy_at = ?4, destroyed_at = ?5, material = iif(?6, NULL, material)
                 WHERE crypto_key = ?1 AND number = ?2",
                params![
                    version.name.key().to_string(),
                    sql_number(version.name.number())?,
                    version.state.id(),
                    version.destroy_at.map(|at| at.to_string()),
                    version.destroyed_at.map(|at| at.to_string()),
                    wipe
                ],
            )
        };
        update().map(|_| ()).map_err(sqlite(&self.file))
    }
}

pub(super) fn sql_number(number: u64) -> rusqlite::Result<i64> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Period and next time, or the time of the only one.
fn rotation_texts(rotation: Option<RotationSchedule>) -> (Option<String>, Option<String>, Option<String>) {
    let next = rotation.map(|rotation| rotation.next().to_string());
    match rotation.and_then(|rotation| rotation.period()) {
        Some(period) => (Some(duration_text(period)), next, None),
        None => (None, None, next),
    }
}

/// ISO 8601. The longest duration, a rotation period, is 100 years.
fn duration_text(duration: std::time::Duration) -> String {
    SignedDuration::try_from(duration)
        .unwrap_or(SignedDuration::MAX)
        .to_string()
}
