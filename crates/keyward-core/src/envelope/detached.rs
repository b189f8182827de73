//! Detached wraps: the header of an envelope with newer wraps, in a file beside one that is too large to write anew.

use super::Header;
use crate::error::Error;

/// What a file of detached wraps is to the envelope that holds the body.
///
/// Detached wraps are tried before the embedded ones, and passed over when their MAC fails. The binding is always that
/// of the envelope itself, and its embedded wraps still count as uses of their keys.
pub enum Detached {
    /// Wraps of this very envelope.
    Current(Header),
    /// Wraps of another envelope, or of an earlier one of the same name: ignored, and reported as stale.
    Stale,
    /// No header, or more than one: ignored, and reported.
    Unreadable(Error),
}

impl Detached {
    /// What `file`, the whole content of `NAME.kw.wraps`, is to `embedded`, the header in `NAME.kw`.
    pub fn read(file: &[u8], embedded: &Header) -> Self {
        match Header::parse(file) {
            Ok(header) if header.has_same_core(embedded) => Self::Current(header),
            Ok(_) => Self::Stale,
            Err(error) => Self::Unreadable(error),
        }
    }
}
