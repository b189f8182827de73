//! SHA-256 digests with a name: of a bundle, a manifest, a header.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use crate::envelope::Header;
use crate::error::{Error, Result};

const PREFIX: &str = "sha256:";

/// A SHA-256 digest: `sha256:` and 43 letters of base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut value = [0; 32];
        value.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(value)
    }

    /// The digest of a whole header, wraps and MAC included. Every header has its own, as every envelope has a random id:
    /// it names the wraps of one envelope at one time.
    pub fn of_header(header: &Header) -> Self {
        Self::of(&header.encode())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let letters = text.strip_prefix(PREFIX).filter(|letters| letters.len() == 43);
        let bytes = letters.and_then(|letters| URL_SAFE_NO_PAD.decode(letters).ok());
        let value = bytes.and_then(|bytes| bytes.try_into().ok());
        value
            .map(Self)
            .ok_or_else(|| Error::damaged("not a digest: `sha256:` and 43 letters of base64url"))
    }
}
