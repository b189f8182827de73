//! The root key: under which all key material in the folder is sealed.

mod file;
mod passphrase;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use keyward_core::error;
use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::name::KeyVersionName;
use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;
use ring::hkdf;

use crate::fault::{Result, bug, damaged, from_prompt, unanswered, unavailable};
use crate::sealing::{SealingKey, nonce};
use file::RootFile;
use passphrase::SealedKey;

/// Length of a root key and of the material of a version, in bytes.
pub(crate) const KEY_LEN: usize = 32;

/// Where the root key comes from. The file is made by the first call that makes key material, and never in the place
/// of another: a file that is missing while keys exist is an error that names it.
pub enum RootKeySource {
    /// A file that holds the key itself, mode 0600. For development: who reads it can open every key.
    File(PathBuf),
    /// A file that holds the key sealed under a passphrase (argon2id, RFC 9106; parameters and salt are in the file).
    Passphrase {
        /// The file.
        file: PathBuf,
        /// Asks for the passphrase: once a process, when key material is first made or used. When `file` does not
        /// exist yet, the answer becomes the passphrase, so that is when to ask twice.
        ask: AskPassphrase,
    },
}

/// Asks a person for a passphrase.
pub type AskPassphrase = Box<dyn Fn() -> error::Result<SecretBytes> + Send + Sync>;

impl RootKeySource {
    pub(crate) fn file(&self) -> &Path {
        match self {
            Self::File(file) | Self::Passphrase { file, .. } => file,
        }
    }
}

/// Whether the root key in `file` is under a passphrase; `None` when there is no such file.
///
/// # Errors
/// Unavailable when it cannot be read, damaged when it is not a root key file.
pub fn is_passphrase_protected(file: &Path) -> error::Result<Option<bool>> {
    let found = RootFile::read(file)?;
    Ok(found.map(|found| matches!(found, RootFile::Sealed(_))))
}

/// An opened root key.
pub(crate) struct RootKey {
    sealing: SealingKey,
    id: [u8; 16],
}

impl RootKey {
    fn new(key: &SecretBytes) -> Result<Self> {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"keyward embedded root 1").extract(key.expose());
        let derive = |purpose: &[u8], out: &mut [u8]| {
            let info = [purpose];
            let okm = secret.expand(&info, Length(out.len()));
            okm.and_then(|okm| okm.fill(out))
                .map_err(|_| bug("a long derived key"))
        };
        let mut id = [0; 16];
        derive(b"id", &mut id)?;
        let mut sealing = zeroize::Zeroizing::new([0; KEY_LEN]);
        derive(b"material", sealing.as_mut_slice())?;
        Ok(Self {
            sealing: SealingKey::new(sealing.as_slice())?,
            id,
        })
    }

    /// Says which root key this is without saying anything about it.
    pub(crate) fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Draws material for a new version and seals it, bound to the version's full name.
    pub(crate) fn make_material(&self, version: &KeyVersionName, rng: &mut dyn CryptoRng) -> Result<Vec<u8>> {
        self.seal_material(version, &SecretBytes::random(KEY_LEN, rng), rng)
    }

    pub(crate) fn seal_material(
        &self,
        version: &KeyVersionName,
        material: &SecretBytes,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>> {
        let (name, mut sealed) = (version.to_string(), Vec::new());
        self.sealing
            .seal(material.expose(), name.as_bytes(), &mut sealed, nonce(rng))?;
        Ok(sealed)
    }

    /// The material of a version, or `None` when it was not sealed for exactly this version.
    pub(crate) fn open_material(&self, version: &KeyVersionName, sealed: &[u8]) -> Option<SecretBytes> {
        self.sealing.open(sealed, version.to_string().as_bytes())
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The root key, opened when it is first needed and then kept.
pub(crate) struct Root {
    source: RootKeySource,
    opened: Mutex<Option<Arc<RootKey>>>,
}

impl Root {
    pub(crate) fn new(source: RootKeySource) -> Self {
        Self {
            source,
            opened: Mutex::new(None),
        }
    }

    pub(crate) fn file(&self) -> &Path {
        self.source.file()
    }

    /// The key, if it was opened before.
    pub(crate) fn opened(&self) -> Option<Arc<RootKey>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for the passphrase, where there is one to ask for and the key is not open yet.
    pub(crate) fn ask_ahead(&self) -> Result<()> {
        let asks = matches!(self.source, RootKeySource::Passphrase { .. });
        if asks && self.opened().is_none() && RootFile::read(self.file())?.is_some() {
            self.open()?;
        }
        Ok(())
    }

    /// The key that exists.
    pub(crate) fn open(&self) -> Result<Arc<RootKey>> {
        self.opened_or(|found| match found {
            Some(found) => self.unlock(found),
            None => Err(unavailable(
                self.file(),
                "the root key is missing; the keys beside it are sealed under it; restore it from its backup",
            )),
        })
    }

    /// The key that exists, or a new one once `may_create` has agreed.
    pub(crate) fn open_or_create(
        &self,
        may_create: impl FnOnce() -> Result<()>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Arc<RootKey>> {
        self.opened_or(|found| match found {
            Some(found) => self.unlock(found),
            None => match may_create() {
                Ok(()) => self.create(rng),
                Err(refusal) => self.made_meanwhile(refusal),
            },
        })
    }

    /// The key of another process that made it, and material under it, after this one looked for the file.
    fn made_meanwhile(&self, refusal: KmsError) -> Result<SecretBytes> {
        match RootFile::read(self.file())? {
            Some(found) => self.unlock(found),
            None => Err(refusal),
        }
    }

    /// The lock is held meanwhile, so that two locations at once ask for one passphrase.
    fn opened_or(&self, open: impl FnOnce(Option<RootFile>) -> Result<SecretBytes>) -> Result<Arc<RootKey>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*opened {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(RootKey::new(&open(RootFile::read(self.file())?)?)?);
        *opened = Some(Arc::clone(&key));
        Ok(key)
    }

    fn unlock(&self, found: RootFile) -> Result<SecretBytes> {
        match (found, &self.source) {
            (RootFile::Plain(key), _) => Ok(key),
            (RootFile::Sealed(sealed), RootKeySource::Passphrase { ask, file }) => {
                let passphrase = ask().map_err(unanswered)?;
                let wrong = || damaged(file, "the passphrase does not open it");
                sealed.open(&passphrase, file)?.ok_or_else(wrong)
            }
            (RootFile::Sealed(_), RootKeySource::File(file)) => Err(KmsError::new(
                KmsCode::FailedPrecondition,
                format!("{}: the root key is under a passphrase", file.display()),
            )),
        }
    }

    /// Makes a key and its file. When another process was faster, its key is the one.
    fn create(&self, rng: &mut dyn CryptoRng) -> Result<SecretBytes> {
        let key = SecretBytes::random(KEY_LEN, rng);
        let text = match &self.source {
            RootKeySource::File(_) => file::plain_text(&key),
            RootKeySource::Passphrase { ask, .. } => {
                let passphrase = ask().map_err(from_prompt)?;
                SealedKey::seal(&key, &passphrase, rng)?.text()
            }
        };
        if file::write_new(self.file(), &text)? {
            return Ok(key);
        }
        let other = RootFile::read(self.file())?;
        self.unlock(other.ok_or_else(|| unavailable(self.file(), "it was removed a moment ago"))?)
    }
}
