//! The lock file `keyward.lock`: read whole, replaced whole, by one process at a time.

use std::fs::File;
use std::io::{self, ErrorKind as Io};
use std::path::Path;
use std::time::Duration;

use keyward_core::error::Result;
use keyward_core::limits;
use keyward_core::manifest::{LOCK_FILE_NAME, Lock};
use keyward_core::verify::LockState;

use crate::atomic_file::{self, Access, Existing, Snapshot, folder_of};
use crate::file_lock::lock_within;
use crate::io_error::io_error;
use crate::text_file::read_text;

/// How long other processes may be busy with the lock. Each needs a few writes to disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a verification found where the lock should be. Whatever it is, it is no reason to stop looking.
#[derive(Debug)]
pub enum Found {
    /// A lock.
    Lock(Lock),
    /// Nothing.
    Missing,
    /// Something that is not a lock, and where and why.
    Damaged(String),
    /// A lock that git could not merge, and where.
    Conflicted(String),
    /// Something that could not be read, and why.
    Unreadable(String),
}

impl Found {
    /// Looks for the lock in `path`.
    pub fn look(path: &Path) -> Self {
        if is_missing(path) {
            return Self::Missing;
        }
        let text = match read_text(path, limits::LOCK_LEN) {
            Ok((text, _)) => text,
            Err(error) => return Self::Unreadable(error.to_string()),
        };
        match Lock::parse(&text, LOCK_FILE_NAME) {
            Ok(lock) => Self::Lock(lock),
            Err(error) if Lock::is_conflicted(&text) => Self::Conflicted(error.to_string()),
            Err(error) => Self::Damaged(error.to_string()),
        }
    }

    /// The same, as the judges take it.
    pub fn state(&self) -> LockState<'_> {
        match self {
            Self::Lock(lock) => LockState::Read(lock),
            Self::Missing => LockState::Missing,
            Self::Damaged(why) => LockState::Damaged(why),
            Self::Conflicted(why) => LockState::Conflicted(why),
            Self::Unreadable(why) => LockState::Unreadable(why),
        }
    }
}

/// Reads the lock in `path`; `None` when there is none.
///
/// # Errors
/// It cannot be read, or is not a lock that this release understands.
pub fn read(path: &Path) -> Result<Option<Lock>> {
    Ok(read_file(path)?.map(|(lock, _)| lock))
}

/// Changes the lock in `path`, or makes it, so that no change of another process gets lost: from the reading to the
/// writing the folder of the lock is locked. Answers what `change` does; a lock that it leaves as it was is not
/// written. It is written atomically, and only over the file that was read, whoever may have changed that.
///
/// # Errors
/// Those of `change` and [`read`]; it cannot be written; unavailable when another process does not finish, or changed
/// the file. Whatever fails, the file is as it was.
pub fn update<T>(path: &Path, change: impl FnOnce(&mut Lock) -> Result<T>) -> Result<T> {
    let _alone = alone_in(folder_of(path))?;
    let (mut lock, existing) = match read_file(path)? {
        Some((lock, snapshot)) => (lock, Existing::Replace(snapshot)),
        None => (Lock::default(), Existing::Refuse),
    };
    let before = lock.clone();
    let answer = change(&mut lock)?;
    if lock != before {
        atomic_file::write(path, lock.encode().as_bytes(), Access::Shared, existing)?;
    }
    Ok(answer)
}

fn read_file(path: &Path) -> Result<Option<(Lock, Snapshot)>> {
    if is_missing(path) {
        return Ok(None);
    }
    let (text, snapshot) = read_text(path, limits::LOCK_LEN)?;
    let lock = Lock::parse(&text, &path.display().to_string());
    let lock = lock.map_err(|error| match Lock::is_conflicted(&text) {
        true => error,
        false => error.hint(format!(
            "bring back the last good one: git checkout {LOCK_FILE_NAME}"
        )),
    })?;
    Ok(Some((lock, snapshot)))
}

/// Holds the lock on `folder` itself, which leaves no file behind, while the answer lives. Some network file systems
/// have no locks for folders; there, a change that happens while the file is moved into place may get lost.
fn alone_in(folder: &Path) -> Result<File> {
    let handle = File::open(folder).map_err(|error| io_error("open the folder", folder, error))?;
    match lock_within(&handle, PATIENCE) {
        Err(error) if !has_no_locks(&error) => {
            Err(io_error("change the lock file in it", folder, error).hint("run the command again"))
        }
        Ok(()) | Err(_) => Ok(handle),
    }
}

/// EBADF is what NFS answers for a folder.
fn has_no_locks(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let codes = [Errno::BADF, Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS];
    error.kind() == Io::Unsupported
        || codes
            .iter()
            .any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

fn is_missing(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::clock::Timestamp;
    use keyward_core::error::{Error, ErrorKind};
    use keyward_core::limits::DESTROY_WINDOW_DEFAULT;
    use keyward_core::manifest::{LockedKey, Mark};
    use keyward_core::name::KeyRef;

    const NAME: &str = "embedded-kms://projects/local/locations/europe-west1/keyRings/r/cryptoKeys";

    fn key(number: usize) -> (KeyRef, LockedKey) {
        let key = LockedKey {
            created: Timestamp::UNIX_EPOCH,
            protection: None,
            rotation: None,
            next_rotation: None,
            destroy_window: DESTROY_WINDOW_DEFAULT,
            primary: None,
            versions: [].into(),
            proven_at: Timestamp::UNIX_EPOCH,
            proven_by: "key create".into(),
            mark: Mark::Whole,
        };
        (format!("{NAME}/k{number}").parse().unwrap(), key)
    }

    #[test]
    fn no_change_of_several_writers_gets_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE_NAME);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for number in 0..3 {
                        let (name, locked) = key(writer * 3 + number);
                        update(path, |lock| Ok(lock.keys.insert(name, locked))).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&path).unwrap().unwrap().keys.len(), 12);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing stays behind"
        );
    }

    #[test]
    fn an_edit_by_what_knows_no_locks_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE_NAME);
        for before in [None, Some(Lock::default().encode())] {
            let _ = before.map(|text| std::fs::write(&path, text).unwrap());
            let edited = |lock: &mut Lock| {
                lock.keys.extend([key(1)]);
                std::fs::write(&path, "version: 1\nkeys: {} # theirs\n").unwrap();
                Ok(())
            };
            assert!(update(&path, edited).is_err());
            assert!(std::fs::read_to_string(&path).unwrap().contains("theirs"));
        }
    }

    #[test]
    fn a_change_that_changes_nothing_or_fails_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE_NAME);
        assert_eq!(update(&path, |lock| Ok(lock.keys.len())).unwrap(), 0);
        let refused = |lock: &mut Lock| {
            lock.keys.extend([key(1)]);
            Err::<(), _>(Error::refused("no"))
        };
        assert_eq!(update(&path, refused).unwrap_err().kind(), ErrorKind::Refused);
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_that_is_none_is_an_error_with_a_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE_NAME);
        for (text, hint) in [
            ("version: 1\n", "git checkout"),
            ("<<<<<<< ours\nversion: 1\n", "keep the entries of both sides"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            let all: String = error.hints().concat();
            assert!(all.contains(hint) && error.hints().len() == 1, "{error}");
        }
    }
}
