//! Escrow drills: ask an offline identity to show that it opens what is sealed for it, have it do so, and believe the
//! report only as far as it is proven. docs/escrow-drills.md says what that proves.

mod ask;
mod check;
mod collect;
mod drill;
mod kept;

pub use ask::Request;
pub use check::{Checker, Outcome};
pub use collect::{Collected, collect};
pub use drill::drill;
pub use kept::Kept;

#[cfg(test)]
mod tests;
