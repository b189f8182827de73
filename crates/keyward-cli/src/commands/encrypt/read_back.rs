//! Before a file is replaced by the sealed one, the sealed one is opened, by the keys it was sealed for, and compared.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use keyward::atomic_file::NewFile;
use keyward::body::BodyReader;
use keyward::envelope::{EnvelopeFile, open_bytes};
use keyward::io_error;
use keyward::keyring::{Opener, Permitted};
use keyward::registry::Crypters;
use keyward_core::error::{Error, Result};
use keyward_core::recipient::Identity;
use keyward_core::secret::SecretBytes;
use zeroize::Zeroizing;

use crate::identities;
use crate::recipients::Chosen;
use crate::session::Session;
use crate::ui::hints;

/// Bytes compared at a time.
const PIECE: usize = 256 * 1024;

/// What opens the file that was just sealed.
pub(super) struct ReadBack<'a> {
    session: &'a Session,
    chosen: &'a Chosen,
    crypters: &'a Crypters,
    permitted: Permitted,
    identities: Vec<Arc<dyn Identity>>,
}

impl<'a> ReadBack<'a> {
    /// The keys that it was sealed for; where it was sealed for age recipients only, the identities found here.
    pub(super) fn new(session: &'a Session, chosen: &'a Chosen, crypters: &'a Crypters) -> Result<Self> {
        let permitted = Permitted::none().keys(chosen.keyring.keys.iter().cloned());
        let found = if permitted.is_none() {
            identities::found(session)?
        } else {
            Vec::new()
        };
        if permitted.is_none() && found.is_empty() {
            return Err(hints::cannot_be_opened_here());
        }
        let identities = found
            .into_iter()
            .map(|identity| identity as Arc<dyn Identity>)
            .collect();
        Ok(Self {
            session,
            chosen,
            crypters,
            permitted,
            identities,
        })
    }

    /// Opens `envelope` and compares it with `plain`.
    pub(super) fn same_bytes(&self, envelope: &[u8], plain: &SecretBytes) -> Result<()> {
        let (opened, _) = self.session.wait_for(open_bytes(envelope, &self.opener()))?;
        if opened.same_as(plain.expose()) {
            Ok(())
        } else {
            Err(differs())
        }
    }

    /// Opens the envelope in `sealed` and compares it with `plain`.
    pub(super) fn same_file(&self, sealed: &NewFile, plain: &File) -> Result<()> {
        let envelope = EnvelopeFile::open(sealed.path())?;
        let (header, head) = (envelope.header(), envelope.head());
        // Not by the envelope's own `unlock`, whose errors would tell where it stands for the moment.
        let unlocked = self.session.wait_for(self.opener().unlock(header, None, &head))?;
        same_content(&envelope.reader(unlocked.opener)?, plain)
            .map_err(|why| io_error("read it back", sealed.target(), why))?
            .then_some(())
            .ok_or_else(differs)
    }

    fn opener(&self) -> Opener<'_> {
        Opener::new(
            self.crypters,
            &self.permitted,
            &self.identities,
            &self.chosen.context,
        )
    }
}

fn same_content(sealed: &BodyReader, plain: &File) -> std::io::Result<bool> {
    let (mut ours, mut theirs) = (Zeroizing::new(vec![0; PIECE]), Zeroizing::new(vec![0; PIECE]));
    let len = plain.metadata()?.len();
    let mut at = 0;
    while at < len {
        let wanted = usize::try_from(len - at).map_or(PIECE, |left| left.min(PIECE));
        plain.read_exact_at(&mut ours[..wanted], at)?;
        let got = sealed
            .read_at(at, &mut theirs[..wanted])
            .map_err(std::io::Error::other)?;
        if ours[..wanted] != theirs[..got] {
            return Ok(false);
        }
        at += wanted as u64;
    }
    Ok(sealed.len() == len)
}

fn differs() -> Error {
    Error::unavailable("what was sealed is not what the file holds now; the file is left as it is")
        .hint("did something write to it meanwhile? Run it again")
}
