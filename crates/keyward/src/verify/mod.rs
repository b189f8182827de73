//! The gate as an operation: look at every key of a manifest, and judge.
//!
//! It holds ports that look, and ports that encrypt for canaries only; it has nothing that could change a key. The
//! judging itself is pure and lives in [`keyward_core::verify`].

mod canary;
mod observe;
mod patience;
mod prove;

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use keyward_core::clock::Timestamp;
use keyward_core::key::KeyVersion;
use keyward_core::kms::Observed;
use keyward_core::manifest::Manifest;
use keyward_core::name::KeyRef;
use keyward_core::secret::SecretBytes;
use keyward_core::verify::{
    Check, Event, Evidence, Expected, LockState, Report, Scan, Uses, events as timeline, judge,
    judge_keyring, judge_lock, notes,
};
use rand_core::CryptoRng;

pub use observe::in_time;
pub use prove::Prover;

use self::patience::Patience;
use crate::registry::{Crypters, Readers};

/// Keys that are looked at at the same time. Each makes three reads and a canary; how fast these go, a provider decides, which
/// knows its quota.
const AT_ONCE: usize = 8;
/// How long a location may be silent, or a single call may take, before what it would have shown is unknown.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// What to verify, and with what.
pub struct Verify<'a> {
    /// What should exist.
    pub manifest: &'a Manifest,
    /// Only the keyrings of this environment; of all when absent.
    pub env: Option<&'a str>,
    /// What was last proven to exist ([`crate::lock_file::Found::state`]).
    pub lock: LockState<'a>,
    /// Which files need which versions: [`crate::uses::scan`].
    pub scan: &'a Scan,
    /// Ports that look.
    pub readers: &'a Readers,
    /// How to try the keys.
    pub canaries: Canaries<'a>,
    /// The instant of the verification.
    pub now: Timestamp,
    /// How long a location may be silent ([`DEADLINE`]). Calls that wait for their turn under a quota do not count: while others
    /// are answered, there is no silence.
    pub deadline: Duration,
}

/// Whether and how a small secret is sealed and opened under every key.
#[derive(Clone, Copy)]
pub enum Canaries<'a> {
    /// By these ports, now.
    Here(&'a Crypters),
    /// By another identity. This release knows no attestation, so that the check is unknown.
    Attested,
    /// Not at all: the check does not apply.
    Off,
}

/// How the versions of each key were seen: what a question about losses ([`crate::survive::topology_of`]) needs too.
pub type Sight = Vec<(KeyRef, Observed<Vec<KeyVersion>>)>;

/// Looks at every key and judges it. It never fails: what cannot be seen is a finding.
pub async fn verify(request: Verify<'_>, rng: &mut dyn CryptoRng) -> Report {
    verify_and_keep(request, rng).await.0
}

/// The same, and keeps what was seen, so that nobody has to look again.
pub async fn verify_and_keep(request: Verify<'_>, rng: &mut dyn CryptoRng) -> (Report, Sight) {
    let keyrings = || {
        let all = request.manifest.keyrings();
        all.filter(|keyring| request.env.is_none_or(|env| keyring.env == env))
    };
    let wanted: Vec<_> = keyrings()
        .flat_map(Expected::of)
        .map(|key| (key, canary::secret(rng)))
        .collect();
    let patience = Patience::new(request.deadline);
    let judged = wanted
        .into_iter()
        .map(|(expected, secret)| judge_one(&request, &patience, expected, secret));
    let judged: Vec<_> = stream::iter(judged).buffered(AT_ONCE).collect().await;
    let (mut checks, mut events, mut sight) = (Vec::new(), Vec::new(), Sight::new());
    for one in judged {
        checks.extend(one.checks);
        events.extend(one.events);
        sight.push(one.sight);
    }
    events.sort();
    checks.extend(keyrings().map(|keyring| judge_keyring(keyring, request.scan)));
    checks.extend(judge_lock(request.manifest, request.lock));
    let report = Report {
        at: request.now,
        checks,
        events,
        notes: notes(request.manifest, request.scan),
    };
    (report, sight)
}

/// One key, looked at and judged.
struct Judged {
    checks: Vec<Check>,
    events: Vec<Event>,
    sight: (KeyRef, Observed<Vec<KeyVersion>>),
}

async fn judge_one(
    request: &Verify<'_>,
    patience: &Patience,
    expected: Expected,
    secret: SecretBytes,
) -> Judged {
    let seen = observe::key(request, patience, &expected.key, &secret).await;
    let unused = Uses::default();
    let checks = judge(Evidence {
        expected: &expected,
        recorded: request.lock.about(&expected.key, request.manifest),
        seen: &seen,
        uses: request.scan.uses.get(&expected.key).unwrap_or(&unused),
        unread: &request.scan.unread,
        now: request.now,
    });
    Judged {
        checks,
        events: timeline(&expected, &seen),
        sight: (expected.key, seen.versions),
    }
}

#[cfg(test)]
mod tests;
