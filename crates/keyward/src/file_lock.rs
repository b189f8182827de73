//! Locks between processes that are waited for, but never for ever.

use std::fs::{File, TryLockError};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two tries. The operating system has no lock with a deadline.
const PAUSE: Duration = Duration::from_millis(5);

/// Takes the exclusive lock on `file`, a file or a folder. It ends when `file` is closed, also by a crash. What is done
/// under a lock takes milliseconds: a holder that takes much longer is stopped or hangs, and may do so for ever.
///
/// # Errors
/// Timed out: another process held it for all of `patience`. Else what the operating system answers.
pub(crate) fn lock_within(file: &File, patience: Duration) -> io::Result<()> {
    let end = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => return Err(held(patience)),
            Err(TryLockError::WouldBlock) => sleep(PAUSE),
        }
    }
}

fn held(patience: Duration) -> io::Error {
    let what = format!(
        "another process has held its lock for {} s",
        patience.as_secs_f32()
    );
    io::Error::new(io::ErrorKind::TimedOut, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_never_released_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let open = || File::open(folder.path()).unwrap();
        let (ours, theirs) = (open(), open());
        theirs.lock().unwrap();
        let error = lock_within(&ours, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
        lock_within(&ours, Duration::ZERO).unwrap();
    }
}
