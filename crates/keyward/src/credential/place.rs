//! Where credentials go, and in what form their client half leaves.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use keyward_core::credential::{CLIENT_FILE, Credential, SERVER_FILE, Site};
use keyward_core::error::Result;
use keyward_core::secret::SecretBytes;

use super::folder::SEALED_CLIENT_FILE;
use crate::io_error::io_error;

/// Seals a client half: from its bytes to those of an envelope that the site's operator can open. A batch calls it on
/// several threads.
pub type Seal<'a> = dyn Fn(&Site, &[u8]) -> Result<Vec<u8>> + Sync + 'a;

/// A folder for credentials.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The folder in which each site gets its own.
    pub out: &'a Path,
    /// How the client half is sealed; `None` leaves it in clear, readable by its owner only.
    pub seal: Option<&'a Seal<'a>>,
}

impl Place<'_> {
    /// The folder of `site`.
    pub fn folder(&self, site: &Site) -> PathBuf {
        self.out.join(site.folder_name())
    }

    /// The name of the client half's file.
    pub fn client_file(&self) -> &'static str {
        if self.seal.is_some() {
            SEALED_CLIENT_FILE
        } else {
            CLIENT_FILE
        }
    }

    /// What goes into the folder of `site`.
    pub(super) fn halves<'a>(&self, site: &'a Site, credential: Credential) -> Result<Halves<'a>> {
        let client = match self.seal {
            None => Client::Plain(credential.client_half),
            Some(seal) => Client::Sealed(seal(site, credential.client_half.expose())?),
        };
        Ok(Halves {
            site,
            client,
            server: credential.server_half,
        })
    }

    /// Makes the folder when it is missing, for its owner only. The one above must be there.
    pub(super) fn prepare(&self) -> Result<Prepared<'_>> {
        match DirBuilder::new().mode(0o700).create(self.out) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Prepared(None)),
            Err(error) => return Err(io_error("make the folder", self.out, error)),
        }
        let prepared = Prepared(Some(self.out));
        let above = match self.out.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        let synced = File::open(above).and_then(|above| above.sync_all());
        synced.map_err(|error| io_error("write the folder to disk", above, error))?;
        Ok(prepared)
    }
}

/// The folder as it is needed. One that was made for a run that leaves nothing in it goes again.
pub(super) struct Prepared<'a>(Option<&'a Path>);

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if let Some(made) = self.0 {
            // Refused by the system as soon as anything is in it.
            let _ = fs::remove_dir(made);
        }
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { out, seal } = self;
        f.debug_struct("Place")
            .field("out", out)
            .field("sealed", &seal.is_some())
            .finish()
    }
}

/// Both halves of a site's credential, as they are to be written.
pub(super) struct Halves<'a> {
    pub(super) site: &'a Site,
    client: Client,
    server: SecretBytes,
}

enum Client {
    Plain(SecretBytes),
    Sealed(Vec<u8>),
}

impl Halves<'_> {
    /// The files, by name.
    pub(super) fn files(&self) -> [(&'static str, &[u8]); 2] {
        let client = match &self.client {
            Client::Plain(half) => (CLIENT_FILE, half.expose()),
            Client::Sealed(half) => (SEALED_CLIENT_FILE, half.as_slice()),
        };
        [client, (SERVER_FILE, self.server.expose())]
    }
}
