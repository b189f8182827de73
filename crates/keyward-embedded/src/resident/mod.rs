//! The store as a server holds it: all rings, keys and versions in memory, and on disk where they are to stay.
//!
//! The server is the authority over its folder, and its clock is the time: what is due is carried out and material is
//! wiped at once. The caution of [`EmbeddedKms`](crate::EmbeddedKms) about a clock that is wrong for one call does not
//! apply. The files are the same, and either opens what the other wrote, one after the other.
//!
//! Two locks. `writing` is held by whoever changes a persisted store, for as long as the disk takes; `holdings` is held
//! for looking, and by a writer for the moment in which the change that is on disk becomes visible.

mod change;
mod crypt;
mod disk;
mod holdings;
mod look;
mod page;
mod settle;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use keyward_core::clock::{Clock, Timestamp};
use rand_core::CryptoRng;

use crate::fault::Result;
use crate::root::RootKeySource;
use crate::service::Rng;
pub use crypt::Decrypted;
use disk::Disk;
use holdings::Holdings;
pub use page::Page;

/// The embedded KMS as a server holds it. Cloning it gives another handle on the same one. Calls block: while the disk
/// is written when they change something, or find that something was due.
#[derive(Clone)]
pub struct Resident(Arc<Inner>);

struct Inner {
    place: Place,
    clock: Arc<dyn Clock>,
    rng: Arc<Mutex<Rng>>,
    holdings: RwLock<Holdings>,
    /// Nothing is due before that, in microseconds since 1970. It changes under the lock of `holdings`.
    earliest: AtomicI64,
}

/// Where a change goes before it is visible.
enum Place {
    /// Nowhere: it happens in place.
    Memory,
    /// To the files of a folder.
    Disk(Box<Disk>),
    /// There are no changes, and time stands still.
    Frozen,
}

impl Resident {
    /// An empty one without any file.
    pub fn in_memory(clock: Arc<dyn Clock>, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self::new(Place::Memory, clock, rng, Holdings::default())
    }

    /// The one in `folder`, which is made when it is missing. Every `LOCATION.db` is read, and the root key opened when
    /// there is material. Until the last handle is dropped, no other resident opens this folder.
    ///
    /// # Errors
    /// `UNAVAILABLE` when another process serves the folder, or a file cannot be read; `INTERNAL` when one is damaged;
    /// and those of opening the root key.
    pub fn open(
        folder: &Path,
        root: RootKeySource,
        clock: Arc<dyn Clock>,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self> {
        let disk = Disk::open(folder, root)?;
        let holdings = disk.load()?;
        Ok(Self::new(Place::Disk(Box::new(disk)), clock, rng, holdings))
    }

    /// Whether changes are on disk before they are visible.
    pub fn is_persisted(&self) -> bool {
        matches!(self.0.place, Place::Disk(_))
    }

    /// Whether a call that only looks may wait for the disk now: something has become due, or a write has failed in a way
    /// that leaves open what is on the disk.
    pub fn may_wait(&self) -> bool {
        let Place::Disk(disk) = &self.0.place else {
            return false;
        };
        disk.has_doubts() || self.now().as_microsecond() >= self.0.earliest.load(Ordering::Acquire)
    }

    /// A copy for looking only, without material, in which time stands still: what a backend shows that has not heard of
    /// later changes.
    pub fn snapshot(&self) -> Self {
        Self(Arc::new(Inner {
            place: Place::Frozen,
            clock: Arc::clone(&self.0.clock),
            rng: Arc::clone(&self.0.rng),
            holdings: RwLock::new(self.holdings().without_material()),
            earliest: AtomicI64::new(i64::MAX),
        }))
    }

    fn new(place: Place, clock: Arc<dyn Clock>, rng: Rng, holdings: Holdings) -> Self {
        Self(Arc::new(Inner {
            place,
            clock,
            rng: Arc::new(Mutex::new(rng)),
            holdings: RwLock::new(holdings),
            // Not known before somebody has looked.
            earliest: AtomicI64::new(i64::MIN),
        }))
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn rng(&self) -> MutexGuard<'_, Rng> {
        self.0.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holdings(&self) -> RwLockReadGuard<'_, Holdings> {
        self.0.holdings.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn holdings_mut(&self) -> RwLockWriteGuard<'_, Holdings> {
        self.0.holdings.write().unwrap_or_else(PoisonError::into_inner)
    }
}
