//! What ways hang on: the keys as they are now, who owns and rules them, and which escrow recipients were drilled.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::{Timestamp, until};
use crate::inventory::{Powers, Way};
use crate::key::{KeyVersion, VersionState};
use crate::kms::Observed;
use crate::manifest::{Manifest, duration_text};
use crate::name::{KeyRef, Provider};

/// The identity that stands for everybody who can write the files of the embedded KMS.
pub const FOLDER_OWNER: &str = "the owner of the state folder";

/// Everything that decides which ways open now, and which go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// The keys of the manifest. A key that is not here was not looked at, and may open or not.
    pub keys: BTreeMap<KeyRef, KeyFacts>,
    /// Who may end the keys, and what their projects belong to.
    pub powers: Powers,
    /// When the identity of each escrow recipient last opened what it had to: by the recipient, as wraps name it.
    pub drilled: BTreeMap<String, Timestamp>,
    /// How old a drill may be.
    pub drill_every: Duration,
    /// The instant that "now" means.
    pub now: Timestamp,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The environment that it belongs to.
    pub env: String,
    /// Its versions and their states.
    pub versions: Observed<BTreeMap<u64, VersionState>>,
    /// The infrastructure state that manages it, if the manifest names one.
    pub managed_by: Option<String>,
}

/// How certain something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    No,
    Maybe,
    Yes,
}

impl Topology {
    /// What `manifest` alone says: keys that nobody looked at yet, and nothing about a cloud.
    pub fn of(manifest: &Manifest, now: Timestamp) -> Self {
        let mut topology = Self {
            keys: BTreeMap::new(),
            powers: Powers::default(),
            drilled: BTreeMap::new(),
            drill_every: manifest.drill_every(),
            now,
        };
        for keyring in manifest.keyrings() {
            for key in keyring.keys() {
                let facts = KeyFacts {
                    env: keyring.env.clone(),
                    versions: Observed::Unknown("it was not looked at".into()),
                    managed_by: keyring.managed_by.clone(),
                };
                topology.keys.insert(key.clone(), facts);
                if key.provider == Provider::Embedded {
                    let owner = BTreeSet::from([FOLDER_OWNER.to_owned()]);
                    topology.powers.over.insert(key.clone(), Observed::Present(owner));
                }
            }
        }
        topology
    }

    /// Notes how the versions of `key` were seen; nothing for a key that the manifest does not have.
    pub fn saw(&mut self, key: &KeyRef, versions: Observed<&[KeyVersion]>) {
        if let Some(facts) = self.keys.get_mut(key) {
            let states = |versions: &[KeyVersion]| {
                let states = versions
                    .iter()
                    .map(|version| (version.name.number(), version.state));
                states.collect()
            };
            facts.versions = versions.map(states);
        }
    }

    /// Whether `way` opens now. An escrow way does when its recipient was drilled; whether it was for a given thing too,
    /// is for others to say.
    pub(super) fn opens(&self, way: &Way) -> Sure {
        match way {
            Way::Kms { key, version } => match self.keys.get(key).map(|facts| &facts.versions) {
                None | Some(Observed::Unknown(_)) => Sure::Maybe,
                Some(Observed::Absent) => Sure::No,
                Some(Observed::Present(versions)) => match version {
                    Some(number) => versions.get(number).map_or(Sure::No, |state| usable(*state)),
                    None => any_of(versions),
                },
            },
            Way::Escrow(recipient) if self.was_drilled(recipient) => Sure::Yes,
            Way::Escrow(_) | Way::Other(_) => Sure::No,
        }
    }

    /// Why `way` does not count although somebody might think so; `None` when it counts.
    pub(super) fn objection(&self, way: &Way) -> Option<String> {
        match way {
            Way::Kms {
                key,
                version: Some(number),
            } => {
                let facts = self.keys.get(key)?;
                let state = facts.versions.as_ref().present()?.get(number)?;
                let rescued = matches!(state, VersionState::Disabled | VersionState::DestroyScheduled);
                rescued.then(|| format!("it is {state}, and opens nothing until it is rescued"))
            }
            Way::Escrow(recipient) if !self.was_drilled(recipient) => {
                let every = duration_text(self.drill_every);
                Some(format!("it was not drilled within {every}"))
            }
            Way::Kms { .. } | Way::Escrow(_) | Way::Other(_) => None,
        }
    }

    fn was_drilled(&self, recipient: &str) -> bool {
        let drilled = self.drilled.get(recipient);
        // A drill from the future is one by a clock that is wrong.
        drilled.is_some_and(|at| *at <= self.now && until(*at, self.now) <= self.drill_every)
    }
}

/// Disabled and scheduled versions open nothing: somebody has to rescue them first, and may be too late.
fn usable(state: VersionState) -> Sure {
    match state {
        VersionState::Enabled => Sure::Yes,
        VersionState::PendingGeneration | VersionState::Other => Sure::Maybe,
        VersionState::Disabled | VersionState::DestroyScheduled | VersionState::Destroyed => Sure::No,
    }
}

/// A wrap that names no version opens for certain only if every version does.
fn any_of(versions: &BTreeMap<u64, VersionState>) -> Sure {
    let usable = || versions.values().map(|state| usable(*state));
    match (usable().min(), usable().max()) {
        (Some(Sure::Yes), _) => Sure::Yes,
        (_, Some(Sure::Yes | Sure::Maybe)) => Sure::Maybe,
        _ => Sure::No,
    }
}
