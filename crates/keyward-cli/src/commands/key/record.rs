//! Proving keys, and bringing the lock up to what was proven.

use keyward::lock_file::LockFile;
use keyward::project::Project;
use keyward::registry::{Crypters, Readers};
use keyward::verify::{DEADLINE, Prover};
use keyward_core::error::Result;
use keyward_core::manifest::LockedKey;
use keyward_core::name::{KeyRef, VersionRef};

use crate::providers::Providers;
use crate::session::Session;

/// A key, and what the lock is to say about it.
pub(super) type Proven = (KeyRef, LockedKey);

/// What proves keys, in the name of the command `by`.
pub(super) struct Prove<'a> {
    session: &'a Session,
    readers: Readers,
    crypters: Crypters,
    by: &'static str,
}

impl<'a> Prove<'a> {
    /// Ports that look, and ports that seal and open canaries.
    pub(super) fn new(session: &'a Session, providers: &Providers, by: &'static str) -> Self {
        Self {
            session,
            readers: providers.readers(),
            crypters: providers.crypters(),
            by,
        }
    }

    /// Proves a key: a canary under each version that is enabled.
    ///
    /// # Errors
    /// The key is not there, or a version does not do its work.
    pub(super) async fn key(&self, key: &KeyRef) -> Result<Proven> {
        Ok((
            key.clone(),
            self.prover().prove(key, &mut self.session.rng()).await?,
        ))
    }

    /// Proves one version.
    ///
    /// # Errors
    /// It does not do its work.
    pub(super) async fn version(&self, version: &VersionRef) -> Result<()> {
        self.prover()
            .prove_version(version, &mut self.session.rng())
            .await
    }

    fn prover(&self) -> Prover<'_> {
        let now = self.session.clock.now();
        Prover {
            readers: &self.readers,
            crypters: &self.crypters,
            now,
            by: self.by,
            deadline: DEADLINE,
        }
    }
}

/// Writes what is `proven` into the lock of `project`.
///
/// # Errors
/// The lock cannot be read or written, or changed meanwhile.
pub(super) fn record(project: &Project, proven: Vec<Proven>) -> Result<()> {
    let mut file = LockFile::read_or_new(&project.lock_file())?;
    file.lock.keys.extend(proven);
    file.write()
}
