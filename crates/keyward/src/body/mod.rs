//! Bodies at speed: files by several threads at once, pipes in bounded memory, single places by random access.
//!
//! A body is Cobblestone-256 ([`keyward_core::envelope`]); this module moves it between places. All engines work on
//! groups of 16 chunks (256 KiB): large enough that system calls do not count, small enough to stay in a core's
//! cache between read, seal and write. Plaintext is read straight to where it is sealed, so nothing is copied in
//! memory, and a worker holds one group whatever the size of the file.
//!
//! | from → to | seal | open |
//! |---|---|---|
//! | regular file → regular file | [`seal_file`] | [`open_file`] |
//! | anything that reads → anything that writes | [`seal_stream`] | [`open_stream`] |
//! | memory → memory | [`seal_bytes`] | [`open_bytes`] |
//! | a place in a file → memory | | [`BodyReader`] |
//!
//! An opened chunk is written out only after its tag was checked. With a file or memory as target the result counts
//! only when the whole call succeeded; a pipe has by then received every chunk before the damage.

mod bytes;
mod failure;
mod file;
mod group;
mod positioned;
mod reader;
mod relay;
mod stream;
mod workers;

#[cfg(test)]
mod tests;

pub use bytes::{open_bytes, seal_bytes};
pub use file::{open_file, seal_file};
pub use reader::BodyReader;
pub use stream::{open_stream, seal_stream};
pub use workers::Workers;

/// Called after each group with the number of message bytes that it added to the result, from any worker.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);
