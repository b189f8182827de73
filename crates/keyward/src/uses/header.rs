//! What a file holds, and the header of an envelope, without reading more than that.

use std::io::{self, Read};

use keyward_core::envelope::{Header, PREFIX_LEN, SNIFF_LEN, Sniffed, sniff, text};

/// Letters of base64 that hold the prefix, in whole groups of four.
const PREFIX_LETTERS: usize = PREFIX_LEN.div_ceil(3) * 4;

/// What a file holds, as far as a scan wants to know.
pub(super) enum Content {
    Envelope(Box<Header>),
    /// An age file, which needs no key of a KMS.
    Age,
    Other,
}

/// Tells what the file holds.
pub(super) fn read(mut file: impl Read) -> io::Result<Content> {
    let mut bytes = Vec::new();
    fill(&mut file, &mut bytes, SNIFF_LEN)?;
    match sniff(&bytes) {
        Sniffed::Binary => binary(file, bytes).map(Box::new).map(Content::Envelope),
        Sniffed::Text => from_text(file, bytes).map(Box::new).map(Content::Envelope),
        Sniffed::BinaryInBase64 => Err(damaged(
            "it is the base64 of an envelope, which nothing opens as it is",
        )),
        Sniffed::Age | Sniffed::AgeArmored => Ok(Content::Age),
        Sniffed::Other => Ok(Content::Other),
    }
}

fn binary(mut file: impl Read, mut bytes: Vec<u8>) -> io::Result<Header> {
    let len = total_len(&bytes)?;
    fill(&mut file, &mut bytes, len)?;
    bytes.truncate(len);
    Header::parse(&bytes).map_err(damaged)
}

fn from_text(mut file: impl Read, mut letters: Vec<u8>) -> io::Result<Header> {
    fill(&mut file, &mut letters, text::TEXT_PREFIX.len() + PREFIX_LETTERS)?;
    let len = total_len(&decode(&letters, PREFIX_LETTERS)?)?;
    let wanted = len.div_ceil(3) * 4;
    fill(&mut file, &mut letters, text::TEXT_PREFIX.len() + wanted)?;
    let mut bytes = decode(&letters, wanted)?;
    bytes.truncate(len);
    Header::parse(&bytes).map_err(damaged)
}

/// Decodes the first `wanted` letters: whole groups of four, so that a cut leaves no bits behind.
fn decode(letters: &[u8], wanted: usize) -> io::Result<Vec<u8>> {
    let end = letters.len().min(text::TEXT_PREFIX.len() + wanted);
    text::decode_file(&letters[..end], end).map_err(damaged)
}

fn total_len(bytes: &[u8]) -> io::Result<usize> {
    let prefix = bytes
        .first_chunk()
        .ok_or_else(|| damaged("the file ends inside the prefix"))?;
    Header::total_len(prefix).map_err(damaged)
}

/// Reads until there are `len` bytes, or the file ends. Callers bound `len` by the format's caps.
fn fill(file: &mut impl Read, bytes: &mut Vec<u8>, len: usize) -> io::Result<()> {
    let missing = len.saturating_sub(bytes.len());
    file.by_ref().take(missing as u64).read_to_end(bytes).map(|_| ())
}

fn damaged(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}
