//! The embedded KMS: the key machine of core, kept on disk.
//!
//! It is a provider like any other and implements the four ports of [`keyward_core::kms`] with the semantics of Cloud
//! KMS. Every location is one file, `FOLDER/LOCATION.db`: an absent or unreadable file is *unknown*, a readable file
//! without the key is *missing*.
//!
//! - **Reading writes nothing.** Due rotations and destructions are computed from the clock; the folder may be
//!   read-only.
//! - **Several processes** may use a folder at once, and any of them may be killed at any instruction.
//! - **Key material** is sealed under a root key ([`RootKeySource`]) and bound to its version's full name. Looking,
//!   restoring and enabling need no root key.
//!
//! That is [`EmbeddedKms`]: many processes, each for a call. [`Resident`] is the same store, in the same files, as one
//! server holds it: everything in memory, and what is due carried out at once.
//!
//! One function here schedules a destruction, [`EmbeddedKms::schedule_destruction`]. It is no part of any port: only the
//! emulator and tests call it, or the machine's inside of [`Resident::change`] (`cargo xtask tidy` checks the callers).

mod ciphertext;
mod fault;
mod kms;
mod new_file;
mod ports;
mod resident;
mod root;
mod sealing;
mod service;
mod store;
mod vault;

pub use kms::EmbeddedKms;
pub use resident::{Decrypted, Page, Resident};
pub use root::{AskPassphrase, RootKeySource, is_passphrase_protected};
