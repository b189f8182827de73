//! The queue of faults: first in, first out for the calls that match.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::error::{Error, Result};
use keyward_embedded::Resident;

use super::chance::Chance;
use super::fault::{Fault, Kind};
use super::known;
use crate::refusal::Refusal;
use crate::rpc::{Caller, Method};

/// Most faults at a time: every call looks through them.
const MOST: usize = 1000;

/// Most stale reads at a time: each holds a copy of all keys.
const MOST_STALE: usize = 16;

/// What one call meets.
#[derive(Clone, Default)]
pub(crate) struct Met {
    /// It is answered that much later.
    pub(crate) delay: Option<Duration>,
    /// And this happens to it.
    pub(crate) effect: Option<Effect>,
}

/// What goes wrong with one call.
#[derive(Clone)]
pub(crate) enum Effect {
    /// Nothing is done, and this is answered.
    Refuse(Refusal),
    /// Everything is done, and the answer is lost.
    DropReply,
    /// The answer's checksum is wrong.
    CorruptChecksum,
    /// These keys are shown instead of those that there are now.
    Stale(Resident),
}

/// A fault in the queue.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) id: u64,
    pub(crate) fault: Fault,
    pub(crate) seen: u64,
    pub(crate) met: u64,
    /// The keys when it was added, where it shows them.
    stale: Option<Resident>,
}

/// The faults.
pub(crate) struct Faults {
    chance: Chance,
    /// How many are waiting: calls that find none look no further.
    count: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    last: u64,
}

impl Faults {
    pub(crate) fn new(chance: Chance) -> Self {
        Self {
            chance,
            count: AtomicUsize::new(0),
            queue: Mutex::default(),
        }
    }

    /// Puts a fault at the end of the queue.
    ///
    /// # Errors
    /// A usage error when it cannot happen; refused when too many are waiting.
    pub(crate) fn add(&self, fault: Fault, keys: &Resident) -> Result<Waiting> {
        fault.check()?;
        let mut queue = self.lock();
        queue.check_room(&fault.kind)?;
        let stale = (fault.kind == Kind::StaleRead).then(|| keys.snapshot());
        queue.last += 1;
        let waiting = Waiting {
            id: queue.last,
            fault,
            seen: 0,
            met: 0,
            stale,
        };
        queue.waiting.push(waiting.clone());
        self.count.store(queue.waiting.len(), Ordering::Release);
        Ok(waiting)
    }

    pub(crate) fn list(&self) -> Vec<Waiting> {
        self.lock().waiting.clone()
    }

    /// Takes away the one with this number, or all. Answers how many that were.
    pub(crate) fn clear(&self, id: Option<u64>) -> usize {
        let mut queue = self.lock();
        let before = queue.waiting.len();
        queue
            .waiting
            .retain(|waiting| id.is_some_and(|id| waiting.id != id));
        self.count.store(queue.waiting.len(), Ordering::Release);
        before - queue.waiting.len()
    }

    /// Forgets everything, and how many there ever were: the next fault is the first again.
    pub(crate) fn reset(&self) {
        self.clear(None);
        self.lock().last = 0;
    }

    /// What this call meets. Asking takes it.
    pub(crate) fn meet(&self, caller: &Caller, method: &Method, resource: &str) -> Met {
        if self.count.load(Ordering::Acquire) == 0 {
            return Met::default();
        }
        let mut queue = self.lock();
        let met = queue.meet(self.chance, |fault| fits(fault, caller, method, resource));
        self.count.store(queue.waiting.len(), Ordering::Release);
        met
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn check_room(&self, kind: &Kind) -> Result<()> {
        let stale = || self.waiting.iter().filter(|waiting| waiting.stale.is_some());
        let full = match kind {
            _ if self.waiting.len() >= MOST => format!("{MOST} faults are waiting already"),
            Kind::StaleRead if stale().count() >= MOST_STALE => {
                format!("{MOST_STALE} stale reads are waiting already, each with a copy of all keys")
            }
            _ => return Ok(()),
        };
        Err(Error::refused(full).hint("clear them first"))
    }

    /// A delay goes together with the first other fault behind it; two delays are two calls.
    fn meet(&mut self, chance: Chance, fits: impl Fn(&Fault) -> bool) -> Met {
        let mut met = Met::default();
        for waiting in self.waiting.iter_mut().filter(|waiting| fits(&waiting.fault)) {
            let is_second_delay = met.delay.is_some() && matches!(waiting.fault.kind, Kind::Delay(_));
            if is_second_delay {
                break;
            }
            if !waiting.is_met(chance) {
                continue;
            }
            match &waiting.fault.kind {
                Kind::Delay(by) => met.delay = Some(*by),
                _ => {
                    met.effect = waiting.effect();
                    break;
                }
            }
        }
        self.waiting
            .retain(|waiting| waiting.fault.times == 0 || waiting.met < u64::from(waiting.fault.times));
        met
    }
}

impl Waiting {
    /// Whether the call that is here now meets it: counts it either way.
    fn is_met(&mut self, chance: Chance) -> bool {
        let turn = self.seen;
        self.seen += 1;
        let is_met =
            turn >= u64::from(self.fault.skip) && chance.share(self.id, turn) < self.fault.probability;
        self.met += u64::from(is_met);
        is_met
    }

    fn effect(&self) -> Option<Effect> {
        match &self.fault.kind {
            Kind::Delay(_) => None,
            Kind::Error(failure) => Some(Effect::Refuse(failure.refusal())),
            Kind::DropReply => Some(Effect::DropReply),
            Kind::CorruptChecksum => Some(Effect::CorruptChecksum),
            Kind::StaleRead => self.stale.clone().map(Effect::Stale),
        }
    }
}

fn fits(fault: &Fault, caller: &Caller, method: &Method, resource: &str) -> bool {
    let is_caller = match caller {
        Caller::Owner => fault.caller == "owner",
        Caller::Bearer(token) => fault.caller == *token,
    };
    fault.method_name().fits(method)
        && fault
            .resource_pattern()
            .is_none_or(|pattern| pattern.fits(resource))
        && (fault.caller.is_empty() || is_caller)
        && known::can(method, &fault.kind)
}

#[cfg(test)]
mod tests;
