//! Looking at one key, each call with its deadline.

use std::time::Duration;

use futures_util::future::join3;
use keyward_core::error::Error;
use keyward_core::key::CryptoKey;
use keyward_core::kms::{Async, EncryptWith, Observed};
use keyward_core::name::{KeyRef, VersionRef};
use keyward_core::secret::SecretBytes;
use keyward_core::verify::{Canary, Seen};
use tokio::time::timeout;

use super::canary::{self, Failure};
use super::patience::Patience;
use super::{Canaries, Verify};

/// What the provider shows of `key`, and what becomes of a canary under it.
pub(super) async fn key(
    request: &Verify<'_>,
    patience: &Patience,
    key: &KeyRef,
    secret: &SecretBytes,
) -> Seen {
    let reader = match request.readers.get(key.provider) {
        Ok(reader) => reader,
        Err(error) => return Seen::unknown(&error.to_string()),
    };
    let (ring, live, versions) = join3(
        seen(patience, key, reader.get_ring(key.name.ring())),
        seen(patience, key, reader.get_key(&key.name)),
        seen(patience, key, reader.list_versions(&key.name)),
    )
    .await;
    let canary = try_canary(request, patience, key, &live, secret).await;
    Seen {
        ring,
        key: live,
        versions,
        canary,
    }
}

/// The observation, or unknown when the location is silent.
async fn seen<T>(patience: &Patience, key: &KeyRef, read: Async<'_, Observed<T>>) -> Observed<T> {
    let answer = patience.wait(key.provider, key.name.location(), read).await;
    answer.unwrap_or_else(|silence| Observed::Unknown(silence.into_text()))
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
        Canaries::Attested => return Canary::Unknown("this release knows no attested canaries".into()),
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
