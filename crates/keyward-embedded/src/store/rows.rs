//! Rows read back into the nouns of the key machine.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use keyward_core::key::{
    Algorithm, CryptoKey, DestroyWindow, KeyRecord, KeyRing, KeyVersion, Machine, ProtectionLevel, Purpose,
    RotationSchedule, VersionState,
};
use keyward_core::limits;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{OptionalExtension, Params, Row, params};

use super::{Store, schema};
use crate::fault::{Result, sqlite};

/// A column whose text is parsed by its own type, strictly.
struct Parsed<T>(T);

impl<T: FromStr> FromSql for Parsed<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_str()?
            .parse()
            .map(Self)
            .map_err(|_| FromSqlError::InvalidType)
    }
}

pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    row.get::<_, Parsed<T>>(column).map(|value| value.0)
}

fn parsed_option<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<Parsed<T>>>(column)
        .map(|value| value.map(|value| value.0))
}

impl Store {
    /// A machine that holds one key with its ring, as far as they exist.
    pub(crate) fn load_key(&self, name: &CryptoKeyName) -> Result<Machine> {
        let mut machine = self.load_ring(name.ring())?;
        let query = format!("{} WHERE name = ?1", self.keys());
        let key = self
            .connection
            .query_row(&query, [name.to_string()], key_of)
            .optional();
        if let Some(key) = key.map_err(sqlite(&self.file))? {
            machine.load_key(self.with_versions(key).map_err(sqlite(&self.file))?);
        }
        Ok(machine)
    }

    /// A machine that holds one ring, as far as it exists, and no key.
    pub(crate) fn load_ring(&self, name: &KeyRingName) -> Result<Machine> {
        self.rings("SELECT * FROM ring WHERE name = ?1", [name.to_string()])
    }

    /// A machine that holds every ring, and no key.
    pub(crate) fn load_rings(&self) -> Result<Machine> {
        self.rings("SELECT * FROM ring", [])
    }

    /// A machine that holds one ring with all its keys.
    pub(crate) fn load_ring_with_keys(&self, name: &KeyRingName) -> Result<Machine> {
        let mut machine = self.load_ring(name)?;
        for record in self.records(name)? {
            machine.load_key(record);
        }
        Ok(machine)
    }

    /// The sealed material of a version; `None` when it is destroyed, or not made yet.
    pub(crate) fn sealed_material(&self, version: &KeyVersionName) -> Result<Option<Vec<u8>>> {
        let number = i64::try_from(version.number()).unwrap_or_default();
        let query = "SELECT material FROM version WHERE crypto_key = ?1 AND number = ?2";
        let key = version.key().to_string();
        let found = self
            .connection
            .query_row(query, params![key, number], |row| row.get(0));
        Ok(found.optional().map_err(sqlite(&self.file))?.flatten())
    }

    /// Which root key seals the material in this file; `None` before the first material.
    pub(crate) fn root_id(&self) -> Result<Option<[u8; 16]>> {
        let found = self
            .connection
            .query_row("SELECT root_id FROM store", [], |row| row.get(0));
        found.map_err(sqlite(&self.file))
    }

    pub(super) fn location(&self) -> Result<String> {
        let found = self
            .connection
            .query_row("SELECT location FROM store", [], |row| row.get(0));
        found.map_err(sqlite(&self.file))
    }

    /// Every ring.
    pub(crate) fn all_rings(&self) -> Result<Vec<KeyRing>> {
        let load = || {
            let mut statement = self.connection.prepare("SELECT * FROM ring")?;
            statement.query_map([], ring_of)?.collect::<rusqlite::Result<_>>()
        };
        load().map_err(sqlite(&self.file))
    }

    /// The sealed material of every version of a key that has some, by number.
    pub(crate) fn sealed_materials(&self, key: &CryptoKeyName) -> Result<Vec<(u64, Vec<u8>)>> {
        let query = "SELECT number, material FROM version WHERE crypto_key = ?1 AND material IS NOT NULL";
        let load = || {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map([key.to_string()], |row| {
                Ok((number(row.get("number")?)?, row.get("material")?))
            })?;
            rows.collect::<rusqlite::Result<_>>()
        };
        load().map_err(sqlite(&self.file))
    }

    fn rings(&self, query: &str, arguments: impl Params) -> Result<Machine> {
        let mut machine = Machine::new();
        let load = || {
            let mut statement = self.connection.prepare(query)?;
            for ring in statement.query_map(arguments, ring_of)? {
                machine.load_ring(ring?);
            }
            Ok(())
        };
        load().map_err(sqlite(&self.file))?;
        Ok(machine)
    }

    /// The keys of a ring, with their versions.
    pub(crate) fn records(&self, ring: &KeyRingName) -> Result<Vec<KeyRecord>> {
        self.keys_of(ring).map_err(sqlite(&self.file))
    }

    fn keys_of(&self, ring: &KeyRingName) -> rusqlite::Result<Vec<KeyRecord>> {
        let mut statement = self
            .connection
            .prepare(&format!("{} WHERE ring = ?1", self.keys()))?;
        let keys = statement.query_map([ring.to_string()], key_of)?;
        keys.map(|key| self.with_versions(key?)).collect()
    }

    /// The rows of keys, with the columns of today.
    fn keys(&self) -> String {
        let added = match self.version {
            schema::BEFORE => format!(", {}", schema::ADDED),
            _ => String::new(),
        };
        format!("SELECT *{added} FROM crypto_key")
    }

    fn with_versions(&self, mut key: CryptoKey) -> rusqlite::Result<KeyRecord> {
        let name = key.name.to_string();
        let mut labels = self
            .connection
            .prepare("SELECT name, value FROM label WHERE crypto_key = ?1")?;
        key.labels = labels
            .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?
            .enumerate()
            .map(|(before, label)| within(limits::KEY_LABELS, before).and(label))
            .collect::<rusqlite::Result<_>>()?;
        let query =
            "SELECT number, state, created, destroy_at, destroyed_at FROM version WHERE crypto_key = ?1";
        let mut versions = self.connection.prepare(query)?;
        let versions = versions
            .query_map([&name], |row| version_of(&key, row))?
            .enumerate()
            .map(|(before, version)| within(limits::KEY_VERSIONS, before).and(version))
            .map(|version| version.map(|version| (version.name.number(), version)))
            .collect::<rusqlite::Result<_>>()?;
        Ok(KeyRecord::new(key, versions))
    }
}

fn ring_of(row: &Row<'_>) -> rusqlite::Result<KeyRing> {
    Ok(KeyRing {
        name: parsed(row, "name")?,
        created: parsed(row, "created")?,
    })
}

fn key_of(row: &Row<'_>) -> rusqlite::Result<CryptoKey> {
    Ok(CryptoKey {
        name: parsed(row, "name")?,
        purpose: Purpose::EncryptDecrypt,
        algorithm: Algorithm::from_id(row.get_ref("algorithm")?.as_str()?),
        protection: ProtectionLevel::from_id(row.get_ref("protection")?.as_str()?),
        created: parsed(row, "created")?,
        rotation: rotation_of(row)?,
        destroy_window: DestroyWindow::new(duration(parsed(row, "destroy_window")?)?)
            .map_err(|_| impossible())?,
        primary: row
            .get::<_, Option<i64>>("primary_version")?
            .map(number)
            .transpose()?,
        labels: BTreeMap::new(),
        access_reasons: None,
    })
}

fn rotation_of(row: &Row<'_>) -> rusqlite::Result<Option<RotationSchedule>> {
    if let Some(next) = parsed_option(row, "rotation_once")? {
        return Ok(Some(RotationSchedule::once(next)));
    }
    let period = parsed_option::<SignedDuration>(row, "rotation_period")?
        .map(duration)
        .transpose()?;
    let next = parsed_option(row, "next_rotation")?;
    let schedule = period
        .zip(next)
        .map(|(period, next)| RotationSchedule::new(period, next));
    schedule.transpose().map_err(|_| impossible())
}

fn version_of(key: &CryptoKey, row: &Row<'_>) -> rusqlite::Result<KeyVersion> {
    Ok(KeyVersion {
        name: key.name.version(number(row.get("number")?)?),
        algorithm: key.algorithm,
        protection: key.protection,
        state: VersionState::from_id(row.get_ref("state")?.as_str()?),
        created: parsed(row, "created")?,
        destroy_at: parsed_option(row, "destroy_at")?,
        destroyed_at: parsed_option(row, "destroyed_at")?,
    })
}

/// Whether one more row may follow `before` others.
fn within(most: usize, before: usize) -> rusqlite::Result<()> {
    if before < most { Ok(()) } else { Err(impossible()) }
}

fn number(stored: i64) -> rusqlite::Result<u64> {
    u64::try_from(stored).map_err(|_| impossible())
}

fn duration(stored: SignedDuration) -> rusqlite::Result<Duration> {
    Duration::try_from(stored).map_err(|_| impossible())
}

/// A value of the right type that this crate never writes.
fn impossible() -> rusqlite::Error {
    FromSqlError::InvalidType.into()
}
