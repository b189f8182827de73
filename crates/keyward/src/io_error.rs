//! What an operating system error means to a caller: which exit code, and what to do.

use std::io::{self, ErrorKind as Io};
use std::path::Path;

use keyward_core::error::{Error, ErrorKind};

/// The error for an input or output call that failed while `doing` something to `path`.
///
/// A full disk, an interrupted or timed-out call and the like may be tried again (exit 3); a path that is missing, in
/// the way or not permitted is for the caller to put right (exit 2).
pub fn io_error(doing: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        Io::NotFound
        | Io::PermissionDenied
        | Io::AlreadyExists
        | Io::NotADirectory
        | Io::IsADirectory
        | Io::ReadOnlyFilesystem
        | Io::InvalidFilename
        | Io::InvalidInput
        | Io::DirectoryNotEmpty
        | Io::CrossesDevices
        | Io::Unsupported => ErrorKind::Usage,
        Io::UnexpectedEof | Io::InvalidData => ErrorKind::Damaged,
        _ => ErrorKind::Unavailable,
    };
    let hint = match error.kind() {
        Io::StorageFull | Io::QuotaExceeded => Some("make room and run it again"),
        Io::PermissionDenied | Io::ReadOnlyFilesystem => Some("choose a place that this user may write"),
        _ => None,
    };
    let failed = Error::new(kind, format!("cannot {doing}: {error}")).on(path.display());
    match hint {
        Some(hint) if !doing.starts_with("read") => failed.hint(hint),
        _ => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_may_be_tried_again_and_a_missing_path_not() {
        let kind = |error| io_error("write", Path::new("x"), io::Error::from(error)).kind();
        assert_eq!(kind(Io::StorageFull), ErrorKind::Unavailable);
        assert_eq!(kind(Io::NotFound), ErrorKind::Usage);
        assert_eq!(kind(Io::ReadOnlyFilesystem), ErrorKind::Usage);
    }

    #[test]
    fn a_hint_claims_nothing_that_only_the_caller_knows() {
        let full = io_error("write", Path::new("x"), io::Error::from(Io::StorageFull));
        assert_eq!(full.hints(), ["make room and run it again"]);
    }
}
