//! Memory to memory: small secrets.

use std::mem;

use keyward_core::envelope::{
    BODY_HEAD_LEN, BodyOpener, BodySealer, CHUNK_LEN, SEALED_CHUNK_LEN, TAG_LEN, plain_len, plain_slots,
    sealed_len,
};
use keyward_core::error::{Error, Result};
use keyward_core::secret::SecretBytes;
use zeroize::Zeroizing;

/// Seals `plain` and returns the whole body, head included.
///
/// # Errors
/// None that memory leaves room for: a message may not exceed 4 PiB.
pub fn seal_bytes(plain: &[u8], sealer: BodySealer) -> Result<Vec<u8>> {
    let len = usize::try_from(sealed_len(plain.len() as u64)).map_err(|_| too_large())?;
    let mut body = vec![0; len];
    body[..BODY_HEAD_LEN].copy_from_slice(&sealer.head());
    let chunks = &mut body[BODY_HEAD_LEN..];
    for (slot, part) in plain_slots(chunks).zip(plain.chunks(CHUNK_LEN)) {
        slot.copy_from_slice(part);
    }
    sealer
        .claim(plain.len() / CHUNK_LEN + 1)?
        .seal(chunks, plain.len())?;
    Ok(body)
}

/// Opens a whole body, head included. Nothing of the message is returned before its last chunk has authenticated.
///
/// # Errors
/// Damaged, when the body was cut, extended, reordered or changed.
pub fn open_bytes(body: &[u8], opener: &BodyOpener) -> Result<SecretBytes> {
    let len = usize::try_from(plain_len(body.len() as u64)?).map_err(|_| too_large())?;
    // Room for the last tag too: growing would leave plaintext behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(len + TAG_LEN));
    for (number, chunk) in (0..).zip(body[BODY_HEAD_LEN..].chunks(SEALED_CHUNK_LEN)) {
        let start = plain.len();
        plain.extend_from_slice(chunk);
        let opened = opener.open_chunk(number, &mut plain[start..])?;
        plain.truncate(start + opened);
    }
    Ok(SecretBytes::new(mem::take(&mut *plain)))
}

fn too_large() -> Error {
    Error::refused("the message does not fit into memory")
}
