//! Opening what is in memory or comes through a pipe.

use std::io::Read;

use keyward_core::envelope::{BODY_HEAD_LEN, Header, PREFIX_LEN};
use keyward_core::error::{Error, Result};
use keyward_core::secret::SecretBytes;

use crate::body;
use crate::keyring::{Opener, Unlocked};

/// Opens the bytes of a whole envelope. Nothing of the content is released before its last chunk has authenticated.
///
/// # Errors
/// As [`Opener::unlock`]; damaged data when the envelope is cut, extended or changed.
pub async fn open_bytes(envelope: &[u8], opener: &Opener<'_>) -> Result<(SecretBytes, Unlocked)> {
    let (header, head) = read_header(&mut &*envelope)?;
    let unlocked = opener.unlock(&header, None, &head).await?;
    let content = body::open_bytes(&envelope[header.len()..], &unlocked.opener)?;
    Ok((content, unlocked))
}

/// Reads the header of an envelope and the head of its body (salt and commitment), and not a byte more: the chunks
/// follow in `source`. At most 80 KiB are held, whatever the header announces.
///
/// # Errors
/// Damaged data when it is no header, or ends early; unavailable when `source` cannot be read.
pub fn read_header(source: &mut dyn Read) -> Result<(Header, [u8; BODY_HEAD_LEN])> {
    let mut prefix = [0; PREFIX_LEN];
    fill(source, &mut prefix)?;
    let mut bytes = vec![0; Header::total_len(&prefix)?];
    bytes[..PREFIX_LEN].copy_from_slice(&prefix);
    fill(source, &mut bytes[PREFIX_LEN..])?;
    let header = Header::parse(&bytes)?;
    let mut head = [0; BODY_HEAD_LEN];
    fill(source, &mut head)?;
    Ok((header, head))
}

fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> Result<()> {
    source.read_exact(buffer).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Error::damaged("the envelope ends inside its header: it was cut, or is still being written")
        }
        _ => Error::unavailable(format!("cannot read it: {error}")).because(error),
    })
}
