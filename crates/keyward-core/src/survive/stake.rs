//! What hangs on one key or version: what would be lost with it, and what has other ways.

use super::Survival;
use super::topology::Sure;
use crate::inventory::Files;
use crate::name::KeyRef;

/// What becomes of everything that needs a key or version, without it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stakes {
    /// What could not be opened any more.
    pub lost: Files,
    /// What opens in another way too.
    pub kept: Files,
    /// Of what that is not known.
    pub unknown: Files,
}

impl Survival<'_> {
    /// What hangs on `key`, or on `version` of it. Whether that opens anything at the moment does not matter: a version
    /// that is on its way to destruction could still be brought back.
    pub fn stakes(&self, key: &KeyRef, version: Option<u64>) -> Stakes {
        let mut stakes = Stakes::default();
        for group in &self.groups {
            if !group.ways.iter().any(|(way, _)| way.needs(key, version)) {
                continue;
            }
            let others = group.ways.iter().filter(|(way, _)| !way.needs(key, version));
            let list = match super::best(others.map(|(_, now)| *now)) {
                Sure::No => &mut stakes.lost,
                Sure::Yes => &mut stakes.kept,
                Sure::Maybe => &mut stakes.unknown,
            };
            list.add_all(&group.items);
        }
        stakes
    }
}
