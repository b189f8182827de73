//! Escrow drills: proof that an offline identity opens what is sealed for it. docs/escrow-drills.md specifies the forms.
//!
//! ```text
//! bundle   what is asked: a challenge for each recipient, and of each envelope its header, salt and commitment
//! report   what the offline machine found: answers to the challenges, one line for each wrap, and a MAC for each
//!          envelope that opened, under a key that only its data key gives
//! ```
//!
//! Neither holds anything secret. Both are lines of JSON with one spelling: what is read and written again is the same
//! text, so that every change of a byte is seen.

mod bundle;
mod digest;
mod lines;
mod proof;
mod report;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::manifest::Lock;
use crate::name::AgeRecipient;

pub use bundle::{Asked, Bundle, Escrowed, WrapAsked};
pub use digest::Digest;
pub use proof::{Nonce, answer_to};
pub use report::{Answer, Key, Report, Statement, Tried};

/// When the identity of each recipient was last proven to open what is sealed for it, as the lock says.
pub fn drills(lock: &Lock) -> BTreeMap<AgeRecipient, Timestamp> {
    lock.escrow
        .iter()
        .map(|(recipient, drill)| (recipient.clone(), drill.drilled))
        .collect()
}
