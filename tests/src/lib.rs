//! Tests that more than one crate needs: what every provider must do, a naive model of keys, and broken calls.
//!
//! - [`conformance`]: the suite that every KMS provider passes, ours and others'.
//! - [`naive`]: a key machine written as plainly as possible, to compare the real one with.
//! - [`operation`]: one act on keys, which [`naive`], [`pure`] and [`embedded`] carry out each in its own way.
//! - [`google`]: somebody with Google's own client, who can do what keyward cannot.
//! - [`emulated`]: an emulator that it talks to.
//! - [`cloud`]: keyward's provider at an emulator.
//! - [`probe`]: questions whose answers by Cloud KMS nobody has seen yet.
//! - [`fault`]: runs a program that is killed, or whose calls fail, at a chosen write.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

pub mod cloud;
pub mod conformance;
pub mod embedded;
pub mod emulated;
pub mod fault;
pub mod folder;
pub mod google;
pub mod naive;
pub mod operation;
pub mod picture;
pub mod plain_http;
pub mod probe;
pub mod pure;
pub mod server;
pub mod session;
pub mod story;
