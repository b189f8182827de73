//! Looking at a site's folder: is it there, is it a whole credential, and is it the one that is asked for.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use keyward_core::credential::{CLIENT_FILE, Recorded, Request, SERVER_FILE, Site, is_client_half_of};
use keyward_core::envelope::{Sniffed, sniff};
use keyward_core::error::{Error, Result};
use zeroize::Zeroizing;

use crate::io_error::io_error;
use crate::regular_file::open_regular;

/// The file of a sealed client half.
pub const SEALED_CLIENT_FILE: &str = "secret.txt.kw";

/// Longest half that is read back; a made one has less than a hundredth of it, unless it lists many permissions.
const HALF_LEN: u64 = 4 * 1024 * 1024;

/// A credential that is there, whole.
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) client_id: String,
    /// The file of the client half. It is gone once the half was handed over.
    pub(super) client_file: Option<&'static str>,
    /// In what it is not as asked.
    pub(super) differs: Vec<&'static str>,
}

/// The credential in `folder`, or `None` when there is no such folder. `sealed`: its client half is not to be in clear.
///
/// # Errors
/// A usage error when it is there without being a whole credential, or with a client half in clear that is not to be:
/// then nothing may be put in its place.
pub(super) fn look(folder: &Path, request: &Request, sealed: bool) -> Result<Option<Found>> {
    match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("examine it", folder, error)),
        Ok(_) => {}
    }
    let recorded = read(&folder.join(SERVER_FILE))
        .and_then(|server| Recorded::read(&server))
        .map_err(|error| not_whole(folder, &error))?;
    let client_file = client_half(folder, recorded.oauth_client_id(), &request.site)
        .map_err(|error| not_whole(folder, &error))?;
    if sealed && client_file == Some(CLIENT_FILE) {
        return Err(in_clear(folder));
    }
    Ok(Some(Found {
        folder: folder.to_owned(),
        client_id: recorded.oauth_client_id().to_owned(),
        client_file,
        differs: recorded.differs_from(request),
    }))
}

/// Which client half is there, after a look at whether it belongs there. One in clear comes first.
fn client_half(folder: &Path, client_id: &str, site: &Site) -> Result<Option<&'static str>> {
    let is_there = |name: &&str| folder.join(name).symlink_metadata().is_ok();
    let name = [CLIENT_FILE, SEALED_CLIENT_FILE].into_iter().find(is_there);
    let fault = match name {
        Some(CLIENT_FILE) if !is_client_half_of(&read(&folder.join(CLIENT_FILE))?, client_id, site) => {
            format!("{CLIENT_FILE} does not belong to {SERVER_FILE} and this site")
        }
        Some(SEALED_CLIENT_FILE) if sniff(&read(&folder.join(SEALED_CLIENT_FILE))?) != Sniffed::Binary => {
            format!("{SEALED_CLIENT_FILE} is not an envelope")
        }
        _ => return Ok(name),
    };
    Err(Error::damaged(fault))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let (file, snapshot) = open_regular(path)?;
    let len = snapshot.len().min(HALF_LEN);
    // One allocation of the whole length, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or(0) + 1));
    let read = file.take(HALF_LEN).read_to_end(&mut bytes);
    read.map_err(|error| io_error("read it", path, error))?;
    Ok(bytes)
}

fn not_whole(folder: &Path, why: &Error) -> Error {
    Error::usage(format!(
        "the folder is there and holds no whole credential ({why}); it is left as it is"
    ))
    .on(folder.display())
    .hint("look at what is in it, move it away, and run the command again")
}

fn in_clear(folder: &Path) -> Error {
    Error::usage("the client half is there already, and not sealed")
        .on(folder.join(CLIENT_FILE).display())
        .hint("`keyward encrypt` writes its envelope beside it; then remove it")
        .hint("or leave out `--seal-to`, or remove it if it was handed over")
}
