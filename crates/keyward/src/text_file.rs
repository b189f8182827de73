//! Reading the small text files of a project: capped before anything is read.

use std::io::Read;
use std::path::Path;

use keyward_core::error::{Error, Result};

use crate::atomic_file::Snapshot;
use crate::io_error::io_error;
use crate::regular_file::open_regular;

/// The text of a manifest or a lock, and which file it was.
///
/// # Errors
/// A usage error when it is no regular file, longer than `longest` bytes or not UTF-8; else what reading met.
pub(crate) fn read_text(path: &Path, longest: usize) -> Result<(String, Snapshot)> {
    let (file, snapshot) = open_regular(path)?;
    let too_long = |len: u64| {
        Error::usage(format!("{len} bytes are too many: at most {longest} are read")).on(path.display())
    };
    if snapshot.len() > longest as u64 {
        return Err(too_long(snapshot.len()));
    }
    let mut bytes = Vec::new();
    let read = file.take(longest as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| io_error("read it", path, error))?;
    if bytes.len() > longest {
        return Err(too_long(bytes.len() as u64));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count() + 1;
        Error::usage("it is not UTF-8 text").on(format!("{}:{line}", path.display()))
    })?;
    Ok((text, snapshot))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use keyward_core::error::ErrorKind;

    use super::*;

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.yaml");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        let (sender, answer) = mpsc::channel();
        thread::spawn(move || sender.send(read_text(&path, 1000).map_err(|error| error.kind())));
        let answer = answer
            .recv_timeout(Duration::from_secs(20))
            .expect("it does not wait");
        assert_eq!(answer.unwrap_err(), ErrorKind::Usage);
    }
}
