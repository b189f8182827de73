//! What the keys of a project hang on, and what the audit log vouches for.

use std::path::Path;

use keyward::lock_file::Found;
use keyward::project::Project;
use keyward::survive::{Record, look, topology_of};
use keyward::verify::{DEADLINE, Sight};
use keyward_core::error::Result;
use keyward_core::inventory::{Inventory, Item, Powers};
use keyward_core::survive::{Survival, Topology};
use keyward_core::verify::LockState;

use crate::session::Session;
use crate::surroundings::Surroundings;

/// Everything that decides what survives, but what there is to survive.
pub(in crate::commands) struct Hangings<'a> {
    root: &'a Path,
    topology: Topology,
    record: Record,
}

impl<'a> Hangings<'a> {
    /// Those of `project`, whose keys were seen as `sight` says. What `powers` does not have was not looked at: it is unknown
    /// who may end those keys.
    pub(in crate::commands) fn new(
        session: &Session,
        project: &'a Project,
        lock: LockState<'_>,
        sight: &Sight,
        powers: Powers,
    ) -> Self {
        let record = session.state().map(|state| Record::read(&state.audit_log()));
        let now = session.clock.now();
        Self {
            root: &project.root,
            topology: topology_of(&project.manifest, lock, sight, powers, now),
            record: record.unwrap_or_default(),
        }
    }

    /// The same, after a look at the keys.
    ///
    /// # Errors
    /// A flag cannot be used.
    pub(super) fn look(session: &Session, project: &'a Project) -> Result<Self> {
        let readers = session.providers()?.readers();
        let sight = session.wait_for(async { Ok(look(&project.manifest, &readers, DEADLINE).await) })?;
        let lock = Found::look(&project.lock_file());
        let around = Surroundings::new(session, project, None)?;
        let seen = around.look(&sight, true)?;
        let powers = around.powers(seen.as_ref());
        Ok(Self::new(session, project, lock.state(), &sight, powers))
    }

    /// The answer about what is in `inventory`.
    pub(in crate::commands) fn survival<'s>(&'s self, inventory: &'s Inventory) -> Survival<'s> {
        let proven = |item: Item<'_>, recipient: &str| self.record.vouches(self.root, item, recipient);
        Survival::new(inventory, &self.topology, &proven)
    }
}
