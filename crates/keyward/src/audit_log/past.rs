//! Reading the audit log back: what is a line of ours, and how much is not.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind as Io, Read};
use std::path::Path;

use keyward_core::audit::{Entry, Outcome};
use keyward_core::clock::Timestamp;
use keyward_core::error::Result;
use serde::Deserialize;

use crate::io_error::io_error;

/// Longest line that is read, in bytes. A longer one counts as unreadable.
const LINE: u64 = 16 << 20;

/// What reading found besides the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Lines that were read.
    pub lines: u64,
    /// Lines among them that are no entry: cut short by a crash, or not written by keyward.
    pub unreadable: u64,
}

#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    action: String,
    resources: Vec<String>,
    outcome: String,
    message: Option<String>,
}

/// Shows every entry of the log in `path` to `visit`, the oldest first. One line is in memory at a time. A log that does not
/// exist is empty.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path, mut visit: impl FnMut(Entry)) -> Result<Past> {
    let failed = |error| io_error("read the audit log", path, error);
    let file = match File::open(path) {
        Err(error) if error.kind() == Io::NotFound => return Ok(Past::default()),
        opened => opened.map_err(failed)?,
    };
    let mut reader = BufReader::new(file);
    let (mut past, mut line) = (Past::default(), Vec::new());
    while reader
        .by_ref()
        .take(LINE)
        .read_until(b'\n', &mut line)
        .map_err(failed)?
        > 0
    {
        past.lines += 1;
        match entry(&line) {
            Some(entry) => visit(entry),
            None => past.unreadable += 1,
        }
        line.clear();
    }
    Ok(past)
}

fn entry(line: &[u8]) -> Option<Entry> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let outcome = match (line.outcome.as_str(), line.message) {
        ("intended", _) => Outcome::Intended,
        ("done", _) => Outcome::Done,
        ("failed", message) => Outcome::Failed(message.unwrap_or_default()),
        _ => return None,
    };
    Some(Entry {
        at: line.at,
        action: line.action,
        resources: line.resources,
        outcome,
    })
}

#[cfg(test)]
mod tests {
    use keyward_core::audit::{Audit, Durability};

    use super::*;
    use crate::audit_log::JsonLines;

    #[test]
    fn what_was_recorded_is_read_and_what_is_not_ours_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, "{\"at\":\"19\n{}\n").unwrap();
        let entries = [Outcome::Intended, Outcome::Done, Outcome::Failed("no".into())].map(|outcome| Entry {
            at: Timestamp::UNIX_EPOCH,
            action: "key enable".into(),
            resources: vec!["r".into()],
            outcome,
        });
        let log = JsonLines::open(&path).unwrap();
        for entry in &entries {
            log.record(entry, Durability::Written).unwrap();
        }
        let mut seen = Vec::new();
        let past = read(&path, |entry| seen.push(entry)).unwrap();
        assert_eq!(seen, entries);
        assert_eq!((past.lines, past.unreadable), (5, 2));
        assert_eq!(
            read(&folder.path().join("none"), |_| {}).unwrap(),
            Past::default()
        );
    }
}
