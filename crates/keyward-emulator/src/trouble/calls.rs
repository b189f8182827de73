//! The log of calls: the last ten thousand, cheap to keep and formatted when somebody asks.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tonic::Code;

use super::matching::{MethodName, ResourcePattern};
use crate::rpc::{Caller, Method};

/// How many are kept.
const KEPT: usize = 10_000;

/// Longest name of a resource that is kept, in bytes; of longer ones the start. Names of objects end at 1024.
const LONGEST_NAME: usize = 2048;

/// One call that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// 1 for the first call since the emulator was started.
    pub sequence: u64,
    /// When it ended, by the emulator's clock.
    pub time: Timestamp,
    /// Full name of its service, as in `google.cloud.kms.v1.KeyManagementService`.
    pub service: &'static str,
    /// Its name in that service, as in `Encrypt`.
    pub method: &'static str,
    /// What it was about, as it was sent.
    pub resource: String,
    /// The text of the bearer token, or `owner`. What looks like a real access token is not repeated.
    pub caller: String,
    /// How it ended.
    pub code: Code,
}

/// The log.
#[derive(Default)]
pub(crate) struct Calls(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    entries: VecDeque<Entry>,
    /// Sequence number of the newest.
    last: u64,
    /// How many were forgotten since it was cleared.
    dropped: u64,
}

struct Entry {
    time: Timestamp,
    method: Method,
    resource: Box<str>,
    /// Nobody in particular: the owner.
    caller: Option<Box<str>>,
    code: Code,
}

/// Which calls to show.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) method: Option<MethodName<'a>>,
    pub(crate) resource: Option<ResourcePattern<'a>>,
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Calls {
    pub(crate) fn add(&self, time: Timestamp, method: &Method, resource: &str, caller: &Caller, code: Code) {
        let entry = Entry {
            time,
            method: *method,
            resource: start_of(resource, LONGEST_NAME).into(),
            caller: named(caller),
            code,
        };
        let mut ring = self.lock();
        ring.last += 1;
        let oldest = (ring.entries.len() == KEPT).then(|| ring.entries.pop_front());
        ring.dropped += u64::from(oldest.is_some());
        ring.entries.push_back(entry);
        drop(ring);
        // Its memory is given back without the lock.
        drop(oldest);
    }

    /// Those that are wanted, oldest first, and how many are forgotten.
    pub(crate) fn list(&self, wanted: &Wanted<'_>) -> (Vec<CallRecord>, u64) {
        let ring = self.lock();
        let first = ring.last + 1 - ring.entries.len() as u64;
        let records = (first..)
            .zip(&ring.entries)
            .filter(|(sequence, entry)| *sequence > wanted.after && wanted.fits(entry))
            .take(wanted.limit)
            .map(|(sequence, entry)| entry.record(sequence))
            .collect();
        (records, ring.dropped)
    }

    /// Forgets them. Numbers go on.
    pub(crate) fn clear(&self) -> u64 {
        let mut ring = self.lock();
        ring.dropped = 0;
        std::mem::take(&mut ring.entries).len() as u64
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted<'_> {
    fn fits(&self, entry: &Entry) -> bool {
        self.method.is_none_or(|name| name.fits(&entry.method))
            && self.resource.is_none_or(|pattern| pattern.fits(&entry.resource))
    }
}

impl Entry {
    fn record(&self, sequence: u64) -> CallRecord {
        CallRecord {
            sequence,
            time: self.time,
            service: self.method.service,
            method: self.method.name,
            resource: self.resource.to_string(),
            caller: self.caller.as_deref().unwrap_or("owner").to_owned(),
            code: self.code,
        }
    }
}

fn start_of(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

/// A caller as the log shows it. A client that was pointed here by mistake may have sent a real credential.
fn named(caller: &Caller) -> Option<Box<str>> {
    match caller {
        Caller::Owner => None,
        Caller::Bearer(token) if is_name(token) => Some(token.as_str().into()),
        Caller::Bearer(token) => Some(format!("a token of {} characters", token.len()).into()),
    }
}

/// Access tokens of Google start with `ya29.`, signed ones (JWT) with `eyJ`; names of people and programs do not.
fn is_name(token: &str) -> bool {
    token.len() <= 128 && !token.starts_with("ya29.") && !token.starts_with("eyJ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Method = Method::looks("GetCryptoKey", "");
    const LIST: Method = Method::looks("ListCryptoKeys", "");

    fn add(calls: &Calls, method: &Method, resource: &str) {
        calls.add(Timestamp::UNIX_EPOCH, method, resource, &Caller::Owner, Code::Ok);
    }

    fn sequences(calls: &Calls, wanted: Wanted<'_>) -> Vec<u64> {
        let (records, _) = calls.list(&wanted);
        records.iter().map(|record| record.sequence).collect()
    }

    #[test]
    fn it_keeps_the_last_and_counts_the_rest() {
        let calls = Calls::default();
        (0..KEPT + 5).for_each(|_| add(&calls, &GET, "a"));
        let all = Wanted {
            limit: 1,
            ..Wanted::default()
        };
        assert_eq!(calls.list(&all).1, 5);
        assert_eq!(sequences(&calls, all), [6]);
        assert_eq!(calls.clear(), KEPT as u64);
        add(&calls, &GET, "a");
        let rest = Wanted {
            limit: 9,
            ..Wanted::default()
        };
        assert_eq!(sequences(&calls, rest), [10_006]);
    }

    #[test]
    fn it_is_filtered() {
        let calls = Calls::default();
        add(&calls, &GET, "a/1");
        add(&calls, &LIST, "a");
        add(&calls, &GET, "b/1");
        let wanted = |method, resource, after| Wanted {
            method: MethodName::optional(method),
            resource: ResourcePattern::optional(resource),
            after,
            limit: 9,
        };
        assert_eq!(sequences(&calls, wanted("GetCryptoKey", "", 0)), [1, 3]);
        assert_eq!(sequences(&calls, wanted("", "a/*", 0)), [1]);
        assert_eq!(sequences(&calls, wanted("", "", 2)), [3]);
    }

    #[test]
    fn a_real_token_is_not_repeated() {
        for token in ["ya29.secret", "eyJhbGci.secret", &"x".repeat(129)] {
            let shown = named(&Caller::Bearer(token.to_owned())).unwrap();
            assert!(!shown.contains(token), "{shown}");
        }
        let ann = named(&Caller::Bearer("user:ann@example.com".to_owned()));
        assert_eq!(ann.as_deref(), Some("user:ann@example.com"));
    }
}
