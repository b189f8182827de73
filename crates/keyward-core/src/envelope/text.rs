//! The text form: the bytes of an envelope in base64url behind `kw1.`, safe unquoted in YAML, JSON, dotenv and shell.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::sniff::{PASTED, Sniffed, sniff};
use crate::error::{Error, Result};

/// How every text form starts. Secret scanners can look for it.
pub const TEXT_PREFIX: &str = "kw1.";

/// The text form of a binary envelope.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = TEXT_PREFIX.to_owned();
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    text
}

/// The binary envelope in a text form of at most `max_len` bytes ([`crate::limits::TEXT_LEN`] unless the user asked
/// for more).
///
/// # Errors
/// Damaged data for any other text: white space, padding, another alphabet and bits behind the last byte included.
pub fn decode(text: &str, max_len: usize) -> Result<Vec<u8>> {
    if text.len() > max_len {
        return Err(damaged(format_args!(
            "{} bytes, at most {max_len} are read",
            text.len()
        )));
    }
    let Some(encoded) = text.strip_prefix(TEXT_PREFIX) else {
        let error = damaged(format_args!("it does not start with `{TEXT_PREFIX}`"));
        return Err(match sniff(text.as_bytes()) {
            Sniffed::BinaryInBase64 => error.hint(PASTED),
            _ => error,
        });
    };
    URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| damaged("it is not canonical base64url without padding and white space"))
}

/// [`decode`] of a file: one line end behind the text is allowed, since editors and `echo` write it.
///
/// # Errors
/// Those of [`decode`].
pub fn decode_file(bytes: &[u8], max_len: usize) -> Result<Vec<u8>> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| damaged("it is not ASCII"))?;
    decode(text, max_len)
}

/// Whether these first bytes announce a text form.
pub fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(TEXT_PREFIX.as_bytes())
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::damaged(format!("envelope text: {what}"))
}
