//! The tables of a `LOCATION.db`, and what tells such a file from any other.
//!
//! Times are RFC 3339 and durations ISO 8601, so that a person reads the file with `sqlite3`. The checks repeat the
//! invariants of the key machine: a row that breaks one cannot be written.

/// `PRAGMA application_id`: the bytes `kwKM`.
pub(super) const APPLICATION_ID: i64 = 0x6b77_4b4d;

/// `PRAGMA user_version`: the version of the tables.
pub(super) const VERSION: i64 = 2;

/// The version before: readable as it is, and upgraded by the first change.
pub(super) const BEFORE: i64 = 1;

/// The tables of version 1.
pub(super) const TABLES: &str = "
CREATE TABLE store (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    location TEXT NOT NULL,
    root_id  BLOB CHECK (root_id IS NULL OR length(root_id) = 16)
) STRICT;

CREATE TABLE ring (
    name    TEXT NOT NULL PRIMARY KEY,
    created TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

/// From version 1 to 2: protection level and algorithm, and one rotation without a period, whose time stands in a column
/// of its own as the table has a check that wants both or none.
pub(super) const UPGRADE: &str = "
ALTER TABLE crypto_key ADD COLUMN protection TEXT NOT NULL DEFAULT 'SOFTWARE';
ALTER TABLE crypto_key ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'GOOGLE_SYMMETRIC_ENCRYPTION';
ALTER TABLE crypto_key ADD COLUMN rotation_once TEXT CHECK (rotation_once IS NULL OR rotation_period IS NULL);
";

/// The columns that version 1 does not have, as every key of it has them.
pub(super) const ADDED: &str =
    "'SOFTWARE' AS protection, 'GOOGLE_SYMMETRIC_ENCRYPTION' AS algorithm, NULL AS rotation_once";
