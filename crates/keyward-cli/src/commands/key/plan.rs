//! What `keyward key create` may do about each key: none is made where one was, or may have been.

use std::cell::OnceCell;

use keyward::project::Project;
use keyward::registry::Readers;
use keyward::uses;
use keyward::verify::{DEADLINE, in_time};
use keyward_core::error::{Error, Result};
use keyward_core::kms::Observed;
use keyward_core::manifest::Lock;
use keyward_core::name::KeyRef;
use keyward_core::verify::{Scan, recorded_elsewhere};

use super::target::Target;
use crate::state::StateFolder;
use crate::ui::hints;

/// What is to be done about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is there, and in the lock.
    Leave,
    /// It is there, and the lock does not know it yet: an earlier run was cut short.
    Prove,
    /// It never was there.
    Make,
}

/// What tells a key that never was from one that is lost or cannot be seen.
pub(super) struct Planner<'a> {
    pub(super) project: &'a Project,
    pub(super) state: &'a StateFolder,
    pub(super) readers: &'a Readers,
    pub(super) lock: &'a Lock,
    /// Whether a key may be made that the lock has elsewhere.
    pub(super) even_if_elsewhere: bool,
    scan: OnceCell<Scan>,
}

impl<'a> Planner<'a> {
    /// Nothing is looked at yet.
    pub(super) fn new(
        project: &'a Project,
        state: &'a StateFolder,
        readers: &'a Readers,
        lock: &'a Lock,
        even_if_elsewhere: bool,
    ) -> Self {
        Self {
            project,
            state,
            readers,
            lock,
            even_if_elsewhere,
            scan: OnceCell::new(),
        }
    }

    /// One step for each of `targets`.
    ///
    /// # Errors
    /// A key that is lost, or may be there unseen: then nothing is to be done about any.
    pub(super) async fn steps(&self, targets: &[Target]) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        for target in targets {
            steps.push(self.step(&target.key).await?);
        }
        Ok(steps)
    }

    async fn step(&self, key: &KeyRef) -> Result<Step> {
        self.not_elsewhere(key)?;
        let reader = self.readers.get(key.provider)?;
        // Asked first, as another process may be making it right now.
        let never_held = self.state.never_held(key);
        let seen = in_time(DEADLINE, reader.get_key(&key.name)).await;
        match (seen, self.lock.keys.contains_key(key)) {
            (Observed::Present(_), true) => Ok(Step::Leave),
            (Observed::Present(_), false) => Ok(Step::Prove),
            (Observed::Absent, true) => Err(hints::gone(key)),
            (Observed::Unknown(why), true) => {
                let what = format!("it is in the lock, and it could not be seen: {why}");
                Err(Error::unavailable(what).on(key))
            }
            (Observed::Unknown(why), false) if !never_held || self.location_is_away(key) => {
                let what = format!("it may be there, and it could not be seen: {why}");
                Err(Error::unavailable(what).on(key))
            }
            (Observed::Absent | Observed::Unknown(_), false) => self.nothing_names(key).map(|()| Step::Make),
        }
    }

    /// A manifest whose project or location was changed means another key, and whoever changed it may not know.
    fn not_elsewhere(&self, key: &KeyRef) -> Result<()> {
        if self.even_if_elsewhere || self.lock.keys.contains_key(key) {
            return Ok(());
        }
        match recorded_elsewhere(self.lock, key, &self.project.manifest) {
            Some(old) => Err(hints::recorded_elsewhere(key, old)),
            None => Ok(()),
        }
    }

    /// Whether the lock has another key in the location, which cannot be seen: then its file is away, and a new one in
    /// its place would make everything in it look missing, and be written over when it is put back.
    fn location_is_away(&self, key: &KeyRef) -> bool {
        let place = |key: &KeyRef| (key.provider, key.name.location().clone());
        self.lock.keys.keys().any(|known| place(known) == place(key))
    }

    /// A file that names a key which is not there needs the lost one: a new one of the same name opens nothing, and
    /// hides the loss.
    fn nothing_names(&self, key: &KeyRef) -> Result<()> {
        let scan = self.scan.get_or_init(|| uses::scan(self.project));
        if let Some(uses) = scan.uses.get(key).filter(|uses| !uses.is_empty()) {
            return Err(hints::lost(key, &uses.all_text()));
        }
        if !scan.unread.is_empty() {
            return Err(hints::may_name(&scan.unread).on(key));
        }
        Ok(())
    }
}
