//! `SOPS_AGE_KEY`: the one secret that is taken from the environment, for compatibility with sops, and taken out of it
//! at once.
//!
//! What a process was started with stays readable in `/proc/PID/environ`, whatever it removes later. So the value is
//! put into anonymous memory, and the program executes itself again without the variable: same process, same
//! arguments, and an environment that never held the secret.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use keyward_core::limits;
use keyward_core::secret::SecretBytes;
use rustix::fs::{MemfdFlags, memfd_create};
use zeroize::Zeroizing;

const VARIABLE: &str = "SOPS_AGE_KEY";
/// Names the file descriptor that the anonymous memory was handed over in. It is a number, not a secret.
const HANDED: &str = "KEYWARD_HANDED_FD";
const MEMORY: &str = "keyward-handed";

/// The value, if there is one, and whether it could be taken out of the environment.
pub(crate) struct Taken {
    pub(crate) value: SecretBytes,
    pub(crate) is_out: bool,
}

/// Takes the variable. Does not return where it starts the program over.
pub(crate) fn take() -> Option<Taken> {
    match env::var_os(VARIABLE) {
        Some(value) => {
            let value = SecretBytes::new(value.into_vec());
            // Only a failure comes back.
            let _why = start_over(&value);
            Some(Taken { value, is_out: false })
        }
        None => handed_over().map(|value| Taken { value, is_out: true }),
    }
}

fn start_over(value: &SecretBytes) -> io::Error {
    let memory = match memfd_create(MEMORY, MemfdFlags::empty()) {
        Ok(memory) => File::from(memory),
        Err(why) => return why.into(),
    };
    if let Err(why) = (&memory).write_all(value.expose()) {
        return why;
    }
    let mut words = env::args_os();
    let name = words.next().unwrap_or_else(|| "keyward".into());
    Command::new("/proc/self/exe")
        .arg0(name)
        .args(words)
        .env_remove(VARIABLE)
        .env(HANDED, memory.as_raw_fd().to_string())
        .exec()
}

/// Reads the value, then empties the memory that it came in.
fn handed_over() -> Option<SecretBytes> {
    let number: u32 = env::var(HANDED).ok()?.parse().ok()?;
    let path = format!("/proc/self/fd/{number}");
    if !fs::read_link(&path)
        .ok()?
        .to_str()?
        .starts_with(&format!("/memfd:{MEMORY} "))
    {
        return None;
    }
    let mut memory = File::options().read(true).write(true).open(path).ok()?;
    let mut value = Zeroizing::new(Vec::with_capacity(limits::KEY_FILE_LEN));
    Read::take(&memory, limits::KEY_FILE_LEN as u64)
        .read_to_end(&mut value)
        .ok()?;
    memory
        .rewind()
        .and_then(|()| memory.write_all(&vec![0; value.len()]))
        .ok()?;
    memory.set_len(0).ok()?;
    (!value.is_empty()).then(|| SecretBytes::new(value.to_vec()))
}
