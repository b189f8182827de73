//! A way into an envelope: one wrap, and who could open it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, Header, Wrap, WrapKind};
use keyward_core::error::{Error, Result};
use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::name::KeyRef;
use keyward_core::recipient::Identity;
use keyward_core::secret::{DataKey, SecretBytes};
use tokio::time::timeout;

use super::seal::too_slow;
use super::{Attempt, Permitted};
use crate::registry::Crypters;

/// Which wrap opened an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenedBy {
    /// A key in a location; the version is the one that the wrap names, which is its writer's claim.
    Kms {
        /// The key that was asked.
        key: KeyRef,
        /// The version that the wrap names.
        version: Option<u64>,
    },
    /// An age identity, by its label.
    Age {
        /// What messages call the identity.
        identity: String,
    },
}

impl fmt::Display for OpenedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kms {
                key,
                version: Some(number),
            } => key.version(*number).fmt(f),
            Self::Kms { key, version: None } => key.fmt(f),
            Self::Age { identity } => write!(f, "the age identity {identity}"),
        }
    }
}

/// One wrap that may be tried.
pub(super) struct Way<'a> {
    /// The header that the wrap stands in, embedded or detached: its MAC is what must hold.
    header: &'a Header,
    wrap: &'a Wrap,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Kms(KeyRef),
    /// Identities that open without asking anybody.
    Age(Vec<&'a dyn Identity>),
    /// Identities that ask a person for a passphrase.
    Locked(Vec<&'a dyn Identity>),
}

/// Every way that `permitted` and `identities` leave, in the order in which they are tried: KMS keys, near locations
/// first; then age identities; last those that ask a person. Detached wraps come before embedded ones of their kind.
pub(super) fn ways<'a>(
    headers: &[&'a Header],
    permitted: &Permitted,
    identities: &'a [Arc<dyn Identity>],
) -> Vec<Way<'a>> {
    let mut ways: Vec<_> = by_keys(headers, permitted).collect();
    let (locked, open): (Vec<&dyn Identity>, Vec<_>) = identities
        .iter()
        .map(AsRef::as_ref)
        .partition(|identity| identity.is_locked());
    ways.extend(by_identities(headers, &open, Kind::Age));
    ways.extend(by_identities(headers, &locked, Kind::Locked));
    ways
}

fn by_keys<'a>(headers: &[&'a Header], permitted: &Permitted) -> impl Iterator<Item = Way<'a>> {
    headers.iter().flat_map(|header| {
        let way = |wrap: &'a Wrap| {
            let key = wrap.key_ref()?;
            Some((
                permitted.rank(&key)?,
                Way {
                    header,
                    wrap,
                    kind: Kind::Kms(key),
                },
            ))
        };
        let mut ranked: Vec<_> = filled(header, WrapKind::Kms).filter_map(way).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, way)| way)
    })
}

fn by_identities<'a>(
    headers: &[&'a Header],
    identities: &[&'a dyn Identity],
    kind: impl Fn(Vec<&'a dyn Identity>) -> Kind<'a>,
) -> Vec<Way<'a>> {
    let wraps = headers
        .iter()
        .flat_map(|header| filled(header, WrapKind::Age).map(move |wrap| (*header, wrap)));
    wraps
        .filter(|_| !identities.is_empty())
        .map(|(header, wrap)| Way {
            header,
            wrap,
            kind: kind(identities.to_vec()),
        })
        .collect()
}

/// The wraps of one kind that hold a data key.
fn filled(header: &Header, kind: WrapKind) -> impl Iterator<Item = &Wrap> {
    header
        .wraps()
        .iter()
        .filter(move |wrap| wrap.kind == kind && !wrap.is_missing())
}

/// What trying a way gave.
pub(super) enum Tried {
    /// It opened: the data key matches the commitment, and the wraps their MAC.
    Opened(Box<(DataKey, BodyOpener, OpenedBy)>),
    /// It did not.
    Failed(Attempt),
    /// It was for nobody here.
    NotMine,
}

impl Way<'_> {
    /// Whether trying it calls a provider.
    pub(super) fn is_call(&self) -> bool {
        matches!(self.kind, Kind::Kms(_))
    }

    /// Whether trying it asks a person, who must not be asked while something else may still open it.
    pub(super) fn asks_somebody(&self) -> bool {
        matches!(self.kind, Kind::Locked(_))
    }

    /// What messages call it.
    pub(super) fn resource(&self) -> &str {
        &self.wrap.key
    }

    /// Unwraps, then checks the commitment, then the MAC of the wraps.
    pub(super) async fn try_it(
        self,
        crypters: &Crypters,
        head: &[u8; BODY_HEAD_LEN],
        deadline: Duration,
    ) -> Tried {
        let resource = self.wrap.key.clone();
        match self.unwrap(crypters, deadline).await {
            Ok(None) => Tried::NotMine,
            Ok(Some((secret, opened_by))) => match self.check(&secret, head) {
                Ok((key, opener)) => Tried::Opened(Box::new((key, opener, opened_by))),
                Err(error) => Tried::Failed(Attempt { resource, error }),
            },
            Err(error) => Tried::Failed(Attempt { resource, error }),
        }
    }

    async fn unwrap(
        &self,
        crypters: &Crypters,
        deadline: Duration,
    ) -> Result<Option<(SecretBytes, OpenedBy)>> {
        match &self.kind {
            Kind::Kms(key) => {
                let crypt = crypters.get(key.provider)?;
                let aad = self.header.binding().wrap_aad();
                let secret = timeout(deadline, crypt.decrypt(&key.name, &self.wrap.wrapped, &aad))
                    .await
                    .map_err(|_| too_slow(deadline))?
                    .map_err(|error| unwrap_error(error, key, self.wrap.version_number()))?;
                Ok(Some((
                    secret,
                    OpenedBy::Kms {
                        key: key.clone(),
                        version: self.wrap.version_number(),
                    },
                )))
            }
            Kind::Age(identities) | Kind::Locked(identities) => unwrap_age(identities, &self.wrap.wrapped),
        }
    }

    fn check(&self, secret: &SecretBytes, head: &[u8; BODY_HEAD_LEN]) -> Result<(DataKey, BodyOpener)> {
        let key = DataKey::from_unwrapped(secret)
            .ok_or_else(|| Error::damaged(format!("it holds {} bytes, not a data key", secret.len())))?;
        let opener = BodyOpener::new(&key, &self.header.binding().body_context(), head)?;
        self.header.check_mac(&key)?;
        Ok((key, opener))
    }
}

/// The first identity that opens. One that fails does not keep the others from being tried.
fn unwrap_age(identities: &[&dyn Identity], wrapped: &[u8]) -> Result<Option<(SecretBytes, OpenedBy)>> {
    let mut failure = None;
    for identity in identities {
        match identity.unwrap(wrapped) {
            Ok(Some(secret)) => {
                let identity = identity.label().to_owned();
                return Ok(Some((secret, OpenedBy::Age { identity })));
            }
            Ok(None) => {}
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(None), Err)
}

/// Where a version stands in the way, the hint is the command that shows it.
fn unwrap_error(error: KmsError, key: &KeyRef, version: Option<u64>) -> Error {
    match error.code {
        KmsCode::FailedPrecondition => {
            let rescue = match version {
                Some(number) => format!("keyward key restore {}", key.version(number)),
                None => format!("keyward key show {key}"),
            };
            Error::from(error).hint(format!(
                "if it is only disabled or scheduled, it can come back: {rescue}"
            ))
        }
        _ => error.of_decryption(),
    }
}
