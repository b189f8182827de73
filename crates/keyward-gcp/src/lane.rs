//! Lanes: what one location of one project is asked at once, and how fast.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyward_core::location::Location;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use crate::access::Quota;
use crate::pace::Pace;
use crate::port::Kind;

/// One location of one project.
pub(crate) struct Lane {
    slots: Semaphore,
    looks: Mutex<Pace>,
    changes: Mutex<Pace>,
    crypto: Mutex<Pace>,
}

/// Every lane in use.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<(String, Location), Arc<Lane>>>);

/// A turn that comes too late to be worth waiting for.
pub(crate) struct TooLate;

impl Lane {
    fn new(quota: Quota) -> Self {
        let now = Instant::now();
        let pace = |per_minute| Mutex::new(Pace::new(per_minute, now));
        Self {
            slots: Semaphore::new(quota.in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            looks: pace(quota.reads_per_minute),
            changes: pace(quota.writes_per_minute),
            crypto: pace(quota.crypto_per_minute),
        }
    }

    /// Waits for a turn and a slot; not at all when the turn would come after `until`.
    pub(crate) async fn turn(
        &self,
        kind: Kind,
        until: Option<Instant>,
    ) -> Result<SemaphorePermit<'_>, TooLate> {
        let now = Instant::now();
        let left = until.map(|until| until.saturating_duration_since(now));
        let wait = self
            .with_pace(kind, |pace| pace.reserve(now, left))
            .ok_or(TooLate)?;
        let mut reserved = Reserved {
            lane: self,
            kind,
            used: false,
        };
        if wait > Duration::ZERO {
            sleep(wait).await;
        }
        // The semaphore is never closed.
        let slot = self.slots.acquire().await.map_err(|_| TooLate)?;
        reserved.used = true;
        Ok(slot)
    }

    /// The provider refused a call for its quota.
    pub(crate) fn slow_down(&self, kind: Kind) {
        self.with_pace(kind, |pace| pace.slow_down(Instant::now()));
    }

    fn with_pace<T>(&self, kind: Kind, act: impl FnOnce(&mut Pace) -> T) -> T {
        let pace = match kind {
            Kind::Look => &self.looks,
            Kind::Change => &self.changes,
            Kind::Crypto => &self.crypto,
        };
        act(&mut pace.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A turn that is given back when nobody waits for it any more.
struct Reserved<'a> {
    lane: &'a Lane,
    kind: Kind,
    used: bool,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if !self.used {
            self.lane.with_pace(self.kind, Pace::give_back);
        }
    }
}

impl Lanes {
    /// The lane of a location, with the quota that it has when it is first used.
    pub(crate) fn of(&self, project: &str, location: &Location, quota: impl FnOnce() -> Quota) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes
            .entry((project.to_owned(), location.clone()))
            .or_insert_with(|| Arc::new(Lane::new(quota())))
            .clone()
    }
}
