//! Wrapping one data key for every location and escrow recipient of a keyring, concurrently.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use keyward_core::envelope::{Binding, Wrap};
use keyward_core::error::{Error, Result};
use keyward_core::kms::EncryptWith;
use keyward_core::limits;
use keyward_core::name::KeyRef;
use keyward_core::secret::{DataKey, SecretBytes};
use tokio::time::timeout;

use super::attempt::with_attempts;
use super::{Attempt, DEADLINE, Keyring};
use crate::registry::Crypters;

/// Wraps data keys under a keyring.
#[derive(Clone, Copy, Debug)]
pub struct Sealer<'a> {
    /// How to reach the keys.
    pub crypters: &'a Crypters,
    /// Whom to wrap for.
    pub keyring: &'a Keyring,
    /// The fewest locations that must answer; all of them when `None`. Escrow recipients must always succeed.
    pub min_locations: Option<usize>,
    /// How long a location may take.
    pub deadline: Duration,
}

/// The wraps of one data key.
#[derive(Debug)]
pub struct Wrapped {
    /// One for every location and recipient; an empty one marks what is missing.
    pub wraps: Vec<Wrap>,
    /// The locations that did not answer. Not empty: the envelope wants repair.
    pub missing: Vec<Attempt>,
}

/// Why [`Sealer::wrap`] refused: the cause of its error, for those who know what else could be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// Locations that answered.
    pub answered: usize,
    /// Locations that had to.
    pub required: usize,
    /// All locations of the keyring.
    pub locations: usize,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            answered,
            required,
            locations,
        } = self;
        write!(
            f,
            "{answered} of {locations} answered, and sealing needs {required}"
        )
    }
}

impl StdError for TooFew {}

impl<'a> Sealer<'a> {
    /// A sealer that needs every location.
    pub fn new(crypters: &'a Crypters, keyring: &'a Keyring) -> Self {
        Self {
            crypters,
            keyring,
            min_locations: None,
            deadline: DEADLINE,
        }
    }

    /// Wraps `data_key` for everyone, bound to the envelope that `binding` stands for. What each provider answered is
    /// checked: a version of the key that was asked, and a ciphertext within the limits.
    ///
    /// # Errors
    /// A usage error for a keyring without any recipient or an impossible minimum; otherwise, when fewer locations
    /// than needed answered, an error that names each and why, and whose cause is [`TooFew`].
    pub async fn wrap(&self, data_key: &DataKey, binding: Binding) -> Result<Wrapped> {
        let required = self.required()?;
        if required == self.keyring.keys.len() {
            self.reachable()?;
        }
        let aad = binding.wrap_aad();
        let answers = join_all(
            self.keyring
                .keys
                .iter()
                .map(|key| self.wrap_in(key, data_key, &aad)),
        )
        .await;
        let mut wrapped = Wrapped {
            wraps: Vec::new(),
            missing: Vec::new(),
        };
        for (key, answer) in self.keyring.keys.iter().zip(answers) {
            wrapped.wraps.push(match answer {
                Ok(wrap) => wrap,
                Err(error) => {
                    wrapped.missing.push(Attempt {
                        resource: key.to_string(),
                        error,
                    });
                    Wrap::kms(key, None, Vec::new())
                }
            });
        }
        enough(&wrapped.missing, self.keyring.keys.len(), required)?;
        self.wrap_for_escrow(data_key, &mut wrapped.wraps)?;
        Ok(wrapped)
    }

    fn required(&self) -> Result<usize> {
        let locations = self.keyring.keys.len();
        if locations == 0 && self.keyring.escrow.is_empty() {
            return Err(Error::usage("there is nobody to seal for").hint("name a keyring, or `--to` a key"));
        }
        match self.min_locations {
            None => Ok(locations),
            Some(fewest) if fewest <= locations && (fewest > 0 || locations == 0) => Ok(fewest),
            Some(fewest) => Err(Error::usage(format!(
                "at least {fewest} locations are asked for, and the keyring has {locations}"
            ))
            .hint(format!("give a number from 1 to {locations}"))),
        }
    }

    /// A provider that this program cannot ask at all is one reason, however many locations it has.
    fn reachable(&self) -> Result<()> {
        let mut providers = self.keyring.keys.iter().map(|key| key.provider);
        providers.try_for_each(|provider| self.crypters.get(provider).map(|_| ()))
    }

    async fn wrap_in(&self, key: &KeyRef, data_key: &DataKey, aad: &[u8]) -> Result<Wrap> {
        let crypt = self.crypters.get(key.provider)?;
        let call = crypt.encrypt(EncryptWith::Key(&key.name), data_key.expose(), aad);
        let answer = timeout(self.deadline, call)
            .await
            .map_err(|_| too_slow(self.deadline))??;
        if answer.version.key() != &key.name {
            return Err(Error::damaged(format!("{} answered for it", answer.version)));
        }
        if answer.ciphertext.is_empty() || answer.ciphertext.len() > limits::WRAPPED_LEN {
            return Err(Error::damaged(format!(
                "it answered {} bytes of ciphertext",
                answer.ciphertext.len()
            )));
        }
        Ok(Wrap::kms(key, Some(answer.version.number()), answer.ciphertext))
    }

    fn wrap_for_escrow(&self, data_key: &DataKey, wraps: &mut Vec<Wrap>) -> Result<()> {
        let secret = SecretBytes::new(data_key.expose().to_vec());
        for recipient in &self.keyring.escrow {
            wraps.push(Wrap::age(recipient.name(), recipient.wrap(&secret)?));
        }
        Ok(())
    }
}

fn enough(missing: &[Attempt], locations: usize, required: usize) -> Result<()> {
    let answered = locations - missing.len();
    if answered >= required {
        return Ok(());
    }
    Err(
        with_attempts("too few locations answered", missing).because(TooFew {
            answered,
            required,
            locations,
        }),
    )
}

pub(super) fn too_slow(deadline: Duration) -> Error {
    Error::unavailable(format!("no answer within {} ms", deadline.as_millis()))
}
