//! What the emulator keeps beside its keys: policies, the clock, buckets and objects, in one file or in memory.
//!
//! One process at a time holds a folder: `DIR/.lock` is locked for as long as the shelf lives.
//!
//! `DIR/emulator.db` is an SQLite file of mode 0600 with one table: a value by namespace and name. A change is one
//! transaction, durable when [`Shelf::change`] returns; after a kill either all of it is there or nothing.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use keyward_core::kms::{KmsCode, KmsError};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

/// Longest value, in bytes.
pub(crate) const LONGEST_VALUE: usize = 64 * 1024 * 1024;

/// Room for the namespace and the name of the longest value.
const LONGEST_ROW: usize = LONGEST_VALUE + 64 * 1024;

/// `PRAGMA application_id`: the bytes `kwEM`.
const APPLICATION_ID: i64 = 0x6b77_454d;

/// `PRAGMA user_version`: the version of the table.
const VERSION: i64 = 1;

const TABLE: &str = "
CREATE TABLE item (
    namespace TEXT NOT NULL,
    name      TEXT NOT NULL,
    value     BLOB NOT NULL,
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
";

/// The shelf. Clones are the same shelf.
#[derive(Clone)]
pub(crate) struct Shelf {
    file: Option<PathBuf>,
    connection: Arc<Mutex<Connection>>,
    /// Keeps other processes out of the folder.
    _hold: Option<Arc<File>>,
}

/// The shelf inside one transaction.
pub(crate) struct Shelved<'a> {
    file: Option<&'a Path>,
    transaction: Transaction<'a>,
}

impl Shelf {
    /// A shelf that is gone with the process.
    ///
    /// # Errors
    /// When SQLite gets no memory.
    pub(crate) fn in_memory() -> Result<Self, KmsError> {
        let prepared = || {
            let connection = Connection::open_in_memory()?;
            connection.execute_batch(TABLE)?;
            Ok(connection)
        };
        Self::over(None, prepared())
    }

    /// The shelf in `folder`, which is made when it is missing.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be read or written, `INTERNAL` when it is damaged or is not such a file.
    pub(crate) fn open(folder: &Path) -> Result<Self, KmsError> {
        let file = folder.join("emulator.db");
        let hold = hold(folder)?;
        make(folder, &file).map_err(|error| unavailable(&file, error))?;
        let shelf = Self {
            _hold: Some(Arc::new(hold)),
            ..Self::over(Some(file.clone()), connect(&file))?
        };
        shelf.change(|shelved| shelved.checked(&file))?;
        Ok(shelf)
    }

    fn over(file: Option<PathBuf>, connection: rusqlite::Result<Connection>) -> Result<Self, KmsError> {
        let connection = connection.and_then(|connection| {
            connection.set_limit(
                Limit::SQLITE_LIMIT_LENGTH,
                i32::try_from(LONGEST_ROW).unwrap_or(i32::MAX),
            )?;
            Ok(connection)
        });
        let connection = connection.map_err(|error| told(file.as_deref(), &error))?;
        Ok(Self {
            file,
            connection: Arc::new(Mutex::new(connection)),
            _hold: None,
        })
    }

    /// Whether it outlives the process.
    pub(crate) fn is_persisted(&self) -> bool {
        self.file.is_some()
    }

    /// Looks at one consistent state.
    ///
    /// # Errors
    /// Those of `look`, and what SQLite says.
    pub(crate) fn read<T, E: From<KmsError>>(
        &self,
        look: impl FnOnce(&Shelved<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(TransactionBehavior::Deferred, |shelved| look(&shelved))
    }

    /// Changes all that `act` changes, durably, or nothing when it fails.
    ///
    /// # Errors
    /// Those of `act`, and what SQLite says.
    pub(crate) fn change<T, E: From<KmsError>>(
        &self,
        act: impl FnOnce(&Shelved<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(TransactionBehavior::Immediate, |shelved| {
            let done = act(&shelved)?;
            let Shelved { file, transaction } = shelved;
            transaction.commit().map_err(|error| told(file, &error))?;
            Ok(done)
        })
    }

    fn within<T, E: From<KmsError>>(
        &self,
        behavior: TransactionBehavior,
        act: impl FnOnce(Shelved<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.file.as_deref();
        let transaction = connection
            .transaction_with_behavior(behavior)
            .map_err(|error| told(file, &error))?;
        act(Shelved { file, transaction })
    }
}

impl Shelved<'_> {
    /// The value of that name.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Result<Option<Vec<u8>>, KmsError> {
        let find = || {
            let mut find = self
                .transaction
                .prepare_cached("SELECT value FROM item WHERE namespace = ?1 AND name = ?2")?;
            find.query_row(params![namespace, name], |row| row.get(0))
                .optional()
        };
        find().map_err(|error| told(self.file, &error))
    }

    /// Puts a value there, in the place of the one that is there.
    pub(crate) fn put(&self, namespace: &str, name: &str, value: &[u8]) -> Result<(), KmsError> {
        let put = "INSERT INTO item (namespace, name, value) VALUES (?1, ?2, ?3)
                   ON CONFLICT (namespace, name) DO UPDATE SET value = excluded.value";
        self.run(put, params![namespace, name, value]).map(|_| ())
    }

    /// Takes a value away. `false` when there is none.
    pub(crate) fn delete(&self, namespace: &str, name: &str) -> Result<bool, KmsError> {
        let delete = "DELETE FROM item WHERE namespace = ?1 AND name = ?2";
        self.run(delete, params![namespace, name])
            .map(|deleted| deleted > 0)
    }

    /// At most `limit` values whose names start with `prefix` and come after `after`, by name (byte by byte).
    pub(crate) fn scan(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, KmsError> {
        let scan = || {
            let mut scan = self.transaction.prepare_cached(
                "SELECT name, value FROM item WHERE namespace = ?1 AND name >= ?2 AND (?3 IS NULL OR name > ?3)
                 ORDER BY name LIMIT ?4",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = scan.query(params![namespace, prefix, after, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                if !name.starts_with(prefix) {
                    break;
                }
                found.push((name, row.get(1)?));
            }
            Ok(found)
        };
        scan().map_err(|error| told(self.file, &error))
    }

    fn run(&self, change: &str, values: &[&dyn rusqlite::ToSql]) -> Result<usize, KmsError> {
        let run = || self.transaction.prepare_cached(change)?.execute(values);
        run().map_err(|error| told(self.file, &error))
    }

    /// Gives an empty file its table, and refuses one that is not ours.
    fn checked(&self, file: &Path) -> Result<(), KmsError> {
        let number = |name| {
            let value = self.transaction.pragma_query_value(None, name, |row| row.get(0));
            value.map_err(|error| told(self.file, &error))
        };
        match (number("application_id")?, number("user_version")?) {
            (APPLICATION_ID, VERSION) => Ok(()),
            (APPLICATION_ID, newer) if newer > VERSION => {
                Err(unavailable(file, "it was written by a newer emulator"))
            }
            (0, 0) if number("schema_version")? == 0 => self.fill().map_err(|error| told(self.file, &error)),
            _ => Err(damaged(file, "it is not a file of the emulator")),
        }
    }

    fn fill(&self) -> rusqlite::Result<()> {
        self.transaction
            .pragma_update(None, "application_id", APPLICATION_ID)?;
        self.transaction.pragma_update(None, "user_version", VERSION)?;
        self.transaction.execute_batch(TABLE)
    }
}

/// The lock of the folder, which is made with mode 0700 when it is missing.
fn hold(folder: &Path) -> Result<File, KmsError> {
    let file = folder.join(".lock");
    let open = || {
        if !folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file)
    };
    let lock = open().map_err(|error| unavailable(&file, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(unavailable(folder, "another process serves what is in it")),
        Err(TryLockError::Error(error)) => Err(unavailable(&file, error)),
    }
}

/// An empty file, mode 0600: SQLite fills it, and gives its journal the same mode. A kill
/// in between leaves the empty file, which is filled the next time.
fn make(folder: &Path, file: &Path) -> io::Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
    {
        Ok(_) => fs::File::open(folder)?.sync_all(),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Err(_) if file.metadata()?.is_file() => Ok(()),
        Err(_) => Err(io::Error::other("it is not a regular file")),
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = EXTRA;
         PRAGMA fullfsync = ON; PRAGMA secure_delete = ON",
    )?;
    Ok(connection)
}

/// What SQLite says, in the codes of a KMS.
fn told(file: Option<&Path>, error: &rusqlite::Error) -> KmsError {
    use rusqlite::ffi::ErrorCode;
    let file = file.unwrap_or(Path::new("the emulator's memory"));
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable(file, "another process holds its lock")
        }
        Some(ErrorCode::DiskFull) => unavailable(file, "there is no room on its disk; nothing was changed"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            unavailable(file, "it, or its folder, cannot be written")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory) => {
            unavailable(file, error)
        }
        Some(ErrorCode::TooBig) => KmsError::new(
            KmsCode::InvalidArgument,
            format!("a value has more than {LONGEST_VALUE} bytes"),
        ),
        Some(ErrorCode::NotADatabase) => damaged(file, "it is not a file of the emulator"),
        _ => damaged(file, format!("it is damaged: {error}")),
    }
}

fn unavailable(file: &Path, why: impl std::fmt::Display) -> KmsError {
    KmsError::new(KmsCode::Unavailable, format!("{}: {why}", file.display()))
}

fn damaged(file: &Path, why: impl std::fmt::Display) -> KmsError {
    KmsError::new(KmsCode::Internal, format!("{}: {why}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn put(shelf: &Shelf, names: &[&str]) -> Result<(), KmsError> {
        shelf.change(|shelved| {
            names
                .iter()
                .try_for_each(|name| shelved.put("n", name, name.as_bytes()))
        })
    }

    fn names(shelf: &Shelf, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let found = shelf
            .read(|shelved| shelved.scan("n", prefix, after, limit))
            .unwrap();
        found.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_was_changed_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        put(&shelf, &["a", "b"]).unwrap();
        drop(shelf);
        let shelf = Shelf::open(folder.path()).unwrap();
        assert!(shelf.is_persisted());
        assert_eq!(names(&shelf, "", None, 9), ["a", "b"]);
        let mode = folder
            .path()
            .join("emulator.db")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let shelf = Shelf::in_memory().unwrap();
        put(&shelf, &["a"]).unwrap();
        let failed: Result<(), KmsError> = shelf.change(|shelved| {
            shelved.put("n", "b", b"")?;
            assert!(shelved.delete("n", "a")?);
            Err(KmsError::new(KmsCode::NotFound, "changed my mind"))
        });
        assert_eq!(failed.unwrap_err().code, KmsCode::NotFound);
        assert_eq!(names(&shelf, "", None, 9), ["a"]);
    }

    #[test]
    fn a_scan_stays_inside_its_prefix_and_goes_on_after_a_page() {
        let shelf = Shelf::in_memory().unwrap();
        put(&shelf, &["a", "b/1", "b/2", "b/ü", "b0", "c"]).unwrap();
        assert_eq!(names(&shelf, "b/", None, 9), ["b/1", "b/2", "b/ü"]);
        assert_eq!(names(&shelf, "b/", Some("b/1"), 1), ["b/2"]);
        assert_eq!(names(&shelf, "b/", Some("b/ü"), 9), [""; 0]);
    }

    #[test]
    fn the_longest_value_goes_in_and_one_that_is_longer_does_not() {
        let shelf = Shelf::in_memory().unwrap();
        let value = vec![7; LONGEST_VALUE];
        shelf.change(|shelved| shelved.put("n", "long", &value)).unwrap();
        let stored = shelf.read(|shelved| shelved.get("n", "long")).unwrap();
        assert_eq!(stored.map(|stored| stored.len()), Some(LONGEST_VALUE));
        let longer = vec![7; LONGEST_ROW + 1];
        let refused = shelf.change(|shelved| shelved.put("n", "longer", &longer));
        assert_eq!(refused.unwrap_err().code, KmsCode::InvalidArgument);
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emulator.db");
        fs::write(&file, [b'x'; 4096]).unwrap();
        let refused = Shelf::open(folder.path()).err().unwrap();
        assert_eq!(refused.code, KmsCode::Internal);
        assert_eq!(fs::read(&file).unwrap(), [b'x'; 4096]);
        let other = Connection::open(folder.path().join("other.db")).unwrap();
        other.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(other);
        fs::rename(folder.path().join("other.db"), &file).unwrap();
        assert_eq!(Shelf::open(folder.path()).err().unwrap().code, KmsCode::Internal);
    }
}
