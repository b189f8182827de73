//! Sealing client halves, so that they leave only as envelopes.

use keyward::envelope::{open_bytes, seal_bytes};
use keyward::keyring::{Opener, Permitted, Sealer};
use keyward::registry::Crypters;
use keyward_core::credential::Site;
use keyward_core::error::{Error, Result};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::recipients::{self, Chosen};
use crate::session::{Session, wait_for};

/// Whom client halves are sealed for, and with what.
pub(super) struct Sealing {
    chosen: Chosen,
    crypters: Crypters,
}

impl Sealing {
    /// For the keyring, the recipient or the key that `word` names.
    pub(super) fn to(session: &Session, word: &str) -> Result<Self> {
        let chosen = recipients::in_one_word(session, word)?;
        let providers = session.providers();
        let crypters = providers.map_or_else(|_| Crypters::new(), |providers| providers.crypters());
        Ok(Self { chosen, crypters })
    }

    /// What seals one.
    pub(super) fn seal(&self) -> impl Fn(&Site, &[u8]) -> Result<Vec<u8>> + Sync {
        |site, half| self.sealed(half).map_err(|error| error.on(site))
    }

    fn sealed(&self, half: &[u8]) -> Result<Vec<u8>> {
        let sealer = Sealer::new(&self.crypters, &self.chosen.keyring);
        let context = self.chosen.context.clone();
        let (envelope, _) = wait_for(seal_bytes(half, context, &sealer, &mut UnwrapErr(SysRng)))?;
        self.read_back(&envelope, half)?;
        Ok(envelope)
    }

    /// The half is nowhere else, so it must open. What only offline identities open cannot be proven here.
    fn read_back(&self, envelope: &[u8], half: &[u8]) -> Result<()> {
        let permitted = Permitted::none().keys(self.chosen.keyring.keys.iter().cloned());
        if permitted.is_none() {
            return Ok(());
        }
        let opener = Opener::new(&self.crypters, &permitted, &[], &self.chosen.context);
        let (opened, _) = wait_for(open_bytes(envelope, &opener))?;
        match opened.same_as(half) {
            true => Ok(()),
            false => Err(Error::bug("what was sealed does not open to what it was")),
        }
    }
}
