//! Client credentials on disk: one site, or a whole list of them.
//!
//! A site's folder appears with both halves in it or not at all: the halves are written and synced in a staging folder
//! beside the target, read back, and moved into place without ever replacing anything.

mod batch;
mod folder;
mod folders;
mod place;
mod rows;
mod single;
mod staging;

pub use batch::{Outcome, Status, Summary, create_batch};
pub use folder::SEALED_CLIENT_FILE;
pub use place::{Place, Seal};
pub use rows::{Defaults, Row, read_rows};
pub use single::{Created, create};

#[cfg(test)]
mod tests;
