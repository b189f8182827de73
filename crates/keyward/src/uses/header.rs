//! What a file holds, and the header of an envelope, without reading more than that.

use std::collections::HashMap;
use std::io;
use std::os::fd::BorrowedFd;

use keyward_core::envelope::{Header, PREFIX_LEN, SNIFF_LEN, Sniffed, Wrap, sniff, text};
use keyward_core::inventory::{Ways, WaysId};

/// Letters of base64 that hold the prefix, in whole groups of four.
const PREFIX_LETTERS: usize = PREFIX_LEN.div_ceil(3) * 4;
/// Bytes that are asked for at once: most headers are shorter.
const PIECE: usize = 4096;
/// Most different lists of wraps that one thread tells apart by their bytes.
const KNOWN: usize = 10_000;

/// What a file holds, as far as a scan wants to know.
pub(super) enum Read {
    Envelope(Box<Header>),
    /// An age file, which needs no key of a KMS.
    Age,
    Other,
}

/// Reads files one after another into the same memory, and knows the ways of lists of wraps that it has met.
#[derive(Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    known: HashMap<Vec<u8>, WaysId>,
}

/// A source of bytes that may give fewer than it is asked for.
pub(super) trait Source {
    /// Appends at most `most` bytes to `bytes`; none means that there are no more.
    fn more(&mut self, bytes: &mut Vec<u8>, most: usize) -> io::Result<usize>;
}

impl Reader {
    /// Tells what `file` holds.
    pub(super) fn read(&mut self, mut file: BorrowedFd<'_>) -> io::Result<Read> {
        self.read_from(&mut file)
    }

    /// The same for any source.
    pub(super) fn read_from(&mut self, source: &mut impl Source) -> io::Result<Read> {
        self.bytes.clear();
        read(source, &mut self.bytes)
    }

    /// The place of the ways of `header`; `place` is asked only for wraps that were not met before.
    pub(super) fn place(&mut self, header: &Header, place: impl FnOnce(&Ways) -> WaysId) -> WaysId {
        let signature = signature(header.wraps());
        if let Some(id) = self.known.get(&signature) {
            return *id;
        }
        let id = place(&Ways::of(header.wraps()));
        if self.known.len() < KNOWN {
            self.known.insert(signature, id);
        }
        id
    }
}

impl Source for BorrowedFd<'_> {
    fn more(&mut self, bytes: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let len = bytes.len();
        bytes.resize(len + most, 0);
        let read = loop {
            match rustix::io::read(*self, &mut bytes[len..]) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other,
            }
        };
        bytes.truncate(len + *read.as_ref().unwrap_or(&0));
        Ok(read?)
    }
}

/// Everything that makes the ways of a header, and nothing else of it.
fn signature(wraps: &[Wrap]) -> Vec<u8> {
    let mut signature = Vec::new();
    for wrap in wraps.iter().filter(|wrap| !wrap.is_missing()) {
        signature.push(wrap.kind as u8);
        // Visible ASCII, so that an end of line ends each.
        for field in [&wrap.provider, &wrap.location, &wrap.key, &wrap.version] {
            signature.extend_from_slice(field.as_bytes());
            signature.push(b'\n');
        }
    }
    signature
}

/// Tells what begins with `bytes` and goes on with `file`.
fn read(file: &mut impl Source, bytes: &mut Vec<u8>) -> io::Result<Read> {
    fill(file, bytes, SNIFF_LEN)?;
    match sniff(bytes) {
        Sniffed::Binary => binary(file, bytes).map(Box::new).map(Read::Envelope),
        Sniffed::Text => from_text(file, bytes).map(Box::new).map(Read::Envelope),
        Sniffed::BinaryInBase64 => Err(damaged(
            "it is the base64 of an envelope, which nothing opens as it is",
        )),
        Sniffed::Age | Sniffed::AgeArmored => Ok(Read::Age),
        Sniffed::Other => Ok(Read::Other),
    }
}

fn binary(file: &mut impl Source, bytes: &mut Vec<u8>) -> io::Result<Header> {
    let len = total_len(bytes)?;
    fill(file, bytes, len)?;
    bytes.truncate(len);
    Header::parse(bytes).map_err(damaged)
}

fn from_text(file: &mut impl Source, letters: &mut Vec<u8>) -> io::Result<Header> {
    fill(file, letters, text::TEXT_PREFIX.len() + PREFIX_LETTERS)?;
    let len = total_len(&decode(letters, PREFIX_LETTERS)?)?;
    let wanted = len.div_ceil(3) * 4;
    fill(file, letters, text::TEXT_PREFIX.len() + wanted)?;
    let mut bytes = decode(letters, wanted)?;
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

/// Reads until there are at least `len` bytes, or the file ends. Callers bound `len` by the format's caps.
fn fill(file: &mut impl Source, bytes: &mut Vec<u8>, len: usize) -> io::Result<()> {
    while bytes.len() < len {
        let most = (len - bytes.len()).max(PIECE);
        if file.more(bytes, most)? == 0 {
            break;
        }
    }
    Ok(())
}

fn damaged(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}
