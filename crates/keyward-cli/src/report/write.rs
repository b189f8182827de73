//! Writing a form of the report to a file: a new one, or over an older report of ours.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use keyward::atomic_file::{Access, Existing, Snapshot, write};
use keyward_core::error::{Error, Result};

/// How much of an existing file is read to know it again.
const BEGINNING: u64 = 4096;

/// Writes `text`. A file that is there is replaced when it begins like a report that keyward wrote: when it has all the
/// words of `known` in its first bytes.
///
/// # Errors
/// A usage error when another file is there; the file cannot be written.
pub(crate) fn write_report(path: &Path, text: &str, known: &[&str]) -> Result<()> {
    let existing = match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Existing::Refuse,
        _ => Existing::Replace(older(path, known)?),
    };
    write(path, text.as_bytes(), Access::Shared, existing)
}

fn older(path: &Path, known: &[&str]) -> Result<Snapshot> {
    let snapshot = Snapshot::at(path)?;
    let cannot = |error| keyward::io_error("read it", path, error);
    let file = File::open(path).map_err(cannot)?;
    let mut beginning = Vec::new();
    file.take(BEGINNING).read_to_end(&mut beginning).map_err(cannot)?;
    let beginning = String::from_utf8_lossy(&beginning);
    if known.iter().all(|word| beginning.contains(word)) {
        return Ok(snapshot);
    }
    Err(Error::usage("it exists, and is no report that keyward wrote")
        .on(path.display())
        .hint("name another file, or move that one away"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::error::ErrorKind;

    #[test]
    fn a_report_replaces_a_report_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        write_report(&path, "keyward report 1", &["keyward report"]).unwrap();
        write_report(&path, "keyward report 2", &["keyward report"]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "keyward report 2");
        std::fs::write(&path, "a thesis").unwrap();
        let error = write_report(&path, "keyward report 3", &["keyward report"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a thesis");
    }
}
