//! Time: what is due is carried out.

use std::sync::atomic::Ordering;
use std::time::Duration;

use keyward_core::clock::{Timestamp, later};
use keyward_core::key::KeyRecord;
use keyward_core::name::CryptoKeyName;

use super::{Place, Resident};
use crate::fault::Result;

/// When to try again what could not be written.
const AGAIN: Duration = Duration::from_secs(1);

impl Resident {
    /// Carries out everything that is due in every location, durably: rotations, and the ends of versions with their
    /// material. Answers when the next thing is due; what could not be written is due again in a second, and nobody who
    /// looks meanwhile is shown a state that is not on disk.
    pub fn settle(&self) -> Option<Timestamp> {
        let now = self.now();
        let failed = self.settle_now().is_err();
        let next = {
            let holdings = self.holdings();
            let next = holdings.records().filter_map(KeyRecord::next_due).min();
            let earliest = next.map_or(i64::MAX, Timestamp::as_microsecond);
            self.0.earliest.store(earliest, Ordering::Release);
            next
        };
        next.map(|next| if failed { next.max(later(now, AGAIN)) } else { next })
    }

    /// Carries out everything that is due, durably, also when some of it cannot be.
    ///
    /// # Errors
    /// The first of what could not be written; it stays due.
    pub fn settle_now(&self) -> Result<()> {
        let due: Vec<_> = {
            let holdings = self.holdings();
            let due = holdings.records().filter(|record| self.is_due(record));
            due.map(|record| record.key.name.clone()).collect()
        };
        let outcomes = due.iter().map(|key| self.settle_key(key));
        outcomes.fold(Ok(()), Result::and)
    }

    /// Carries out what is due for one key. A key that does not exist has nothing due.
    pub(super) fn settle_key(&self, key: &CryptoKeyName) -> Result<()> {
        self.resolve_doubts(|doubtful| doubtful == key)?;
        let due = self
            .holdings()
            .key(key)
            .is_ok_and(|held| self.is_due(&held.record));
        if !due {
            return Ok(());
        }
        self.change(key, |machine, now| {
            machine.advance(now);
            Ok(())
        })
    }

    pub(super) fn is_due(&self, record: &KeyRecord) -> bool {
        let moves = !matches!(self.0.place, Place::Frozen);
        moves && record.next_due().is_some_and(|due| due <= self.now())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyward_core::clock::{Clock, ManualClock};
    use keyward_core::key::{KeySpec, Machine};
    use keyward_core::limits::DESTROY_WINDOW_DEFAULT;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn material_leaves_memory_with_its_version() {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let rng = Box::new(StdRng::seed_from_u64(1));
        let store = Resident::in_memory(Arc::clone(&clock) as Arc<dyn Clock>, rng);
        let key: CryptoKeyName = "projects/p/locations/us/keyRings/r/cryptoKeys/k".parse().unwrap();
        store.create_ring(key.ring()).unwrap();
        let end = |machine: &mut Machine, now| {
            machine.create_key(&key, KeySpec::default(), now)?;
            machine.schedule_destruction(&key.version(1), now)
        };
        store.change(&key, end).unwrap();
        let material = Arc::downgrade(&store.holdings().key(&key).unwrap().material[&1]);
        clock.advance(DESTROY_WINDOW_DEFAULT - AGAIN);
        assert_eq!(store.settle(), Some(later(clock.now(), AGAIN)));
        assert!(material.upgrade().is_some());
        clock.advance(AGAIN);
        assert_eq!(store.settle(), None);
        assert!(material.upgrade().is_none());
    }
}
