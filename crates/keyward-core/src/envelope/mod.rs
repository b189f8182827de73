//! The envelope: a small header, then a complete Cobblestone-256 file. docs/format.md specifies it byte by byte.
//!
//! ```text
//! prefix  16 bytes   magic, format, suite, lengths
//! core    ≤ 16 KiB   envelope id and encryption context: immutable
//! wraps   ≤ 64 KiB   the data key, wrapped once for each key that may open it: replaceable, under a MAC
//! body               salt, commitment, chunks: never touched by a re-wrap
//! ```
//!
//! On open, the order is: parse ([`Header::parse`]) → the expected context → unwrap one wrap → the commitment of the
//! body → the MAC of the wraps ([`Header::check_mac`]) → chunks. A wrap that yields any other key than the one the body
//! was sealed under dies at the commitment, so that whoever may wrap cannot make a body open as something else.

mod body;
mod core_section;
mod detached;
mod draft;
mod header;
mod keys;
mod prefix;
pub mod recover;
mod section;
mod sniff;
pub mod text;
mod wraps;

#[cfg(test)]
mod tests;

pub use body::{
    BODY_HEAD_LEN, BodyOpener, BodySealer, CHUNK_LEN, Run, SALT_LEN, SEALED_CHUNK_LEN, TAG_LEN, plain_len,
    plain_slots, sealed_len, sealed_offset,
};
pub use detached::Detached;
pub use draft::Draft;
pub use header::Header;
pub use keys::Binding;
pub use prefix::{HEADER_LEN_MAX, MAGIC, PREFIX_LEN};
pub use sniff::{SNIFF_LEN, Sniffed, sniff};
pub use wraps::{Wrap, WrapKind};
