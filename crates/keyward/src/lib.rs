//! keyward as a library: whole operations, async, written against ports only.
//!
//! A program chooses its providers (a hand such as `keyward-embedded`), puts their ports into a [`registry`], and
//! calls whole operations: seal and open under a [`keyring`], files with [`envelope`], generate a credential, verify
//! that keys exist and are on schedule. Nothing here reads a clock, draws randomness or knows a provider by itself:
//! all of it is handed in. The async functions need a Tokio runtime with its timer enabled.

pub mod adopt;
pub mod atomic_file;
pub mod audit_log;
pub mod body;
pub mod credential;
pub mod envelope;
pub mod escrow;
pub mod estate;
pub mod keyring;
pub mod lock_file;
pub mod project;
pub mod registry;
pub mod survive;
pub mod terraform;
pub mod uses;
pub mod verify;
pub mod watch;

mod file_lock;
mod io_error;
mod regular_file;
mod text_file;

pub use io_error::io_error;
