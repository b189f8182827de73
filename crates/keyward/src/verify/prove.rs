//! Proof that a key exists and works, in the form that the lock keeps.

use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use keyward_core::key::{CryptoKey, KeyVersion, VersionState};
use keyward_core::kms::{EncryptWith, Observed};
use keyward_core::manifest::{LockedKey, LockedVersion};
use keyward_core::name::{KeyRef, VersionRef};
use rand_core::CryptoRng;

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
    pub async fn prove(&self, key: &KeyRef, rng: &mut dyn CryptoRng) -> Result<LockedKey> {
        let reader = self.readers.get(key.provider)?;
        let live = seen(key, in_time(self.deadline, reader.get_key(&key.name)).await)?;
        let versions = seen(key, in_time(self.deadline, reader.list_versions(&key.name)).await)?;
        for version in versions
            .iter()
            .filter(|version| version.state == VersionState::Enabled)
        {
            let version = VersionRef {
                provider: key.provider,
                name: version.name.clone(),
            };
            self.prove_version(&version, rng).await?;
        }
        Ok(self.locked(&live, &versions))
    }

    /// Seals and opens a canary under exactly `version`.
    ///
    /// # Errors
    /// Those of [`Self::prove`].
    pub async fn prove_version(&self, version: &VersionRef, rng: &mut dyn CryptoRng) -> Result<()> {
        let crypt = self.crypters.get(version.provider)?;
        let secret = canary::secret(rng);
        let with = EncryptWith::Version(&version.name);
        let patience = Patience::new(self.deadline);
        let flown = canary::fly(crypt.as_ref(), (version.provider, with), &secret, &patience).await;
        flown
            .map(|_| ())
            .map_err(|failure| failure.into_error().on(version))
    }

    fn locked(&self, key: &CryptoKey, versions: &[KeyVersion]) -> LockedKey {
        let versions = versions.iter().map(|version| {
            let locked = LockedVersion {
                state: version.state.id().to_owned(),
                created: version.created,
            };
            (version.name.number(), locked)
        });
        LockedKey {
            created: key.created,
            rotation: key.rotation.and_then(|schedule| schedule.period()),
            destroy_window: key.destroy_window.length(),
            primary: key.primary,
            versions: versions.collect(),
            proven_at: self.now,
            proven_by: self.by.to_owned(),
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
