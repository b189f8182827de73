//! Names of keys: full resource names, their URIs, the short forms of the command line, and patterns over them.
//!
//! | form | example | type |
//! |---|---|---|
//! | resource name | `projects/p/locations/global/keyRings/r/cryptoKeys/k` | [`KeyRingName`], [`CryptoKeyName`], [`KeyVersionName`] |
//! | with its provider | `gcp-kms://projects/…`, `embedded-kms://projects/…` | [`KeyRef`], [`VersionRef`] |
//! | an age recipient | `age1…` | [`AgeRecipient`] |
//! | short | `app`, `app/europe-west1`, `app/europe-west1@3` | [`ShortName`] |
//! | pattern | `gcp-kms://projects/p/*` | [`KeyPattern`] |

mod age;
mod pattern;
mod provider;
mod reference;
mod resource;
mod short;

pub use age::AgeRecipient;
pub use pattern::KeyPattern;
pub use provider::Provider;
pub use reference::{KeyRef, VersionRef};
pub use resource::{CryptoKeyName, KeyRingName, KeyVersionName};
pub use short::{ResourceId, ShortName};
