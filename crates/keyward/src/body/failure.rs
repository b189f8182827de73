//! Errors of moving a body; the caller adds the file's name.

use std::io;

use keyward_core::error::{Error, ErrorKind};

/// Reading the source failed.
pub(super) fn reading(error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::IsADirectory => ErrorKind::Usage,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("cannot read it: {error}")).because(error)
}

/// Writing the target failed. A closed pipe is found in the error's source.
pub(super) fn writing(error: io::Error) -> Error {
    let failed = Error::unavailable(format!("cannot write the result: {error}"));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failed.hint("make room and run it again")
        }
        _ => failed,
    }
    .because(error)
}

/// The source is not what it was when sealing began.
pub(super) fn changed() -> Error {
    Error::unavailable("it changed while it was being sealed")
        .hint("seal it again when nothing writes to it, or seal a copy")
}

/// The body has no last chunk.
pub(super) fn truncated() -> Error {
    Error::damaged("the body ends before its last chunk: it was cut or is still being written")
}
