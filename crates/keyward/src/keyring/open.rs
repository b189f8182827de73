//! Getting at a data key: the nearest way first, the next one when it is slow or fails.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, Detached, Header, WrapKind};
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use keyward_core::recipient::Identity;
use keyward_core::secret::DataKey;
use tokio::time::timeout;

use super::attempt::with_attempts;
use super::way::{Tried, Way, ways};
use super::{Attempt, DEADLINE, HEDGE_AFTER, OpenedBy, Permitted};
use crate::registry::Crypters;

/// Opens data keys.
#[derive(Clone, Copy)]
pub struct Opener<'a> {
    /// How to reach keys.
    pub crypters: &'a Crypters,
    /// Which keys may be asked.
    pub permitted: &'a Permitted,
    /// Identities to try after the keys.
    pub identities: &'a [Arc<dyn Identity>],
    /// The context pairs that must be stored, each with exactly that value.
    pub expected: &'a EncryptionContext,
    /// How long one location may take.
    pub deadline: Duration,
    /// How long the ways being tried may take before one more is tried beside them.
    pub hedge_after: Duration,
}

/// An envelope whose data key is known and proven: the commitment and the MAC of its wraps hold.
pub struct Unlocked {
    /// The data key, to replace wraps.
    pub data_key: DataKey,
    /// Opens the body.
    pub opener: BodyOpener,
    /// Which wrap opened it.
    pub opened_by: OpenedBy,
    /// Ways that were tried before and failed. Not empty: the result is degraded.
    pub passed_over: Vec<Attempt>,
}

impl<'a> Opener<'a> {
    /// An opener with the default deadlines.
    pub fn new(
        crypters: &'a Crypters,
        permitted: &'a Permitted,
        identities: &'a [Arc<dyn Identity>],
        expected: &'a EncryptionContext,
    ) -> Self {
        Self {
            crypters,
            permitted,
            identities,
            expected,
            deadline: DEADLINE,
            hedge_after: HEDGE_AFTER,
        }
    }

    /// Unlocks the envelope with this header, whose body begins with `head`. `detached` wraps, if any, count only when
    /// they belong to the same envelope; stale ones are passed over and reported.
    ///
    /// # Errors
    /// A refusal when an expected context pair is missing or differs, before any key is asked. When no way is left:
    /// usage if there was none to try, otherwise the kind of the failures, one line each.
    pub async fn unlock(
        &self,
        header: &Header,
        detached: Option<&Detached>,
        head: &[u8; BODY_HEAD_LEN],
    ) -> Result<Unlocked> {
        header.context().must_contain(self.expected)?;
        let (headers, mut passed_over) = headers_that_count(header, detached);
        let ways = ways(&headers, self.permitted, self.identities);
        let mut failed = Vec::new();
        let opened = self.race(ways, head, &mut failed).await;
        let nothing_failed = failed.is_empty();
        passed_over.extend(failed);
        match opened {
            Some((data_key, opener, opened_by)) => Ok(Unlocked {
                data_key,
                opener,
                opened_by,
                passed_over,
            }),
            None if nothing_failed => Err(passed_over
                .iter()
                .fold(no_way(header, self.permitted), |error, ignored| {
                    error.hint(ignored.text())
                })),
            None => Err(with_attempts("none of its wraps opens", &passed_over)),
        }
    }

    /// Tries `ways` in order. A failed one is followed at once by the next, a slow one is joined by it (never by one
    /// that asks a person); what is still running when one opened is dropped, and reported as slow.
    async fn race(
        &self,
        ways: Vec<Way<'_>>,
        head: &[u8; BODY_HEAD_LEN],
        passed_over: &mut Vec<Attempt>,
    ) -> Option<(DataKey, BodyOpener, OpenedBy)> {
        let mut waiting = within_call_limit(ways).into_iter().enumerate().peekable();
        let mut asked = BTreeMap::new();
        let mut running = FuturesUnordered::new();
        loop {
            let idle = running.is_empty();
            if let Some((number, way)) = waiting.next_if(|(_, way)| idle || !way.asks_somebody()) {
                asked.insert(number, way.resource().to_owned());
                running.push(async move { (number, way.try_it(self.crypters, head, self.deadline).await) });
            }
            if running.is_empty() {
                return None;
            }
            // Nothing is lost by being woken early: every way has a deadline of its own.
            let answer = timeout(self.hedge_after, running.next()).await;
            if let Ok(Some((number, tried))) = answer {
                asked.remove(&number);
                match tried {
                    Tried::Opened(opened) => {
                        // What failed meanwhile is known, and tells more than that it was slow.
                        while let Some(Some((also, tried))) = running.next().now_or_never() {
                            if let (Tried::Failed(attempt), true) = (tried, also < number) {
                                passed_over.push(attempt);
                            }
                            asked.remove(&also);
                        }
                        passed_over.extend(asked.range(..number).map(|(_, slow)| self.overtaken(slow)));
                        return Some(*opened);
                    }
                    Tried::Failed(attempt) => passed_over.push(attempt),
                    Tried::NotMine => {}
                }
            }
        }
    }

    fn overtaken(&self, resource: &str) -> Attempt {
        Attempt {
            resource: resource.to_owned(),
            error: Error::unavailable(format!(
                "no answer after {} ms, and another way opened it first; `keyward verify` shows why",
                self.hedge_after.as_millis()
            )),
        }
    }
}

/// The headers whose wraps may be tried, detached first; and what is wrong with detached wraps that do not count.
fn headers_that_count<'h>(
    header: &'h Header,
    detached: Option<&'h Detached>,
) -> (Vec<&'h Header>, Vec<Attempt>) {
    let ignored = |error: Error| {
        let error = error.hint("remove the file of detached wraps, or make it again");
        (
            vec![header],
            vec![Attempt {
                resource: "detached wraps".into(),
                error,
            }],
        )
    };
    match detached {
        None => (vec![header], Vec::new()),
        Some(Detached::Current(detached)) => (vec![detached, header], Vec::new()),
        Some(Detached::Stale) => ignored(Error::damaged("they belong to another envelope, and are ignored")),
        Some(Detached::Unreadable(why)) => ignored(Error::damaged(format!(
            "they cannot be read, and are ignored: {}",
            why.what()
        ))),
    }
}

/// A hostile file may list many wraps under permitted keys: only so many calls are made for it.
fn within_call_limit(ways: Vec<Way<'_>>) -> Vec<Way<'_>> {
    let mut calls = 0;
    ways.into_iter()
        .filter(|way| {
            calls += usize::from(way.is_call());
            !way.is_call() || calls <= limits::UNWRAP_CALLS
        })
        .collect()
}

/// Most keys that an error names: a hostile file may list 255.
const KEYS_NAMED: usize = 8;

fn no_way(header: &Header, permitted: &Permitted) -> Error {
    let wraps = header.wraps();
    let named: Vec<_> = wraps
        .iter()
        .take(KEYS_NAMED)
        .map(|wrap| wrap.key.as_str())
        .collect();
    let more = match wraps.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = format!("no usable identity: it is sealed for {}{more}", named.join(", "));
    let error = Error::usage(what).hint("give an age identity with `--identity FILE`");
    if !wraps.iter().any(|wrap| wrap.kind == WrapKind::Kms) {
        error
    } else if permitted.is_none() {
        error.hint("or say which keys may be asked: a manifest with their keyring, or `--allow KEY`")
    } else {
        error.hint("none of these keys is permitted here: check the manifest's keyrings, or `--allow KEY`")
    }
}

impl fmt::Debug for Opener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("permitted", self.permitted)
            .finish_non_exhaustive()
    }
}
