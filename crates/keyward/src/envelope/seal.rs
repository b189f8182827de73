//! Sealing: a fresh data key, its wraps, the header, the body.

use std::fs::File;
use std::io::Write;

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{BodySealer, Draft, Header};
use keyward_core::error::{Error, Result};
use rand_core::CryptoRng;

use crate::body::{self, Progress, Workers};
use crate::keyring::{Attempt, Sealer};

/// A new envelope, as it was written.
pub struct Sealed {
    /// Its header.
    pub header: Header,
    /// The locations whose wrap is missing. Not empty: it wants repair.
    pub missing: Vec<Attempt>,
    /// Bytes of the content.
    pub plain_len: u64,
}

/// Seals `plain` into the bytes of an envelope.
///
/// # Errors
/// As [`Sealer::wrap`], and a usage error for a context that is too long.
pub async fn seal_bytes(
    plain: &[u8],
    context: EncryptionContext,
    sealer: &Sealer<'_>,
    rng: &mut dyn CryptoRng,
) -> Result<(Vec<u8>, Sealed)> {
    let (header, body_sealer, missing) = prepare(context, sealer, rng).await?;
    let mut envelope = header.encode();
    envelope.extend(body::seal_bytes(plain, body_sealer)?);
    Ok((
        envelope,
        Sealed {
            header,
            missing,
            plain_len: plain.len() as u64,
        },
    ))
}

/// Seals a regular file into `target`, an empty file, with all `workers`.
///
/// # Errors
/// As [`seal_bytes`]; unavailable when the disk is full, or the source changes its length meanwhile.
pub async fn seal_file(
    source: &File,
    target: &File,
    context: EncryptionContext,
    sealer: &Sealer<'_>,
    rng: &mut dyn CryptoRng,
    (workers, progress): (Workers, Progress<'_>),
) -> Result<Sealed> {
    let (header, body_sealer, missing) = prepare(context, sealer, rng).await?;
    let start = header.encode();
    write_start(&mut &*target, &start)?;
    let plain_len = body::seal_file(source, target, start.len() as u64, body_sealer, workers, progress)?;
    Ok(Sealed {
        header,
        missing,
        plain_len,
    })
}

/// Seals whatever `source` gives until its end, in bounded memory.
///
/// # Errors
/// As [`seal_bytes`], and those of reading and writing.
pub async fn seal_stream(
    source: &mut (dyn std::io::Read + Send),
    target: &mut (dyn Write + Send),
    context: EncryptionContext,
    sealer: &Sealer<'_>,
    rng: &mut dyn CryptoRng,
    (workers, progress): (Workers, Progress<'_>),
) -> Result<Sealed> {
    let (header, body_sealer, missing) = prepare(context, sealer, rng).await?;
    write_start(target, &header.encode())?;
    let plain_len = body::seal_stream(source, target, body_sealer, workers, progress)?;
    Ok(Sealed {
        header,
        missing,
        plain_len,
    })
}

/// Draws the data key right before it is used, and has it wrapped.
async fn prepare(
    context: EncryptionContext,
    sealer: &Sealer<'_>,
    rng: &mut dyn CryptoRng,
) -> Result<(Header, BodySealer, Vec<Attempt>)> {
    let draft = Draft::new(context, rng)?;
    let wrapped = sealer.wrap(draft.data_key(), draft.binding()).await?;
    let (header, body_sealer) = draft.finish(wrapped.wraps)?;
    Ok((header, body_sealer, wrapped.missing))
}

fn write_start(target: &mut dyn Write, start: &[u8]) -> Result<()> {
    target
        .write_all(start)
        .map_err(|error| Error::unavailable(format!("cannot write the result: {error}")).because(error))
}
