//! The `keyward-emulator` binary; everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(keyward_emulator::run(std::env::args_os()))
}
