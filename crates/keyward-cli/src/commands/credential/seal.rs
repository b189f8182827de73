//! Sealing client halves, so that they leave only as envelopes.

use std::path::{Path, PathBuf};

use keyward::credential::{SEALED_CLIENT_FILE, Seal};
use keyward::envelope::{open_bytes, seal_bytes};
use keyward::keyring::{Opener, Permitted, Sealer};
use keyward::project::Project;
use keyward::registry::Crypters;
use keyward_core::context::EncryptionContext;
use keyward_core::credential::Site;
use keyward_core::error::{Error, ErrorKind, Result};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::recipients::{self, Chosen};
use crate::session::Session;
use crate::waiter::Waiter;

/// Whom client halves are sealed for, and with what.
pub(super) struct Sealing<'s> {
    out: &'s Path,
    chosen: Chosen,
    project: Option<&'s Project>,
    crypters: Crypters,
    waiter: Waiter,
}

impl<'s> Sealing<'s> {
    /// For the keyring, the recipient or the key that `word` names, if one is given. From here on the session is in the
    /// project of `out`.
    pub(super) fn wanted(session: &'s Session, word: Option<&str>, out: &'s Path) -> Result<Option<Self>> {
        let inside = out.join(SEALED_CLIENT_FILE);
        let Some(word) = word else {
            session.if_readable(session.project_of(&inside));
            return Ok(None);
        };
        let chosen = recipients::in_one_word(session, word, &inside)?;
        Ok(Some(Self {
            out,
            project: session.project().ok().flatten(),
            chosen,
            crypters: session.providers()?.crypters(),
            waiter: session.waiter(),
        }))
    }

    /// What seals one.
    pub(super) fn seal(&self) -> Box<Seal<'_>> {
        Box::new(|site, half| self.sealed(site, half).map_err(|error| again(error).on(site)))
    }

    /// What opens the half of `site`, when the command that opens other files here does not.
    pub(super) fn opened_with(&self, site: &Site) -> Option<String> {
        let name = self.chosen.name.as_deref()?;
        let file = self.file(site);
        match self.rule_context(&file) {
            Some(_) => None,
            None => Some(format!("keyward decrypt {} --keyring {name}", file.display())),
        }
    }

    fn file(&self, site: &Site) -> PathBuf {
        self.out.join(site.folder_name()).join(SEALED_CLIENT_FILE)
    }

    /// The context of the rule that covers `file`, if it leads to the same keyring: so the half opens like any file.
    fn rule_context(&self, file: &Path) -> Option<EncryptionContext> {
        let applied = self.project?.rule_for(file).ok()?;
        (Some(&applied.keyring.name) == self.chosen.name.as_ref()).then_some(applied.context)
    }

    fn sealed(&self, site: &Site, half: &[u8]) -> Result<Vec<u8>> {
        let sealer = Sealer::new(&self.crypters, &self.chosen.keyring);
        let context = self.rule_context(&self.file(site));
        let context = context.unwrap_or_else(|| self.chosen.context.clone());
        let (envelope, _) =
            self.waiter
                .wait_for(seal_bytes(half, context.clone(), &sealer, &mut UnwrapErr(SysRng)))?;
        self.read_back(&envelope, half, &context)?;
        Ok(envelope)
    }

    /// The half is nowhere else, so it must open. What only offline identities open cannot be proven here.
    fn read_back(&self, envelope: &[u8], half: &[u8], context: &EncryptionContext) -> Result<()> {
        let permitted = Permitted::none().keys(self.chosen.keyring.keys.iter().cloned());
        if permitted.is_none() {
            return Ok(());
        }
        let opener = Opener::new(&self.crypters, &permitted, &[], context);
        let (opened, _) = self.waiter.wait_for(open_bytes(envelope, &opener))?;
        match opened.same_as(half) {
            true => Ok(()),
            false => Err(Error::bug("what was sealed does not open to what it was")),
        }
    }
}

/// A credential is sealed for every location or not made: nothing repairs it later.
fn again(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unavailable => error.hint("bring the location back, and run the command again"),
        _ => error,
    }
}
