//! Whole envelopes: seal and open bytes, files and streams; replace wraps and leave the body alone.

mod file;
mod open;
mod rewrap;
mod seal;

pub use file::EnvelopeFile;
pub use open::{open_bytes, read_header};
pub use rewrap::{Rewrapped, rewrap};
pub use seal::{Sealed, seal_bytes, seal_file, seal_stream};

#[cfg(test)]
mod tests;
