//! The standing guard: from a report to alerts that are repeated until somebody answers for them.
//!
//! An alert is about one resource and one trouble, and keeps its id while that lasts. How bad it is follows from what
//! would be lost, never from the name of an environment.

mod alert;
mod document;
mod memory;
mod message;
mod stake;

pub use alert::{Alarm, Alert, Stake, alerts};
pub use memory::{Known, Memory, Round};
pub use message::{Message, SIGNATURE_HEADER, signature};
pub use stake::stake;

#[cfg(test)]
mod tests;
