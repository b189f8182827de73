//! The gate as an operation: look at every key of a manifest, and judge.
//!
//! It holds ports that look, and ports that encrypt for canaries only; it has nothing that could change a key. The
//! judging itself is pure and lives in [`keyward_core::verify`].

mod attested;
mod canary;
mod lists;
mod observe;
mod patience;
mod prove;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use keyward_core::attest::Attestation;
use keyward_core::clock::Timestamp;
use keyward_core::key::KeyVersion;
use keyward_core::kms::Observed;
use keyward_core::manifest::Manifest;
use keyward_core::name::{KeyRef, VersionRef};
use keyward_core::secret::SecretBytes;
use keyward_core::verify::{
    Canary, Check, Event, Evidence, Expected, Files, Kept, LockState, Recorded, Report, Scan, Seen, Uses,
    events as timeline, judge, judge_census, judge_keyring, judge_lock, notes,
};
use rand_core::CryptoRng;

pub use attested::{ATTESTATION_FILE_NAME, attestation};
pub use observe::in_time;
pub use prove::Prover;

use self::lists::{Lists, Look};
use self::patience::Patience;
use crate::registry::{Crypters, Readers};

/// Calls, or keys with their few calls, at the same time. How fast these go, a provider decides, which knows its quota.
const AT_ONCE: usize = 64;
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
    /// By another identity, which attested it ([`attestation`]); or why that is not to be believed.
    Attested(std::result::Result<&'a Attestation, &'a str>),
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
    let verified = verify_in_full(request, rng).await;
    (verified.report, verified.sight)
}

/// A verification, and what it saw.
pub struct Verified {
    /// What was found.
    pub report: Report,
    /// How the versions of each key were seen.
    pub sight: Sight,
    /// The versions under which canaries opened, here and now: what may be attested ([`Attestation::new`]).
    pub opened: BTreeSet<VersionRef>,
}

/// The same, and says what opened.
pub async fn verify_in_full(request: Verify<'_>, rng: &mut dyn CryptoRng) -> Verified {
    let keyrings = || {
        let all = request.manifest.keyrings();
        all.filter(|keyring| request.env.is_none_or(|env| keyring.env == env))
    };
    let wanted: Vec<_> = keyrings()
        .flat_map(Expected::of)
        .map(|key| (key, canary::secret(rng)))
        .collect();
    let (wanted, secrets): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
    let patience = Patience::new(request.deadline);
    let look = Look {
        readers: request.readers,
        patience: &patience,
    };
    let lists = Lists::of(look, &wanted).await;
    let judged = wanted.into_iter().zip(secrets);
    let judged = judged.map(|(expected, secret)| judge_one(&request, &patience, &lists, expected, secret));
    let judged: Vec<_> = stream::iter(judged).buffered(AT_ONCE).collect().await;
    let (mut checks, mut events, mut sight) = (Vec::new(), Vec::new(), Sight::new());
    let mut opened = BTreeSet::new();
    for one in judged {
        checks.extend(one.checks);
        events.extend(one.events);
        sight.push(one.sight);
        opened.extend(one.opened);
    }
    events.sort();
    let all: Vec<_> = keyrings().collect();
    let (censuses, further) = lists.census(look, &all).await;
    let censuses = all.iter().zip(&censuses);
    checks.extend(
        censuses.map(|(keyring, census)| judge_census(request.manifest, keyring, census, request.lock)),
    );
    checks.extend(keyrings().map(|keyring| judge_keyring(keyring, request.scan)));
    checks.extend(judge_lock(request.manifest, request.lock));
    let mut notes = notes(request.manifest, request.scan);
    notes.extend((further > 0).then(|| {
        format!(
            "{further} further locations were asked for key rings of the same names (V05), with one call each"
        )
    }));
    let report = Report {
        at: request.now,
        checks,
        events,
        notes,
    };
    Verified {
        report,
        sight,
        opened,
    }
}

/// One key, looked at and judged.
struct Judged {
    checks: Vec<Check>,
    events: Vec<Event>,
    sight: (KeyRef, Observed<Vec<KeyVersion>>),
    opened: Vec<VersionRef>,
}

async fn judge_one(
    request: &Verify<'_>,
    patience: &Patience,
    lists: &Lists,
    expected: Expected,
    secret: SecretBytes,
) -> Judged {
    let mut seen = observe::key(request, patience, lists, &expected.key, &secret).await;
    let recorded = request.lock.about(&expected.key, request.manifest);
    let doubt = request.scan.in_doubt();
    let to_open = evidence(request, &expected, recorded, &seen, &doubt).to_open();
    seen.kept = observe::kept(request, patience, &expected.key, recorded, &to_open).await;
    let checks = judge(evidence(request, &expected, recorded, &seen, &doubt));
    Judged {
        checks,
        events: timeline(&expected, &seen),
        opened: opened(request, &seen),
        sight: (expected.key, seen.versions),
    }
}

/// The versions under which a canary opened, if that was tried here.
fn opened(request: &Verify<'_>, seen: &Seen) -> Vec<VersionRef> {
    let Canaries::Here(_) = request.canaries else {
        return Vec::new();
    };
    let kept = match &seen.kept {
        Kept::Tried(tried) => Some(tried.values()),
        Kept::Off(_) | Kept::Unknown(_) => None,
    };
    let canaries = std::iter::once(&seen.canary).chain(kept.into_iter().flatten());
    canaries
        .filter_map(|canary| match canary {
            Canary::Opened(version) => Some(version.clone()),
            Canary::Failed(_) | Canary::Unknown(_) | Canary::Off(_) => None,
        })
        .collect()
}

fn evidence<'a>(
    request: &Verify<'a>,
    expected: &'a Expected,
    recorded: Recorded<'a>,
    seen: &'a Seen,
    unread: &'a Files,
) -> Evidence<'a> {
    static UNUSED: Uses = Uses::NONE;
    Evidence {
        expected,
        recorded,
        seen,
        uses: request.scan.uses.get(&expected.key).unwrap_or(&UNUSED),
        unread,
        now: request.now,
    }
}

#[cfg(test)]
mod tests;
