//! Proof that a key exists and works, in the form that the lock keeps.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use keyward_core::key::{CryptoKey, KeyVersion, VersionState};
use keyward_core::kms::Observed;
use keyward_core::manifest::{LockedKey, LockedVersion, Mark, Proof};
use keyward_core::name::{KeyRef, VersionRef};

use super::canary;
use super::observe::in_time;
use super::patience::Patience;
use crate::registry::{Crypters, Readers};

/// What it takes to prove keys.
pub struct Prover<'a> {
    /// Ports that look.
    pub readers: &'a Readers,
    /// Ports that seal and open canaries.
    pub crypters: &'a Crypters,
    /// The instant of the proof.
    pub now: Timestamp,
    /// The command that proves, for the lock: `key create`.
    pub by: &'a str,
    /// How long one call may take ([`super::DEADLINE`]).
    pub deadline: Duration,
}

impl Prover<'_> {
    /// Looks at `key`, seals and opens a canary under each enabled version by its full name, and answers what the lock
    /// is to record. Versions that are not enabled are recorded as they are.
    ///
    /// # Errors
    /// A refusal when the key is not there, or a version does not do its work; unavailable when that cannot be seen.
    pub async fn prove(&self, key: &KeyRef) -> Result<LockedKey> {
        let reader = self.readers.get(key.provider)?;
        let live = seen(key, in_time(self.deadline, reader.get_key(&key.name)).await)?;
        let versions = seen(key, in_time(self.deadline, reader.list_versions(&key.name)).await)?;
        self.prove_seen(key, &live, &versions).await
    }

    /// The same for a key that was looked at just now: `live`, with all its `versions`.
    ///
    /// # Errors
    /// Those of [`Self::prove`].
    pub async fn prove_seen(
        &self,
        key: &KeyRef,
        live: &CryptoKey,
        versions: &[KeyVersion],
    ) -> Result<LockedKey> {
        let mut locked = self.locked(live);
        for version in versions {
            let number = version.name.number();
            let canary = match version.state {
                VersionState::Enabled => Some(self.prove_version(&key.version(number)).await?),
                _ => None,
            };
            locked
                .versions
                .insert(number, self.locked_version(version, canary));
        }
        Ok(locked)
    }

    /// Seals and opens a canary under exactly `version`. Answers its ciphertext, for the lock.
    ///
    /// # Errors
    /// Those of [`Self::prove`].
    pub async fn prove_version(&self, version: &VersionRef) -> Result<Vec<u8>> {
        let crypt = self.crypters.get(version.provider)?;
        let patience = Patience::new(self.deadline);
        let flown = canary::fly_for_lock(crypt.as_ref(), version, &patience).await;
        flown.map_err(|failure| failure.into_error().on(version))
    }

    /// Opens the canary of `version` that the lock keeps: it opens under the material that sealed it, and no other.
    ///
    /// # Errors
    /// A refusal, or damage, when it does not open; unavailable when that cannot be tried.
    pub async fn open_recorded(&self, version: &VersionRef, canary: &[u8]) -> Result<()> {
        let crypt = self.crypters.get(version.provider)?;
        let patience = Patience::new(self.deadline);
        let opened = canary::open_from_lock(crypt.as_ref(), version, canary, &patience).await;
        opened.map_err(|failure| {
            Error::new(
                failure.kind(),
                "the canary that the lock keeps does not open under it",
            )
            .because(failure.into_error())
            .on(version)
        })
    }

    /// What the lock says about a proof by this prover.
    pub fn proof(&self) -> Proof {
        Proof {
            at: self.now,
            by: self.by.to_owned(),
        }
    }

    fn locked(&self, key: &CryptoKey) -> LockedKey {
        LockedKey {
            created: key.created,
            protection: Some(key.protection.id().to_owned()),
            rotation: key.rotation.and_then(|schedule| schedule.period()),
            next_rotation: key.rotation.map(|schedule| schedule.next()),
            destroy_window: key.destroy_window.length(),
            primary: key.primary,
            versions: BTreeMap::new(),
            proven_at: self.now,
            proven_by: self.by.to_owned(),
            mark: Mark::Whole,
        }
    }

    fn locked_version(&self, version: &KeyVersion, canary: Option<Vec<u8>>) -> LockedVersion {
        LockedVersion {
            state: version.state.id().to_owned(),
            created: version.created,
            proven: canary.is_some().then(|| self.proof()),
            canary,
        }
    }
}

fn seen<T>(key: &KeyRef, observed: Observed<T>) -> Result<T> {
    match observed {
        Observed::Present(value) => Ok(value),
        Observed::Absent => Err(Error::refused("it does not exist").on(key)),
        Observed::Unknown(why) => Err(Error::unavailable(format!("it cannot be seen: {why}")).on(key)),
    }
}
