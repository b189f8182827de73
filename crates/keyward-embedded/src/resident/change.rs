//! Changing: in place in memory, or on disk first and then visible.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use keyward_core::clock::Timestamp;
use keyward_core::key::{Effect, KeyRecord, KeyRing, Machine};
use keyward_core::kms::KmsError;
use keyward_core::name::{CryptoKeyName, KeyRingName};
use keyward_core::secret::SecretBytes;

use super::disk::{Disk, Turn};
use super::holdings::{Changes, HeldKey, Holdings};
use super::{Place, Resident};
use crate::fault::{Result, bug};
use crate::root::KEY_LEN;
use crate::service::sorted;

impl Resident {
    /// Creates a ring, and in a folder the file of its location.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`; `UNAVAILABLE` and `INTERNAL` for a file that cannot be changed: then there is no ring.
    pub fn create_ring(&self, name: &KeyRingName) -> Result<KeyRing> {
        match &self.0.place {
            Place::Memory => {
                let mut holdings = self.holdings_mut();
                let ring = holdings.machine(name).create_ring(name, self.now())?;
                holdings.add_ring(ring.clone());
                Ok(ring)
            }
            Place::Disk(disk) => {
                let _turn = disk.turn();
                self.holdings().machine(name).create_ring(name, self.now())?;
                let (ring, is_new) = disk.create_ring(name, self.now())?;
                self.holdings_mut().add_ring(ring.clone());
                is_new.map(|()| ring)
            }
            Place::Frozen => Err(frozen()),
        }
    }

    /// Lets `act` change one key, and nothing but that key: `|machine, now| machine.create_version(&key, now)`. The
    /// machine holds the key, as far as it exists, and its ring. In a folder a change is on disk before it is visible to
    /// anybody, and when `act` refuses nothing is changed; without one, what it did before it refused stays, so it makes
    /// one change. `act` must not use this store: whoever changes it holds its lock.
    ///
    /// # Errors
    /// Those of `act`; `UNAVAILABLE` and `INTERNAL` for a file that cannot be changed: then nothing is changed, as far
    /// as anybody sees.
    pub fn change<T>(
        &self,
        key: &CryptoKeyName,
        act: impl FnOnce(&mut Machine, Timestamp) -> Result<T, KmsError>,
    ) -> Result<T, KmsError> {
        match &self.0.place {
            Place::Memory => self.change_in_place(key, act),
            Place::Disk(disk) => self.change_on_disk(disk, key, act),
            Place::Frozen => Err(frozen()),
        }
    }

    fn change_in_place<T>(
        &self,
        key: &CryptoKeyName,
        act: impl FnOnce(&mut Machine, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let mut holdings = self.holdings_mut();
        let (mut machine, now) = (holdings.machine(key.ring()), self.now());
        let material = holdings.take(key).map(|held| {
            machine.load_key(Arc::unwrap_or_clone(held.record));
            held.material
        });
        // A key that is taken out is put back, come what may.
        let answer = catch_unwind(AssertUnwindSafe(|| act(&mut machine, now)));
        let changes = self.changes(machine.take_effects());
        if let Some(record) = machine.unload_key(key) {
            let (record, material) = (Arc::new(record), material.unwrap_or_default());
            let mut held = HeldKey { record, material };
            held.apply(changes);
            holdings.put(held);
        }
        drop(holdings);
        answer.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn change_on_disk<T>(
        &self,
        disk: &Disk,
        key: &CryptoKeyName,
        act: impl FnOnce(&mut Machine, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let mut turn = disk.turn();
        if turn.doubtful.contains(key) {
            self.follow_disk(disk, &mut turn, key)?;
        }
        let (mut machine, before) = self.copy(key);
        let answer = act(&mut machine, self.now())?;
        let changes = self.changes(machine.take_effects());
        let after = machine
            .unload_key(key)
            .filter(|after| before.as_deref() != Some(after));
        let Some(after) = after.map(Arc::new) else {
            return Ok(answer);
        };
        let sealed = disk.seal(key, &changes, &mut **self.rng())?;
        if let Err(failure) = disk.write(before.as_deref(), &after, sealed) {
            disk.doubt(&mut turn, key, true);
            // What the disk says now is true; where it says nothing, whoever looks next asks it again.
            let _ = self.follow_disk(disk, &mut turn, key);
            return Err(failure);
        }
        drop(self.show(after, changes));
        Ok(answer)
    }

    /// The key as it is, and a machine with a copy of it.
    fn copy(&self, key: &CryptoKeyName) -> (Machine, Option<Arc<KeyRecord>>) {
        let holdings = self.holdings();
        let mut machine = holdings.machine(key.ring());
        let record = holdings.key(key).ok().map(|held| Arc::clone(&held.record));
        drop(holdings);
        if let Some(record) = &record {
            machine.load_key(KeyRecord::clone(record));
        }
        (machine, record)
    }

    /// Makes a change visible that is on disk. What it replaces is handed out, as dropping it takes time.
    fn show(&self, after: Arc<KeyRecord>, changes: Changes) -> Option<Arc<KeyRecord>> {
        let mut holdings = self.holdings_mut();
        let taken = holdings.take(&after.key.name);
        let before = taken.as_ref().map(|held| Arc::clone(&held.record));
        let material = taken.map(|held| held.material).unwrap_or_default();
        let mut held = HeldKey {
            record: after,
            material,
        };
        held.apply(changes);
        self.put(&mut holdings, held);
        before
    }

    /// Asks the disk how those doubtful keys are that somebody wants to see. Mostly there are none, and nobody waits.
    ///
    /// # Errors
    /// While the disk does not say: then nobody knows how the key is.
    pub(super) fn resolve_doubts(&self, is_asked: impl Fn(&CryptoKeyName) -> bool) -> Result<()> {
        let Place::Disk(disk) = &self.0.place else {
            return Ok(());
        };
        if !disk.has_doubts() {
            return Ok(());
        }
        let mut turn = disk.turn();
        let asked = turn.doubtful.iter().filter(|key| is_asked(key));
        let asked: Vec<_> = asked.cloned().collect();
        asked
            .iter()
            .try_for_each(|key| self.follow_disk(disk, &mut turn, key))
    }

    /// A write failed, and may be on disk all the same: the disk says what is true.
    fn follow_disk(&self, disk: &Disk, turn: &mut Turn, key: &CryptoKeyName) -> Result<()> {
        if let Some(held) = disk.read_key(key)? {
            self.put(&mut self.holdings_mut(), held);
        }
        disk.doubt(turn, key, false);
        Ok(())
    }

    /// What is held from now on, and becomes due.
    fn put(&self, holdings: &mut Holdings, held: HeldKey) {
        if let Some(due) = held.record.next_due() {
            self.0.earliest.fetch_min(due.as_microsecond(), Ordering::AcqRel);
        }
        holdings.put(held);
    }

    fn changes(&self, effects: Vec<Effect>) -> Changes {
        let (wanted, wiped) = sorted(effects);
        let mut rng = self.rng();
        let mut make = |number| (number, Arc::new(SecretBytes::random(KEY_LEN, &mut **rng)));
        let made = wanted.iter().map(|version| make(version.number())).collect();
        Changes { made, wiped }
    }
}

fn frozen() -> KmsError {
    bug("a copy for looking was to be changed")
}

#[cfg(test)]
mod tests;
