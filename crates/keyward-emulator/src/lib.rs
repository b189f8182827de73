//! A Cloud KMS emulator that real clients accept: gRPC and REST on one port, over the key machine and the store of
//! keyward's embedded KMS. It is a test bed, not a key store for production.
//!
//! - [`interface`] is what goes over the wire, compiled from our own definition in `proto/`.
//! - An RPC is one type that implements `rpc::Rpc`, in one small file; `serve` is the way that every call takes, over
//!   gRPC and over REST: caller, faults, permission, answer, log.
//! - `server` is the port, with its limits; `grpc` the services by name; `rest` the same over JSON, read off the
//!   definition; [`Emulator`] starts and stops it all.
//! - `refusal` is how a call fails, in Google's codes and sentences.

mod command;
mod emulator;
mod grpc;
mod iam;
mod kms;
mod locations;
mod refusal;
mod rest;
mod rpc;
mod serve;
mod server;
mod service;
mod shelf;
mod state;
mod storage;
mod trouble;

pub use command::run;
pub use emulator::{Builder, Emulator};
pub use tonic::Code;
pub use trouble::{CallRecord, Fault, Lags, Trouble};

/// The interface that is served, as a serialized `google.protobuf.FileDescriptorSet`.
pub fn descriptor() -> &'static [u8] {
    rest::DESCRIPTOR
}

/// The messages and services of Cloud KMS v1 and its mixins, generated from `proto/`.
#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    unreachable_pub,
    reason = "generated: the definition is what is read"
)]
pub mod interface {
    include!(concat!(env!("OUT_DIR"), "/interface.rs"));
}
