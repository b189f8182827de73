//! Lines of JSON with one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::limits;

/// Reads a text line by line, strictly.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
    file: &'a str,
}

impl<'a> Lines<'a> {
    /// The lines of `text`; `file` is the name that messages use.
    pub(super) fn new(text: &'a str, file: &'a str) -> Result<Self> {
        if text.len() > limits::ESCROW_LEN {
            let what = format!("more than the {} bytes that are read", limits::ESCROW_LEN);
            return Err(Error::damaged(what).on(file));
        }
        Ok(Self {
            text,
            at: 0,
            number: 0,
            file,
        })
    }

    /// The next line, as the first one of a form: its `version` is looked at before anything else.
    pub(super) fn first<T, V>(&mut self, version: impl Fn(&V) -> u32, form: &str) -> Result<T>
    where
        T: DeserializeOwned + Serialize,
        V: DeserializeOwned,
    {
        let line = self.text.split('\n').next().unwrap_or_default();
        let claimed: V = serde_json::from_str(capped(line).unwrap_or_default())
            .map_err(|_| Error::damaged(format!("it is no {form}")).on(self.file))?;
        match version(&claimed) {
            VERSION => self.next(),
            other => Err(Error::damaged(format!(
                "a {form} of format {other}; this release reads format {VERSION}"
            ))
            .on(self.file)
            .hint("use the same release of keyward on both machines")),
        }
    }

    /// The next line.
    pub(super) fn next<T: DeserializeOwned + Serialize>(&mut self) -> Result<T> {
        self.number += 1;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some((line, _)) = rest.split_once('\n') else {
            return Err(self.damaged("it ends early: it was cut, or is still being written"));
        };
        let value: T = capped(line)
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| self.damaged("not a line that belongs here"))?;
        if encode(&value)? != line {
            return Err(self.damaged("not spelled as keyward writes it: it was edited"));
        }
        self.at += line.len() + 1;
        Ok(value)
    }

    /// Everything up to here.
    pub(super) fn so_far(&self) -> &'a str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// There must be nothing more.
    pub(super) fn end(&self) -> Result<()> {
        if self.at == self.text.len() {
            return Ok(());
        }
        Err(self.damaged("something follows its last line"))
    }

    /// An error about the line that was read last.
    pub(super) fn damaged(&self, what: impl Into<String>) -> Error {
        Error::damaged(what).on(self.place())
    }

    fn place(&self) -> String {
        format!("{}:{}", self.file, self.number)
    }
}

/// The version of both forms.
pub(super) const VERSION: u32 = 1;

fn capped(line: &str) -> Option<&str> {
    Some(line).filter(|line| line.len() <= limits::ESCROW_LINE_LEN)
}

/// Adds `value` to `text` as one line.
pub(super) fn push<T: Serialize>(text: &mut String, value: &T) -> Result<()> {
    text.push_str(&encode(value)?);
    text.push('\n');
    Ok(())
}

fn encode<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|why| Error::bug("a line of JSON cannot be written").because(why))
}

/// Bytes as text.
pub(super) fn text_of(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes that a text spells.
pub(super) fn bytes_of(text: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Error::damaged("not base64url without padding"))
}

/// The same for a known number of bytes.
pub(super) fn array_of<const N: usize>(text: &str) -> Result<[u8; N]> {
    let bytes = bytes_of(text)?;
    bytes
        .try_into()
        .map_err(|_| Error::damaged(format!("not {N} bytes in base64url")))
}
