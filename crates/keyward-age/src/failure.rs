//! What a failure inside age means to a caller.

use std::io;

use age::DecryptError;
use keyward_core::error::{Error, Result};
use keyward_core::limits;

/// The error for an age file that did not open. `protected`: it was a passphrase that did not open it.
///
/// age's own messages are not used: formatting them loads its translations, and one of them can overflow.
pub(crate) fn not_opened(error: DecryptError, protected: bool) -> Error {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed if protected => {
            Error::damaged("the passphrase is wrong, or the file is damaged")
                .hint("type the passphrase again")
        }
        DecryptError::DecryptionFailed => Error::damaged("the age file does not authenticate"),
        DecryptError::InvalidMac => Error::damaged(
            "the header of the age file does not authenticate: it was changed after it was made",
        ),
        DecryptError::UnknownFormat => Error::damaged("an age file of a version that is not known here")
            .hint("open it with a newer `age -d`"),
        DecryptError::ExcessiveWork { required, .. } => too_much_work(required),
        DecryptError::Io(error) => unreadable(error),
        _ => Error::damaged("it is not a well-formed age file"),
    }
}

/// The error for reading an age file: damage, when it ends early or does not authenticate.
pub(crate) fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::damaged("the age file is cut short"),
        io::ErrorKind::InvalidData => {
            Error::damaged("the age file does not authenticate or is not well-formed")
        }
        _ => Error::unavailable(format!("the age file cannot be read: {error}")),
    }
    .because(error)
}

/// A file that is for none of the identities given is no error to `unwrap`, and a usage error to `decrypt`.
pub(crate) fn unless_not_mine<T>(opened: Result<T, DecryptError>, protected: bool) -> Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(DecryptError::NoMatchingKeys) => Ok(None),
        Err(error) => Err(not_opened(error, protected)),
    }
}

fn too_much_work(required: u8) -> Error {
    Error::refused(format!(
        "its passphrase protection asks for 2^{required} KiB of memory; the limit is 2^{}",
        limits::AGE_WORK_FACTOR
    ))
    .hint("if you trust the file, open it with `age -d` on a machine with that much memory")
}
