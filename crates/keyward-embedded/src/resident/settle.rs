//! Time: what is due is carried out.

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
        let due: Vec<_> = {
            let holdings = self.holdings();
            let due = holdings.records().filter(|record| self.is_due(record));
            due.map(|record| record.key.name.clone()).collect()
        };
        let failed = due.iter().filter(|key| self.settle_key(key).is_err()).count();
        let next = self.holdings().records().filter_map(KeyRecord::next_due).min();
        next.map(|next| {
            if failed > 0 {
                next.max(later(now, AGAIN))
            } else {
                next
            }
        })
    }

    /// Carries out what is due for one key. A key that does not exist has nothing due.
    pub(super) fn settle_key(&self, key: &CryptoKeyName) -> Result<()> {
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
