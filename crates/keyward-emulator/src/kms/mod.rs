//! Cloud KMS: one file an RPC, and what they share.

mod field;
mod list;
mod unverified;
