//! Trouble on demand: faults, the clock, consistency, the log of calls. One engine behind the control service, the
//! trouble file and the handle of a test in the same process.

mod calls;
mod chance;
mod clock;
mod consistency;
pub(crate) mod control;
mod fault;
mod faults;
pub(crate) mod file;
mod known;
mod matching;
mod ticker;

use std::sync::Arc;
use std::time::Duration;

use keyward_core::clock::{Clock, Timestamp};
use keyward_core::error::Result;
use keyward_core::kms::{EncryptWith, Encrypted, KmsError};
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_embedded::{Decrypted, Resident};
use tonic::Code;

use crate::iam::Iam;
use crate::interface::google::iam::v1::Policy;
use crate::rpc::{Caller, Method};
pub use calls::CallRecord;
use calls::{Calls, Wanted};
use chance::Chance;
pub(crate) use clock::SteeredClock;
use consistency::Consistency;
pub use consistency::Lags;
pub use fault::Fault;
pub(crate) use faults::{Effect, Met};
use faults::{Faults, Waiting};
pub(crate) use known::shown;
use ticker::Ticker;

/// The service of this emulator's own calls.
pub(crate) const CONTROL: &str = "keyward.emulator.v1.Trouble";

/// Trouble, for a test in the same process. Clones are the same trouble.
///
/// The same is there for other processes: the service `keyward.emulator.v1.Trouble`, over gRPC and, under
/// `/emulator/v1/`, over REST; and a file that is read at the start.
#[derive(Clone)]
pub struct Trouble(Arc<Inner>);

struct Inner {
    clock: Arc<SteeredClock>,
    keys: Resident,
    iam: Iam,
    faults: Faults,
    consistency: Consistency,
    calls: Calls,
    ticker: Ticker,
}

/// For everybody.
impl Trouble {
    /// Puts a fault at the end of the queue. Answers its number.
    ///
    /// # Errors
    /// A usage error when its method does not exist or cannot have it, which says what it can have.
    pub fn add(&self, fault: Fault) -> Result<u64> {
        self.add_waiting(fault).map(|waiting| waiting.id)
    }

    /// Takes away every fault. Answers how many were waiting.
    pub fn clear_faults(&self) -> usize {
        self.clear(None)
    }

    /// How many faults are waiting. One that was met as often as it said waits no longer.
    pub fn waiting_faults(&self) -> usize {
        self.waiting().len()
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Moves the clock forward. What is due by then has happened, durably, when this returns.
    ///
    /// # Errors
    /// A usage error beyond the year 9999; unavailable when the new time, or what became due, could not be kept.
    pub fn advance(&self, by: Duration) -> Result<Timestamp> {
        let now = self.0.clock.advance(by)?;
        self.settle()?;
        Ok(now)
    }

    /// Moves the clock forward to an instant. What is due by then has happened, durably, when this returns.
    ///
    /// # Errors
    /// A usage error when it has passed; unavailable when the new time, or what became due, could not be kept.
    pub fn move_to(&self, instant: Timestamp) -> Result<Timestamp> {
        let now = self.0.clock.move_to(instant)?;
        self.settle()?;
        Ok(now)
    }

    /// Lets the clock run at so many emulated seconds a second: 0 stands, 86400 makes a day of every second.
    ///
    /// # Errors
    /// A usage error when it is negative, no number, or more than a year a second.
    pub fn set_clock_rate(&self, rate: f64) -> Result<()> {
        self.0.clock.set_rate(rate)?;
        self.0.ticker.wake();
        Ok(())
    }

    /// Lets changes arrive late. [`Lags::default`] is strong consistency again.
    pub fn set_consistency(&self, lags: Lags) {
        self.0.consistency.set(lags);
    }

    /// Whether policies are enforced for callers with a bearer token.
    ///
    /// # Errors
    /// Refused when a stored policy has a condition, which this emulator does not evaluate.
    pub fn enforce_iam(&self, enforced: bool) -> Result<()> {
        self.0.iam.enforce(enforced)
    }

    /// Adds a member to a role in the policy of a project, ring or key.
    ///
    /// # Errors
    /// A usage error when one of the three is not such a name; unavailable when the policy could not be kept.
    pub fn grant(&self, resource: &str, role: &str, member: &str) -> Result<()> {
        self.0.iam.grant(resource, role, member)
    }

    /// Says what a role permits that this emulator does not know.
    ///
    /// # Errors
    /// A usage error when it is not the name of a role, or knows the role.
    pub fn set_role(&self, name: &str, permissions: &[&str]) -> Result<()> {
        self.0.iam.set_role(name, permissions)
    }

    /// The calls that have ended, oldest first: the last 10,000 at most.
    pub fn calls(&self) -> Vec<CallRecord> {
        let all = Wanted {
            limit: usize::MAX,
            ..Wanted::default()
        };
        self.list_calls(&all).0
    }

    /// Forgets the calls. Answers how many those were.
    pub fn clear_calls(&self) -> u64 {
        self.0.calls.clear()
    }

    /// No faults, no log, strong consistency, permissions not enforced, no policies of projects, no custom roles, and a
    /// clock that runs with the system's. Keys, their policies and what the clock shows stay.
    ///
    /// # Errors
    /// Unavailable when that could not be kept.
    pub fn reset(&self) -> Result<()> {
        self.0.faults.reset();
        self.0.calls.clear();
        self.0.consistency.set(Lags::default());
        self.0.iam.reset()?;
        self.set_clock_rate(1.0)
    }
}

/// For the emulator.
impl Trouble {
    /// Whether policies are enforced.
    pub(crate) fn is_iam_enforced(&self) -> bool {
        self.0.iam.is_enforced()
    }

    /// No trouble yet. What becomes due happens from now on.
    pub(crate) fn start(seed: u64, clock: Arc<SteeredClock>, keys: Resident, iam: Iam) -> Result<Self> {
        let chance = Chance::seeded(seed);
        let ticker = Ticker::start(Arc::clone(&clock), keys.clone())?;
        Ok(Self(Arc::new(Inner {
            clock,
            keys,
            iam,
            faults: Faults::new(chance),
            consistency: Consistency::new(chance),
            calls: Calls::default(),
            ticker,
        })))
    }

    fn add_waiting(&self, fault: Fault) -> Result<Waiting> {
        self.0.faults.add(fault, &self.0.keys)
    }

    fn waiting(&self) -> Vec<Waiting> {
        self.0.faults.list()
    }

    fn clear(&self, id: Option<u64>) -> usize {
        self.0.faults.clear(id)
    }

    fn list_calls(&self, wanted: &Wanted<'_>) -> (Vec<CallRecord>, u64) {
        self.0.calls.list(wanted)
    }

    fn lags(&self) -> Lags {
        self.0.consistency.lags()
    }

    /// Puts a policy in the place of whatever there is.
    fn replace_policy(&self, resource: &str, policy: Policy) -> Result<()> {
        self.0.iam.replace(resource, policy)
    }

    /// What this call meets. Asking takes it.
    pub(crate) fn meet(&self, caller: &Caller, method: &Method, resource: &str) -> Met {
        match method.service == CONTROL {
            true => Met::default(),
            false => self.0.faults.meet(caller, method, resource),
        }
    }

    /// Remembers a call and how it ended.
    pub(crate) fn log(&self, caller: &Caller, method: &Method, resource: &str, outcome: Code) {
        if method.service == CONTROL {
            return;
        }
        self.0.calls.add(self.now(), method, resource, caller, outcome);
        if method.changes {
            self.0.ticker.wake();
        }
    }

    /// Encrypts, as a Cloud KMS would whose backends may not have heard of everything.
    ///
    /// # Errors
    /// As [`Resident::encrypt`].
    pub(crate) fn encrypt(
        &self,
        with: EncryptWith<'_>,
        plaintext: &[u8],
        aad: &[u8],
    ) -> Result<Encrypted, KmsError> {
        let Inner {
            consistency, keys, ..
        } = &*self.0;
        consistency.encrypt(keys, &*self.0.clock, with, plaintext, aad)
    }

    /// Decrypts, as a Cloud KMS would whose backends may not have heard of everything.
    ///
    /// # Errors
    /// As [`Resident::decrypt`].
    pub(crate) fn decrypt(
        &self,
        key: &CryptoKeyName,
        ciphertext: &[u8],
        aad: &[u8],
    ) -> Result<Decrypted, KmsError> {
        let Inner {
            consistency, keys, ..
        } = &*self.0;
        consistency.decrypt(keys, &*self.0.clock, key, ciphertext, aad)
    }

    /// A version was disabled: it may take a while until everybody knows.
    pub(crate) fn disabled(&self, version: &KeyVersionName) {
        self.0.consistency.disabled(version, self.now());
    }

    /// A version was enabled: everybody knows at once.
    pub(crate) fn enabled(&self, version: &KeyVersionName) {
        self.0.consistency.enabled(version);
    }

    /// A key got another primary by hand: it may take a while until everybody knows.
    pub(crate) fn primary_set(&self, key: &CryptoKeyName, before: Option<u64>, after: u64) {
        self.0.consistency.primary_set(key, before, after, self.now());
    }

    fn settle(&self) -> Result<()> {
        let settled = self.0.keys.settle_now();
        self.0.ticker.wake();
        Ok(settled?)
    }
}

#[cfg(test)]
mod tests;
