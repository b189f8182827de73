//! Proving keys, and bringing the lock up to what was proven.

use keyward::adopt::{self, Adoption};
use keyward::lock_file;
use keyward::project::Project;
use keyward::registry::{Crypters, Readers};
use keyward::verify::{DEADLINE, Prover, in_time};
use keyward_core::error::{Error, Result};
use keyward_core::kms::Observed;
use keyward_core::manifest::LockedKey;
use keyward_core::name::{KeyRef, VersionRef};

use crate::providers::Providers;
use crate::session::Session;
use crate::ui::hints;

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
        Ok((key.clone(), self.prover().prove(key).await?))
    }

    /// Looks at a key that may be adopted, and proves it; `recorded` is what the lock has about it.
    ///
    /// # Errors
    /// Those of [`adopt::look`].
    pub(super) async fn adoption(
        &self,
        key: &KeyRef,
        recorded: Option<&LockedKey>,
        even_if_replaced: bool,
    ) -> Result<Adoption> {
        adopt::look(&self.prover(), key, recorded, even_if_replaced).await
    }

    /// Proves one version.
    ///
    /// # Errors
    /// It does not do its work.
    pub(super) async fn version(&self, version: &VersionRef) -> Result<()> {
        self.prover().prove_version(version).await.map(drop)
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

/// Adds what is `proven` to the lock of `project`. What somebody else recorded meanwhile stays.
///
/// # Errors
/// The lock cannot be read or written.
pub(super) fn record(project: &Project, proven: Vec<Proven>) -> Result<()> {
    if proven.is_empty() {
        return Ok(());
    }
    lock_file::update(&project.lock_file(), |lock| {
        for (key, locked) in proven {
            lock.keys.entry(key).or_insert(locked);
        }
        Ok(())
    })
}

/// Records in the lock of `project` that `version` changed its state; says so when it cannot be recorded.
pub(super) fn bring_lock_up(
    session: &Session,
    providers: &Providers,
    project: &Project,
    version: &VersionRef,
) {
    let readers = providers.readers();
    if let Err(why) = session.wait_for(record_state(project, &readers, version)) {
        session.ui.warn(hints::lock_not_brought_up(&why));
    }
}

/// Only the state, and only of the version that the lock means: whatever else is not as recorded is for
/// `keyward verify` to find.
async fn record_state(project: &Project, readers: &Readers, version: &VersionRef) -> Result<()> {
    let (key, number) = (version.key(), version.name.number());
    let reader = readers.get(version.provider)?;
    let live = seen(in_time(DEADLINE, reader.get_key(&key.name)).await)?;
    let now = seen(in_time(DEADLINE, reader.get_version(&version.name)).await)?;
    lock_file::update(&project.lock_file(), |lock| {
        let recorded = lock.keys.get(&key);
        match recorded.and_then(|key| Some((key, key.versions.get(&number)?))) {
            None => Err(Error::refused("it does not have this version").on(version)),
            Some((key, was)) if key.created == live.created && was.created == now.created => {
                lock.set_state(version, now.state.id());
                Ok(())
            }
            Some(_) => Err(Error::refused("it has another one of this name").on(version)),
        }
    })
}

fn seen<T>(observed: Observed<T>) -> Result<T> {
    match observed {
        Observed::Present(value) => Ok(value),
        Observed::Absent => Err(Error::unavailable("it is gone again")),
        Observed::Unknown(why) => Err(Error::unavailable(why)),
    }
}
