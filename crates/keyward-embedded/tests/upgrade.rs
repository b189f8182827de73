//! A file of the first version: read as it is, and brought up to date by the first change, together with it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::fs;

use keyward_core::clock::{Clock, later};
use keyward_core::key::{Algorithm, KeySpec, ProtectionLevel, RotationSchedule, VersionState};
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRead, Observed};
use rusqlite::Connection;
use support::{Bench, DAY, decrypt, key, refused, ring, version, wait};

/// The tables as the first version made them.
const FIRST: &str = "
PRAGMA application_id = 0x6b774b4d; PRAGMA user_version = 1;
CREATE TABLE store (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    location TEXT NOT NULL,
    root_id  BLOB CHECK (root_id IS NULL OR length(root_id) = 16)
) STRICT;
CREATE TABLE ring (name TEXT NOT NULL PRIMARY KEY, created TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE crypto_key (
    name            TEXT NOT NULL PRIMARY KEY,
    ring            TEXT NOT NULL REFERENCES ring (name),
    purpose         TEXT NOT NULL CHECK (purpose = 'ENCRYPT_DECRYPT'),
    created         TEXT NOT NULL,
    rotation_period TEXT,
    next_rotation   TEXT,
    destroy_window  TEXT NOT NULL,
    primary_version INTEGER,
    CHECK ((rotation_period IS NULL) = (next_rotation IS NULL)),
    FOREIGN KEY (name, primary_version) REFERENCES version (crypto_key, number) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE TABLE label (
    crypto_key TEXT NOT NULL REFERENCES crypto_key (name),
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (crypto_key, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE version (
    crypto_key   TEXT NOT NULL REFERENCES crypto_key (name),
    number       INTEGER NOT NULL CHECK (number > 0),
    state        TEXT NOT NULL CHECK (state IN ('ENABLED', 'DISABLED', 'DESTROY_SCHEDULED', 'DESTROYED')),
    created      TEXT NOT NULL,
    destroy_at   TEXT CHECK ((destroy_at IS NULL) = (state <> 'DESTROY_SCHEDULED')),
    destroyed_at TEXT CHECK ((destroyed_at IS NULL) = (state <> 'DESTROYED')),
    material     BLOB CHECK ((material IS NULL) = (state = 'DESTROYED')),
    PRIMARY KEY (crypto_key, number)
) STRICT, WITHOUT ROWID;
";

/// The same store, as the first version would have written it.
fn first_version(bench: &Bench) {
    let old = bench.path().join("old.db");
    let database = Connection::open(&old).unwrap();
    database.execute_batch(FIRST).unwrap();
    let rows = format!(
        "ATTACH '{}' AS today;
         PRAGMA defer_foreign_keys = ON; BEGIN; PRAGMA defer_foreign_keys = ON;
         INSERT INTO store SELECT * FROM today.store;
         INSERT INTO ring SELECT * FROM today.ring;
         INSERT INTO crypto_key SELECT name, ring, purpose, created, rotation_period, next_rotation, destroy_window,
             primary_version FROM today.crypto_key;
         INSERT INTO label SELECT * FROM today.label;
         INSERT INTO version SELECT * FROM today.version;
         COMMIT;",
        bench.db().display()
    );
    database.execute_batch(&rows).unwrap();
    drop(database);
    fs::rename(old, bench.db()).unwrap();
}

fn tables_of(bench: &Bench) -> i64 {
    let database = Connection::open(bench.db()).unwrap();
    let found = database.pragma_query_value(None, "user_version", |row| row.get(0));
    found.unwrap()
}

#[test]
fn looking_at_a_first_version_writes_nothing_and_changing_it_upgrades() {
    let start = Bench::new().clock.now();
    let bench = Bench::with_key_like(KeySpec {
        rotation: Some(RotationSchedule::new(DAY * 90, later(start, DAY * 90)).unwrap()),
        labels: [("team".to_owned(), "x".to_owned())].into(),
        ..KeySpec::default()
    });
    let before = wait(bench.kms.get_key(&key()));
    let sealed = bench.encrypt();
    first_version(&bench);
    let bytes = fs::read(bench.db()).unwrap();

    assert_eq!(wait(bench.kms.get_key(&key())), before);
    assert_eq!(
        wait(bench.kms.list_keys(&ring())).map(|keys| keys.len()),
        Observed::Present(1)
    );
    let Observed::Present(seen) = wait(bench.kms.get_version(&version(1))) else {
        panic!("the version is there");
    };
    assert_eq!(
        (seen.protection, seen.algorithm),
        (ProtectionLevel::Software, Algorithm::GoogleSymmetricEncryption)
    );
    assert_eq!(decrypt(&bench.kms, &sealed).unwrap().expose(), b"plain");
    refused(
        wait(bench.kms.create_key(&key(), KeySpec::default())),
        KmsCode::AlreadyExists,
        "already exists",
    );
    assert_eq!(
        fs::read(bench.db()).unwrap(),
        bytes,
        "looking and a refusal write nothing"
    );

    let once = RotationSchedule::once(later(start, DAY));
    wait(bench.kms.set_rotation(&key(), Some(once))).unwrap();
    assert_eq!(tables_of(&bench), 2);
    let changed = wait(bench.again().get_key(&key())).present().unwrap();
    assert_eq!(changed.rotation, Some(once));
    assert_eq!(changed.labels.len(), 1);
    assert_eq!(decrypt(&bench.kms, &sealed).unwrap().expose(), b"plain");
}

#[test]
fn an_upgraded_file_has_the_tables_of_a_new_one() {
    let schema = |bench: &Bench| {
        let database = Connection::open(bench.db()).unwrap();
        let mut query = database
            .prepare("SELECT name FROM pragma_table_info('crypto_key') ORDER BY name")
            .unwrap();
        let columns = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        columns.map(Result::unwrap).collect::<Vec<_>>()
    };
    let (new, old) = (Bench::with_key(), Bench::with_key());
    first_version(&old);
    assert_ne!(schema(&new), schema(&old));
    wait(old.kms.create_version(&key())).unwrap();
    assert_eq!(schema(&new), schema(&old));
}

#[test]
fn a_rotation_without_a_period_is_kept_and_carried_out_once() {
    let bench = Bench::with_key();
    let once = RotationSchedule::once(later(bench.clock.now(), DAY));
    wait(bench.kms.set_rotation(&key(), Some(once))).unwrap();
    assert_eq!(
        wait(bench.again().get_key(&key())).present().unwrap().rotation,
        Some(once)
    );
    bench.clock.advance(DAY * 2);
    assert_eq!(bench.encrypt().version, version(2));
    let key = wait(bench.again().get_key(&key())).present().unwrap();
    assert_eq!((key.primary, key.rotation), (Some(2), None));
    let second = wait(bench.kms.get_version(&version(2))).present().unwrap();
    assert_eq!(second.state, VersionState::Enabled);
}
