//! Tests that more than one crate needs: what every provider must do, and a naive model of keys.
//!
//! - [`conformance`]: the suite that every KMS provider passes, ours and others'.

// This package is test code through and through: a surprise ends the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod conformance;
