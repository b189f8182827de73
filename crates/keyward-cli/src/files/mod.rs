//! What a verb reads and where its result goes: files, stdin and stdout.

mod input;
mod output;

pub(crate) use input::Input;
pub(crate) use output::{Output, Place};
