//! JSON as `JSON.stringify(value, null, 2)` writes it, into memory that is wiped.

use std::io;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::SecretBytes;

/// Room for the usual document without growing.
const USUAL_LEN: usize = 2048;

/// The JSON of `document`: two-space indent, keys in the order of the fields, no final line end. Text stays as it is
/// except for quotes, backslashes and control characters, which `serde_json` escapes as `JSON.stringify` does.
///
/// # Errors
/// Only a bug.
pub(super) fn stringify(document: &impl Serialize) -> Result<SecretBytes> {
    let mut buffer = WipedBuffer(Zeroizing::new(Vec::with_capacity(USUAL_LEN)));
    serde_json::to_writer_pretty(&mut buffer, document)
        .map_err(|_| Error::bug("a credential document cannot be written"))?;
    Ok(SecretBytes::new(std::mem::take(&mut *buffer.0)))
}

/// A vector that leaves no copy behind when it grows.
struct WipedBuffer(Zeroizing<Vec<u8>>);

impl WipedBuffer {
    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            self.grow(needed * 2);
        }
        self.0.extend_from_slice(bytes);
    }

    #[cold]
    fn grow(&mut self, capacity: usize) {
        let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
        larger.extend_from_slice(&self.0);
        self.0 = larger;
    }
}

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    /// The many small pieces of a document come this way.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(document: &impl Serialize) -> String {
        String::from_utf8(stringify(document).unwrap().expose().to_vec()).unwrap()
    }

    #[test]
    fn escapes_are_those_of_json_stringify() {
        let given = "\u{2028}\u{7f}\0\u{1f}\u{8}\u{c}\n\r\t\"\\/é😀\u{b}<>&'";
        assert_eq!(
            text(&given),
            "\"\u{2028}\u{7f}\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/é😀\\u000b<>&'\""
        );
    }

    #[test]
    fn empty_lists_stand_on_one_line() {
        assert_eq!(
            text(&(Vec::<u8>::new(), None::<u8>, ["x"])),
            "[\n  [],\n  null,\n  [\n    \"x\"\n  ]\n]"
        );
    }

    #[test]
    fn long_documents_grow_the_buffer() {
        let long = "x".repeat(3 * USUAL_LEN);
        assert_eq!(text(&long), format!("\"{long}\""));
    }
}
