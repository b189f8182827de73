//! The region-aware keyring: one crypto key in each of several locations, and offline escrow recipients.
//!
//! A data key is wrapped for all of them ([`Sealer`]); any one opens ([`Opener`]). The word is keyward's: Google's *key
//! ring* is a named group of keys in one location ([`keyward_core::name::KeyRingName`]).

mod attempt;
mod open;
mod permitted;
mod prove;
mod seal;
mod way;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::location::Location;
use keyward_core::name::KeyRef;
use keyward_core::recipient::Recipient;

pub use attempt::Attempt;
pub use open::{Opener, Unlocked};
pub use permitted::Permitted;
pub use seal::{Sealer, TooFew, Wrapped};
pub use way::OpenedBy;

/// How long one location may take to answer one call before the others are relied on.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// How long the nearest location may take before the next one is asked as well. Field reports put one KMS call at 30
/// to 300 ms.
pub const HEDGE_AFTER: Duration = Duration::from_millis(400);

/// Whom a data key is wrapped for.
#[derive(Clone, Default)]
pub struct Keyring {
    /// One key a location, nearest first.
    pub keys: Vec<KeyRef>,
    /// Offline recipients.
    pub escrow: Vec<Arc<dyn Recipient>>,
}

impl Keyring {
    /// The same keyring with the keys in `near` first, in that order.
    pub fn nearest(mut self, near: &[Location]) -> Self {
        self.keys.sort_by_key(|key| rank_of(near, key.name.location()));
        self
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escrow: Vec<_> = self.escrow.iter().map(|recipient| recipient.name()).collect();
        f.debug_struct("Keyring")
            .field("keys", &self.keys)
            .field("escrow", &escrow)
            .finish()
    }
}

/// Position of `location` in `near`; whatever is not listed comes after.
fn rank_of(near: &[Location], location: &Location) -> usize {
    near.iter()
        .position(|listed| listed == location)
        .unwrap_or(near.len())
}

#[cfg(test)]
mod tests;
