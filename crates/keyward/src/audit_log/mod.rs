//! The audit log: JSON lines, appended, shared by processes.

mod past;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::audit::{Audit, Durability, Entry, Outcome};
use keyward_core::error::Result;
use serde::Serialize;

use crate::file_lock::lock_within;
use crate::io_error::io_error;

pub use past::{Past, read};

/// How long another process may hold the log. A rescue waits for it twice.
const PATIENCE: Duration = Duration::from_secs(1);

/// A log file with one JSON object a line: `at` (RFC 3339), `action`, `resources`, `outcome` (`intended`, `done`,
/// `failed`) and, for a failure, `message`.
///
/// Several processes may append at once: a line is written in one call under the file's lock. One that holds the lock
/// and does not finish is not waited for long, since nothing may keep a rescue waiting. A line that a crash cut short
/// stays as it is, on a line of its own.
pub struct JsonLines {
    path: PathBuf,
    file: File,
    written: Mutex<u64>,
    synced: Mutex<u64>,
}

impl JsonLines {
    /// Opens the log, made (0600) if it is not there.
    ///
    /// # Errors
    /// It cannot be opened for appending.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| io_error("open the audit log", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            written: Mutex::new(0),
            synced: Mutex::new(0),
        })
    }

    /// Appends a line and returns how many this process has written.
    fn append(&self, line: &[u8]) -> std::io::Result<u64> {
        let mut written = locked(&self.written);
        lock_within(&self.file, PATIENCE)?;
        let appended = self
            .start_of_line()
            .and_then(|gap| (&self.file).write_all(&[gap, line].concat()));
        self.file.unlock()?;
        appended?;
        *written += 1;
        Ok(*written)
    }

    /// A line break, when the last line was cut short by a crash.
    fn start_of_line(&self) -> std::io::Result<&'static [u8]> {
        let len = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if len > 0 {
            self.file.read_exact_at(&mut last, len - 1)?;
        }
        Ok(if last == [b'\n'] { b"" } else { b"\n" })
    }

    /// Returns when line `number` is on disk. One sync serves all that wait for it.
    fn sync(&self, number: u64) -> std::io::Result<()> {
        let mut synced = locked(&self.synced);
        if *synced < number {
            let upto = *locked(&self.written);
            self.file.sync_data()?;
            *synced = upto;
        }
        Ok(())
    }
}

impl Audit for JsonLines {
    fn record(&self, entry: &Entry, durability: Durability) -> Result<()> {
        let failed = |error| io_error("write the audit log", &self.path, error);
        let mut line = serde_json::to_vec(&Line::from(entry)).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let number = self.append(&line).map_err(failed)?;
        match durability {
            Durability::Synced => self.sync(number).map_err(failed),
            Durability::Written => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    action: &'a str,
    resources: &'a [String],
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl<'a> From<&'a Entry> for Line<'a> {
    fn from(entry: &'a Entry) -> Self {
        let (outcome, message) = match &entry.outcome {
            Outcome::Intended => ("intended", None),
            Outcome::Done => ("done", None),
            Outcome::Failed(message) => ("failed", Some(message.as_str())),
        };
        Self {
            at: entry.at.to_string(),
            action: &entry.action,
            resources: &entry.resources,
            outcome,
            message,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::clock::Timestamp;
    use keyward_core::error::ErrorKind;

    fn entry(action: &str, outcome: Outcome) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            action: action.into(),
            resources: vec!["a.kw".into()],
            outcome,
        }
    }

    #[test]
    fn lines_are_json_and_a_torn_one_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, "{\"at\":\"19").unwrap();
        let log = JsonLines::open(&path).unwrap();
        log.record(&entry("key disable", Outcome::Intended), Durability::Synced)
            .unwrap();
        log.record(
            &entry("key disable", Outcome::Failed("no\nsuch key".into())),
            Durability::Written,
        )
        .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[1],
            r#"{"at":"1970-01-01T00:00:00Z","action":"key disable","resources":["a.kw"],"outcome":"intended"}"#
        );
        assert!(lines[2].ends_with(r#""outcome":"failed","message":"no\nsuch key"}"#));
    }

    #[test]
    fn several_writers_share_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let log = JsonLines::open(&path).unwrap();
                    for _ in 0..25 {
                        log.record(&entry("encrypt", Outcome::Done), Durability::Synced)
                            .unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 100);
        assert!(
            text.lines()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        );
    }

    #[test]
    fn a_process_that_holds_the_log_for_ever_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let log = JsonLines::open(&path).unwrap();
        let holder = File::open(&path).unwrap();
        holder.lock().unwrap();
        let (sender, answer) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let recorded = log.record(&entry("key restore", Outcome::Intended), Durability::Synced);
            sender.send(recorded.map_err(|error| error.kind()))
        });
        let answer = answer.recv_timeout(10 * PATIENCE).expect("it gives up");
        assert_eq!(answer, Err(ErrorKind::Unavailable));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error() {
        assert!(JsonLines::open(Path::new("/proc/keyward/audit.jsonl")).is_err());
    }
}
