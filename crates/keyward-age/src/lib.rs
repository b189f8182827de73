//! age for keyward: offline recipients and identities, passphrase-protected identity files, and plain age files.
//!
//! Everything here is the age v1 format (<https://c2sp.org/age>) by way of the `age` crate, which draws its own
//! randomness. Only X25519 recipients are written; a file's other recipients are passed over when it is read.

mod failure;
mod file;
mod generate;
mod identity;
mod identity_file;
mod passphrase;
mod recipient;

pub use file::decrypt_age;
pub use generate::{Generated, generate};
pub use identity::AgeIdentity;
pub use passphrase::{AskPassphrase, protect};
pub use recipient::AgeRecipientKey;
