//! A Cloud KMS emulator that real clients accept: gRPC and REST on one port, over the key machine and the store of
//! keyward's embedded KMS. It is a test bed, not a key store for production.
//!
//! - [`interface`] is what goes over the wire, compiled from our own definition in `proto/`.
//! - An RPC is one type that implements `rpc::Rpc`, in one small file; `serve` is the way that every call takes, over
//!   gRPC and over REST: caller, faults, permission, answer, log.
//! - `refusal` is how a call fails, in Google's codes and sentences.

mod iam;
mod kms;
mod locations;
mod refusal;
mod rpc;
mod serve;
mod service;
mod shelf;
mod state;
mod trouble;

/// The messages and services of Cloud KMS v1 and its mixins, generated from `proto/`.
#[allow(
    missing_docs,
    clippy::all,
    unreachable_pub,
    reason = "generated: the definition is what is read"
)]
pub mod interface {
    include!(concat!(env!("OUT_DIR"), "/interface.rs"));
}
