//! How trouble with files and SQLite is told in the codes of a KMS.

use std::fmt::Display;
use std::io;
use std::path::Path;

use keyward_core::error::{Error, ErrorKind};
use keyward_core::kms::{KmsCode, KmsError};
use rusqlite::ffi::ErrorCode;

pub(crate) type Result<T, E = KmsError> = std::result::Result<T, E>;

/// Data that cannot be true: it was damaged, or is not ours.
pub(crate) fn damaged(file: &Path, why: impl Display) -> KmsError {
    KmsError::new(KmsCode::Internal, format!("{}: {why}", file.display()))
}

/// Something that may work later, or with other permissions.
pub(crate) fn unavailable(file: &Path, why: impl Display) -> KmsError {
    KmsError::new(KmsCode::Unavailable, format!("{}: {why}", file.display()))
}

/// Something that cannot fail with the arguments that this crate passes.
pub(crate) fn bug(what: &str) -> KmsError {
    KmsError::new(KmsCode::Bug, format!("a bug in the embedded KMS: {what}"))
}

/// For `map_err`: an I/O error on `file`.
pub(crate) fn io(file: &Path) -> impl FnOnce(io::Error) -> KmsError {
    move |error| unavailable(file, error)
}

/// For `map_err`: an SQLite error on `file`.
pub(crate) fn sqlite(file: &Path) -> impl FnOnce(rusqlite::Error) -> KmsError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable(file, "another process holds its lock; try again")
        }
        Some(ErrorCode::OutOfMemory) => unavailable(file, "there is not enough memory to read it"),
        Some(ErrorCode::DiskFull) => unavailable(file, "there is no room on its disk; nothing was changed"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            unavailable(file, "it, or its folder, cannot be written")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => unavailable(file, error),
        Some(ErrorCode::NotADatabase) => damaged(file, "it is not a key store of keyward"),
        _ => damaged(file, format!("it is damaged: {error}")),
    }
}

/// A passphrase that exists and was not given, for want of a terminal: with one it works.
pub(crate) fn unanswered(error: Error) -> KmsError {
    match error.kind() {
        ErrorKind::Usage => KmsError::new(KmsCode::Unavailable, error.to_string()),
        _ => from_prompt(error),
    }
}

/// What a prompt for a new passphrase that failed means to the caller of a KMS.
pub(crate) fn from_prompt(error: Error) -> KmsError {
    let code = match error.kind() {
        ErrorKind::Refused => KmsCode::FailedPrecondition,
        ErrorKind::Usage => KmsCode::InvalidArgument,
        ErrorKind::Unavailable => KmsCode::Unavailable,
        ErrorKind::Damaged => KmsCode::Internal,
        ErrorKind::Bug => KmsCode::Bug,
    };
    KmsError::new(code, error.to_string())
}
