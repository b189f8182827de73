//! The prefix: magic, format, suite and the lengths of the two sections behind it.

use std::fmt;

use super::section::Section;
use super::sniff::{PASTED, Sniffed, sniff};
use super::{core_section, wraps};
use crate::error::{Error, Result};
use crate::limits;

/// The first bytes of every binary envelope. The first is not ASCII, so that no text can start so.
pub const MAGIC: [u8; 4] = [0x93, 0x4B, 0x57, 0x31];
/// Length of the prefix, in bytes.
pub const PREFIX_LEN: usize = 16;
/// Longest header that can be read, in bytes: prefix, core and wraps.
pub const HEADER_LEN_MAX: usize = PREFIX_LEN + limits::CORE_LEN + limits::WRAPS_LEN;

/// The format that this release reads and writes.
const FORMAT: u8 = 1;
/// Cobblestone-256: SHA-512 and AES-256-GCM (c2sp.org/chunked-encryption).
const SUITE: u8 = 1;

/// The part of the prefix that the binding covers: everything but the lengths.
pub(super) const BOUND: [u8; 8] = [MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], FORMAT, SUITE, 0, 0];

/// The lengths of core and wraps, the only part of a prefix that varies.
pub(super) struct Prefix {
    pub(super) core_len: usize,
    pub(super) wraps_len: usize,
}

impl Prefix {
    pub(super) fn parse(bytes: &[u8; PREFIX_LEN]) -> Result<Self> {
        let [magic @ .., format, suite, r0, r1, c0, c1, c2, c3, w0, w1, w2, w3] = *bytes;
        if magic != MAGIC {
            return Err(not_an_envelope(&magic));
        }
        if format != FORMAT {
            return Err(newer(format_args!(
                "format {format} is not known to this release"
            )));
        }
        if suite != SUITE {
            return Err(newer(format_args!("suite {suite} is not known to this release")));
        }
        if [r0, r1] != [0, 0] {
            return Err(newer("the reserved bytes are not zero"));
        }
        let core_len = length("core", [c0, c1, c2, c3], core_section::LEN_MIN, limits::CORE_LEN)?;
        let wraps_len = length("wraps", [w0, w1, w2, w3], wraps::LEN_MIN, limits::WRAPS_LEN)?;
        Ok(Self { core_len, wraps_len })
    }

    pub(super) fn encode(&self) -> [u8; PREFIX_LEN] {
        let mut bytes = [0; PREFIX_LEN];
        bytes[..8].copy_from_slice(&BOUND);
        // Both lengths were compared with caps that fit 32 bits.
        for (at, len) in [(8, self.core_len), (12, self.wraps_len)] {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            bytes[at..at + 4].copy_from_slice(&len.to_be_bytes());
        }
        bytes
    }

    pub(super) fn total_len(&self) -> usize {
        PREFIX_LEN + self.core_len + self.wraps_len
    }
}

fn length(what: &str, bytes: [u8; 4], min: usize, max: usize) -> Result<usize> {
    let len = u32::from_be_bytes(bytes);
    match usize::try_from(len) {
        Ok(len) if (min..=max).contains(&len) => Ok(len),
        _ => Err(Section::Prefix.damaged(format_args!(
            "the {what} section cannot have {len} bytes ({min} to {max})"
        ))),
    }
}

fn newer(what: impl fmt::Display) -> Error {
    Section::Prefix
        .damaged(what)
        .hint("if the file is not damaged, a newer keyward made it: update")
}

fn not_an_envelope(start: &[u8]) -> Error {
    let error = Section::Prefix.damaged("this is not a keyward envelope");
    match sniff(start) {
        Sniffed::BinaryInBase64 => error.hint(PASTED),
        Sniffed::Text => error.hint("it is the text form of one, which is read as text"),
        _ => error,
    }
}
