//! Looking at one key, each call with its deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join;
use keyward_core::attest::Attestation;
use keyward_core::error::Error;
use keyward_core::key::{CryptoKey, KeyVersion};
use keyward_core::kms::{Async, EncryptWith, KmsCrypt, Observed};
use keyward_core::name::{KeyRef, VersionRef};
use keyward_core::secret::SecretBytes;
use keyward_core::verify::{Canary, Kept, Recorded, Seen};
use tokio::time::timeout;

use super::canary::{self, Failure};
use super::lists::{Lists, Look};
use super::patience::Patience;
use super::{Canaries, Verify};

/// What the provider shows of `key`, and what becomes of a canary under it.
pub(super) async fn key(
    request: &Verify<'_>,
    patience: &Patience,
    lists: &Lists,
    key: &KeyRef,
    secret: &SecretBytes,
) -> Seen {
    let look = Look {
        readers: request.readers,
        patience,
    };
    let live = lists.key(look, key).await;
    let (versions, canary) = join(
        versions(look, key, &live),
        try_canary(request, patience, key, &live, secret),
    )
    .await;
    Seen {
        ring: lists.ring(key),
        key: live,
        versions,
        canary,
        kept: Kept::Off("not tried yet".into()),
    }
}

async fn versions(look: Look<'_>, key: &KeyRef, live: &Observed<CryptoKey>) -> Observed<Vec<KeyVersion>> {
    match live {
        Observed::Absent => Observed::Absent,
        Observed::Present(_) | Observed::Unknown(_) => {
            let location = key.name.location();
            look.see(key.provider, location, |reader| reader.list_versions(&key.name))
                .await
        }
    }
}

/// Opens the canaries that the lock keeps of the versions `numbers` of `key`.
pub(super) async fn kept(
    request: &Verify<'_>,
    patience: &Patience,
    key: &KeyRef,
    recorded: Recorded<'_>,
    numbers: &[u64],
) -> Kept {
    let crypters = match request.canaries {
        Canaries::Here(crypters) => crypters,
        Canaries::Attested(Err(why)) => return Kept::Unknown(why.to_owned()),
        Canaries::Attested(Ok(record)) => {
            let tried = numbers
                .iter()
                .map(|number| (*number, attested(record, key.version(*number))));
            return Kept::Tried(tried.collect());
        }
        Canaries::Off => return Kept::Off("canaries are off".into()),
    };
    let mut tried = BTreeMap::new();
    let Recorded::Proven(recorded) = recorded else {
        return Kept::Tried(tried);
    };
    for number in numbers {
        let kept = recorded.versions.get(number);
        let Some(ciphertext) = kept.and_then(|version| version.canary.as_deref()) else {
            continue;
        };
        let version = key.version(*number);
        let canary = match crypters.get(key.provider) {
            Ok(crypt) => open_kept(crypt.as_ref(), &version, ciphertext, patience).await,
            Err(error) => Canary::Unknown(error.to_string()),
        };
        tried.insert(*number, canary);
    }
    Kept::Tried(tried)
}

async fn open_kept(
    crypt: &dyn KmsCrypt,
    version: &VersionRef,
    ciphertext: &[u8],
    patience: &Patience,
) -> Canary {
    match canary::open_from_lock(crypt, version, ciphertext, patience).await {
        Ok(()) => Canary::Opened(version.clone()),
        Err(Failure::Failed(error)) => Canary::Failed(with_hints(&error)),
        Err(Failure::Unknown(error)) => Canary::Unknown(with_hints(&error)),
    }
}

/// The observation, or unknown when it does not come in time.
pub async fn in_time<T>(deadline: Duration, read: Async<'_, Observed<T>>) -> Observed<T> {
    let late = |_| Observed::Unknown(format!("no answer within {} s", deadline.as_secs()));
    timeout(deadline, read).await.unwrap_or_else(late)
}

async fn try_canary(
    request: &Verify<'_>,
    patience: &Patience,
    key: &KeyRef,
    live: &Observed<CryptoKey>,
    secret: &SecretBytes,
) -> Canary {
    let crypters = match request.canaries {
        Canaries::Here(crypters) => crypters,
        Canaries::Attested(Err(why)) => return Canary::Unknown(why.to_owned()),
        Canaries::Attested(Ok(record)) => return attested_primary(record, key, live),
        Canaries::Off => return Canary::Off("canaries are off".into()),
    };
    match live {
        Observed::Absent => return Canary::Off("the key is missing".into()),
        Observed::Unknown(why) => return Canary::Unknown(why.clone()),
        Observed::Present(_) => {}
    }
    let crypt = match crypters.get(key.provider) {
        Ok(crypt) => crypt,
        Err(error) => return Canary::Unknown(error.to_string()),
    };
    let with = EncryptWith::Key(&key.name);
    match canary::fly(crypt.as_ref(), (key.provider, with), secret, patience).await {
        Ok(name) => Canary::Opened(VersionRef {
            provider: key.provider,
            name,
        }),
        Err(Failure::Failed(error)) => Canary::Failed(with_hints(&error)),
        Err(Failure::Unknown(error)) => Canary::Unknown(with_hints(&error)),
    }
}

/// What an attestation says of the primary.
fn attested_primary(record: &Attestation, key: &KeyRef, live: &Observed<CryptoKey>) -> Canary {
    match live {
        Observed::Absent => Canary::Off("the key is missing".into()),
        Observed::Unknown(why) => Canary::Unknown(why.clone()),
        Observed::Present(live) => match live.primary {
            Some(number) => attested(record, key.version(number)),
            None => Canary::Failed("the key has no primary version".into()),
        },
    }
}

/// What an attestation says of a version; what it does not say is unknown.
fn attested(record: &Attestation, version: VersionRef) -> Canary {
    match record.opened.contains(&version) {
        true => Canary::Opened(version),
        false => Canary::Unknown(format!(
            "the attestation of {} does not say that a canary of version {} opened",
            record.at,
            version.name.number()
        )),
    }
}

/// What happened and what to do next, as one text; less the command that brings a version back, which a finding has as its
/// next step.
fn with_hints(error: &Error) -> String {
    let what = error.to_string();
    let hints = error.hints().iter().filter(|hint| !hint.contains("keyward key "));
    let hints: Vec<_> = hints.map(String::as_str).collect();
    if hints.is_empty() {
        return what;
    }
    format!("{}; {}", what.trim_end_matches('.'), hints.join("; "))
}
