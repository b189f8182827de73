//! Google Cloud KMS as a provider of keyward: the four ports over Google's official client.
//!
//! [`GcpKms`] is the whole of it. What it adds to the client is what a caller who encrypts secrets needs and the client
//! leaves to others:
//!
//! - **Integrity.** CRC32C goes out with every plaintext, ciphertext and associated data, and is checked on what comes back;
//!   the version that answered is the one that was asked for, or the answer is discarded.
//! - **No guess.** Only NOT_FOUND is absence. A change whose answer was lost is looked for before it is repeated.
//! - **Patience.** Deadlines, retries of what may be repeated, a quota that is kept to rather than run into.
//! - **Errors with a next step.** Google's errors are translated, with the missing permission or the hours that are left.
//!
//! It needs a tokio runtime with I/O and time enabled, of either flavour, and the same one for the life of the value:
//! connections and token refreshes of Google's client live on the runtime that first used them. Nothing happens before the
//! first call: no client, no TLS stack, no credentials.

mod absence;
mod access;
mod admin;
mod backoff;
mod call;
mod change;
mod clients;
mod command;
mod convert;
mod create_key;
mod create_version;
mod credentials;
mod crypt;
mod endpoint;
mod estate;
mod explain;
mod fate;
mod integrity;
mod kms;
mod lane;
mod lists;
mod no_credentials;
mod observe;
mod pace;
mod pages;
mod port;
mod proxy;
mod read;
mod redact;
mod rescue;
mod target;
mod translate;
mod way;

#[cfg(test)]
mod tests;

pub use access::{Access, CredentialSource, Impersonate, Quota, Route, Settings};
pub use credentials::install_tls;
pub use estate::GcpEstate;
pub use kms::GcpKms;
