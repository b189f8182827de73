//! The key machine: rings, keys, versions, their schedules, and the closed table of state moves.
//!
//! It has the semantics of Cloud KMS, also where they are dangerous: the primary version is unprotected, and nothing
//! asks who still uses a version. The guards are decisions, a floor above.

mod algorithm;
mod capability;
mod crypto_key;
mod effect;
mod machine;
mod moves;
mod protection;
mod record;
pub mod refusal;
mod ring;
mod schedule;
mod version;

pub use algorithm::Algorithm;
pub use capability::Permission;
pub use crypto_key::{CryptoKey, KeySpec, KeyUpdate, Purpose};
pub use effect::Effect;
pub use machine::{Machine, decryption_failed, usable};
pub use moves::Move;
pub use protection::ProtectionLevel;
pub use record::KeyRecord;
pub use ring::KeyRing;
pub use schedule::{DestroyWindow, RotationSchedule};
pub use version::{KeyVersion, VersionState};
