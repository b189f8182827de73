//! What a file is, by its first bytes.

use super::{MAGIC, text};

/// What the first bytes of a file announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A binary envelope.
    Binary,
    /// The text form of an envelope.
    Text,
    /// The base64 of a binary envelope: a pasted file, which is refused with a hint.
    BinaryInBase64,
    /// A binary age file.
    Age,
    /// An age file in ASCII armor.
    AgeArmored,
    /// None of these.
    Other,
}

/// The hint for [`Sniffed::BinaryInBase64`].
pub(super) const PASTED: &str = "it is the base64 of a binary envelope: decode it first (`base64 -d`), or use the text form, which starts with `kw1.`";

/// Bytes that [`sniff`] needs to tell all of them apart.
pub const SNIFF_LEN: usize = AGE_ARMOR.len();

/// The base64 of [`MAGIC`]'s first three bytes and the start of the fourth.
const MAGIC_IN_BASE64: &[u8] = b"k0tX";
const AGE: &[u8] = b"age-encryption.org/v1";
const AGE_ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Tells what a file is by its first [`SNIFF_LEN`] bytes (fewer when the file is shorter).
pub fn sniff(first: &[u8]) -> Sniffed {
    if first.starts_with(&MAGIC) {
        Sniffed::Binary
    } else if text::looks_like(first) {
        Sniffed::Text
    } else if first.starts_with(MAGIC_IN_BASE64) {
        Sniffed::BinaryInBase64
    } else if first.starts_with(AGE) {
        Sniffed::Age
    } else if first.starts_with(AGE_ARMOR) {
        Sniffed::AgeArmored
    } else {
        Sniffed::Other
    }
}
