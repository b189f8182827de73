//! Looking at a site's folder: is it there, and is it a whole credential.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use keyward_core::credential::{CLIENT_FILE, SERVER_FILE, is_client_half_of, recorded_client};
use keyward_core::envelope::{Sniffed, sniff};
use keyward_core::error::{Error, Result};
use zeroize::Zeroizing;

use crate::io_error::io_error;

/// The file of a sealed client half.
pub const SEALED_CLIENT_FILE: &str = "secret.txt.kw";

/// Longest half that is read back; a made one has less than a hundredth of it, unless it lists many permissions.
const HALF_LEN: u64 = 4 * 1024 * 1024;

/// The client id of the credential in `folder`, or `None` when there is no such folder.
///
/// # Errors
/// A usage error when it is there without being a whole credential: then nothing may be put in its place.
pub(super) fn look(folder: &Path) -> Result<Option<String>> {
    match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("examine it", folder, error)),
        Ok(_) => {}
    }
    let client_id = read(&folder.join(SERVER_FILE))
        .and_then(|server| recorded_client(&server))
        .map_err(|error| not_whole(folder, &error))?;
    check_client_half(folder, &client_id).map_err(|error| not_whole(folder, &error))?;
    Ok(Some(client_id))
}

fn check_client_half(folder: &Path, client_id: &str) -> Result<()> {
    let plain = folder.join(CLIENT_FILE);
    let sealed = folder.join(SEALED_CLIENT_FILE);
    if !plain.exists() && sealed.exists() {
        return match sniff(&read(&sealed)?) {
            Sniffed::Binary => Ok(()),
            _ => Err(Error::damaged(format!("{SEALED_CLIENT_FILE} is not an envelope"))),
        };
    }
    match is_client_half_of(&read(&plain)?, client_id) {
        true => Ok(()),
        false => Err(Error::damaged(format!(
            "{CLIENT_FILE} does not belong to {SERVER_FILE}"
        ))),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |error| io_error("read it", path, error);
    let file = File::open(path).map_err(failed)?;
    let len = file.metadata().map_err(failed)?.len().min(HALF_LEN);
    // One allocation of the whole length, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or(0) + 1));
    file.take(HALF_LEN).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn not_whole(folder: &Path, why: &Error) -> Error {
    Error::usage(format!(
        "the folder is there and holds no whole credential ({why}); it is left as it is"
    ))
    .on(folder.display())
    .hint("look at what is in it, move it away, and run the command again")
}
