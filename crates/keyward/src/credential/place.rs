//! Where credentials go, and in what form their client half leaves.

use std::fmt;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use keyward_core::credential::{CLIENT_FILE, Credential, SERVER_FILE, Site};
use keyward_core::error::Result;

use super::folder::SEALED_CLIENT_FILE;
use crate::io_error::io_error;

/// Seals a client half: from its bytes to those of an envelope that the site's operator can open.
pub type Seal<'a> = dyn Fn(&Site, &[u8]) -> Result<Vec<u8>> + 'a;

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

    /// The name of the client half.
    pub(super) fn client_file(&self) -> &'static str {
        if self.seal.is_some() {
            SEALED_CLIENT_FILE
        } else {
            CLIENT_FILE
        }
    }

    /// The two files of a credential, by name.
    pub(super) fn files<'a>(&self, site: &Site, credential: &'a Credential) -> Result<[File<'a>; 2]> {
        let client = match self.seal {
            None => Content::Plain(credential.client_half.expose()),
            Some(seal) => Content::Sealed(seal(site, credential.client_half.expose())?),
        };
        let server = Content::Plain(credential.server_half.expose());
        Ok([
            File {
                name: self.client_file(),
                content: client,
            },
            File {
                name: SERVER_FILE,
                content: server,
            },
        ])
    }

    /// Makes the folder when it is missing, for its owner only. The one above must be there.
    pub(super) fn prepare(&self) -> Result<()> {
        match DirBuilder::new().mode(0o700).create(self.out) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(io_error("make the folder", self.out, error)),
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

/// A file to write.
pub(super) struct File<'a> {
    pub(super) name: &'static str,
    content: Content<'a>,
}

enum Content<'a> {
    Plain(&'a [u8]),
    Sealed(Vec<u8>),
}

impl File<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Plain(bytes) => bytes,
            Content::Sealed(bytes) => bytes,
        }
    }
}
