//! The emulator, for the tests of this package: cargo gives a binary's path only to the package that it belongs to.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(keyward_emulator::run(std::env::args_os()))
}
