//! Identities that open age files: the keys of one identity file, which may itself be protected by a passphrase.

use std::cell::RefCell;
use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use age::x25519;
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::limits;
use keyward_core::recipient::Identity;
use keyward_core::secret::SecretBytes;
use zeroize::Zeroizing;

use crate::failure::{unless_not_mine, unreadable};
use crate::file::open_with_passphrase;
use crate::identity_file;
use crate::passphrase::AskPassphrase;

/// The identities of one file. A protected file is opened, and its passphrase asked for, when it is first needed.
pub struct AgeIdentity {
    label: String,
    keys: OnceLock<Vec<x25519::Identity>>,
    protected: Option<Protected>,
}

struct Protected {
    file: Vec<u8>,
    ask: Arc<AskPassphrase>,
    /// Held while asking, so that two threads do not prompt at once. What went wrong is kept: a hostile file with many
    /// wraps must not ask as many times.
    failed: Mutex<Option<(ErrorKind, String)>>,
}

impl AgeIdentity {
    /// The identities in the content of an identity file: plain, or an age file (binary or armored) that a passphrase
    /// opens. `label` is what messages call it.
    ///
    /// # Errors
    /// A usage error when a plain file holds something else than identities. What a protected one holds shows only
    /// when it is opened.
    pub fn parse(label: impl Into<String>, content: &SecretBytes, ask: Arc<AskPassphrase>) -> Result<Self> {
        let label = label.into();
        if content.len() > limits::KEY_FILE_LEN {
            return Err(Error::usage("it is too long for an identity file").on(label));
        }
        if is_age_file(content.expose()) {
            let protected = Protected {
                file: content.expose().to_vec(),
                ask,
                failed: Mutex::new(None),
            };
            return Ok(Self {
                label,
                keys: OnceLock::new(),
                protected: Some(protected),
            });
        }
        let keys = identity_file::parse(&label, content.expose())?;
        Ok(Self {
            label,
            keys: OnceLock::from(keys),
            protected: None,
        })
    }

    /// The keys. Asks for the passphrase when it was not asked for before.
    pub(crate) fn keys(&self) -> Result<&[x25519::Identity]> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let protected = self
            .protected
            .as_ref()
            .ok_or_else(|| Error::bug("an identity without keys"))?;
        let mut failed = protected.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((kind, what)) = &*failed {
            return Err(Error::new(*kind, what).on(&self.label));
        }
        if self.keys.get().is_none() {
            let opened = protected.open(&self.label).map_err(|error| error.on(&self.label));
            let opened =
                opened.inspect_err(|error| *failed = Some((error.kind(), error.what().to_owned())))?;
            let _ = self.keys.set(opened);
        }
        Ok(self.keys.get().map_or(&[], Vec::as_slice))
    }
}

impl Protected {
    fn open(&self, label: &str) -> Result<Vec<x25519::Identity>> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.file.len()));
        open_with_passphrase(&mut self.file.as_slice(), label, &*self.ask, &mut *text)?;
        identity_file::parse(label, &text)
    }
}

impl Identity for AgeIdentity {
    fn label(&self) -> &str {
        &self.label
    }

    fn is_locked(&self) -> bool {
        self.keys.get().is_none()
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Option<SecretBytes>> {
        if wrapped.len() > limits::WRAPPED_LEN {
            return Err(Error::damaged("a wrapped data key is longer than any can be"));
        }
        let decryptor = age::Decryptor::new_buffered(wrapped)
            .map_err(|error| crate::failure::not_opened(error, false))?;
        let keys = Keys::default();
        let opened = unless_not_mine(decryptor.decrypt(keys.of([self])), false)?;
        match opened {
            Some(payload) => read_whole(payload).map(Some),
            None => keys.failed().map_or(Ok(None), Err),
        }
    }
}

/// The keys of several identities, one after another. A protected file is opened only when those before did not fit.
#[derive(Default)]
pub(crate) struct Keys {
    failure: RefCell<Option<Error>>,
}

impl Keys {
    pub(crate) fn of<'a>(
        &'a self,
        identities: impl IntoIterator<Item = &'a AgeIdentity> + 'a,
    ) -> impl Iterator<Item = &'a dyn age::Identity> {
        identities
            .into_iter()
            .flat_map(|identity| identity.keys().unwrap_or_else(|error| self.remember(error)))
            .map(|key| key as &dyn age::Identity)
    }

    fn remember(&self, error: Error) -> &'static [x25519::Identity] {
        self.failure.borrow_mut().get_or_insert(error);
        &[]
    }

    /// Why an identity could not be tried, if one could not.
    pub(crate) fn failed(&self) -> Option<Error> {
        self.failure.take()
    }
}

/// Whether the content is an age file, binary or armored.
fn is_age_file(content: &[u8]) -> bool {
    content.starts_with(b"age-encryption.org/") || content.starts_with(crate::file::ARMOR_BEGIN)
}

fn read_whole(mut payload: impl Read) -> Result<SecretBytes> {
    // Never reallocated, which would leave a copy behind: the plaintext is shorter than the file.
    let mut secret = Zeroizing::new(Vec::with_capacity(limits::WRAPPED_LEN));
    payload.read_to_end(&mut secret).map_err(unreadable)?;
    Ok(SecretBytes::new(std::mem::take(&mut *secret)))
}

#[cfg(test)]
mod tests;
