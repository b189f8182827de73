//! The sections of an envelope's header, and a strict reader over the bytes of one.

use std::fmt;

use crate::error::{Error, Result};

/// Where in a header something is wrong. Error messages start with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Prefix,
    Core,
    Wraps,
}

impl Section {
    /// The error of a header that breaks the format.
    pub(super) fn damaged(self, what: impl fmt::Display) -> Error {
        Error::damaged(format!("{self}: {what}"))
    }

    /// The error of a header that must not be written.
    pub(super) fn unusable(self, what: impl fmt::Display) -> Error {
        Error::usage(format!("{self}: {what}"))
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "envelope prefix",
            Self::Core => "envelope core",
            Self::Wraps => "envelope wraps",
        })
    }
}

/// Reads one section from front to back. Nothing is copied before its length was compared with its cap.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    section: Section,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], section: Section) -> Self {
        Self { rest: bytes, section }
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| self.section.damaged("ends inside a field"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| self.section.damaged("ends inside a field"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<usize> {
        Ok(u16::from_be_bytes(self.array()?).into())
    }

    /// A field of at most `max` bytes behind its `u16` length; `what` names it in errors.
    pub(super) fn field(&mut self, what: &str, max: usize) -> Result<&'a [u8]> {
        let len = self.u16()?;
        if len > max {
            return Err(self
                .section
                .damaged(format_args!("{what} has {len} bytes, at most {max} are allowed")));
        }
        self.take(len)
    }

    /// A [`Self::field`] that is UTF-8.
    pub(super) fn text(&mut self, what: &str, max: usize) -> Result<&'a str> {
        let bytes = self.field(what, max)?;
        std::str::from_utf8(bytes).map_err(|_| self.section.damaged(format_args!("{what} is not UTF-8")))
    }

    /// Demands that nothing is left.
    pub(super) fn end(self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(self
                .section
                .damaged(format_args!("{left} bytes are left behind its last field"))),
        }
    }
}

/// Appends a field behind its `u16` length. The caller has checked the length against a cap far below 64 KiB.
pub(super) fn put_field(out: &mut Vec<u8>, field: &[u8]) {
    let len = u16::try_from(field.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(field);
}
