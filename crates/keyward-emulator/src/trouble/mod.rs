//! Trouble on demand: faults, the clock, the log of calls.

use std::time::Duration;

use tonic::Code;

use crate::refusal::Refusal;
use crate::rpc::{Caller, Method};

/// What was asked to go wrong.
pub(crate) struct Trouble {}

/// What goes wrong with one call.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The answer comes later.
    Delay(Duration),
    /// Nothing is done, and this is answered.
    Error(Refusal),
    /// Everything is done, and the answer is lost.
    DropReply,
    /// The answer's checksum is wrong.
    CorruptChecksum,
}

impl Trouble {
    /// The fault that this call meets, if any. Asking takes it.
    pub(crate) fn meet(&self, _method: &Method, _resource: &str) -> Option<Fault> {
        None
    }

    /// Remembers a call and how it ended.
    pub(crate) fn log(&self, _caller: &Caller, _method: &Method, _resource: &str, _outcome: Code) {}
}
