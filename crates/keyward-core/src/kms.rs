//! The ports to a KMS: four traits, so that a signature says what a function can do to a key.
//!
//! [`KmsRead`] looks, [`KmsCrypt`] uses, [`KmsRescue`] brings back, [`KmsAdmin`] creates and changes. None of them can
//! destroy a version or schedule its destruction: that call does not exist in keyward.
//!
//! The futures are boxed, so that the traits are object-safe, and need no particular runtime.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::error::Error;
use crate::key::{CryptoKey, KeyRing, KeySpec, KeyVersion, Permission, RotationSchedule};
use crate::location::Location;
use crate::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use crate::secret::SecretBytes;

/// A boxed future.
pub type Async<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What looking at a resource showed. Unknown is neither absent nor fine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed<T> {
    /// It is there.
    Present(T),
    /// It is certainly not there.
    Absent,
    /// It could not be seen: refused, unreachable, timed out, cut short. The text says why.
    Unknown(String),
}

impl<T> Observed<T> {
    /// Applies `f` to what is there.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Self::Present(value) => Observed::Present(f(value)),
            Self::Absent => Observed::Absent,
            Self::Unknown(why) => Observed::Unknown(why),
        }
    }

    /// The same observation, borrowed.
    pub fn as_ref(&self) -> Observed<&T> {
        match self {
            Self::Present(value) => Observed::Present(value),
            Self::Absent => Observed::Absent,
            Self::Unknown(why) => Observed::Unknown(why.clone()),
        }
    }

    /// What is there, if it is.
    pub fn present(self) -> Option<T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}

/// Looking. Nothing here changes anything, not even in a store of ours.
pub trait KmsRead: Send + Sync {
    /// One key ring.
    fn get_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Observed<KeyRing>>;
    /// Every location in which a project may have rings, in no order; never a part of them.
    fn list_locations<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Location>>>;
    /// Every ring of a project in one location, sorted by name. Never a part of them: a list cut short is unknown.
    fn list_rings<'a>(
        &'a self,
        project: &'a str,
        location: &'a Location,
    ) -> Async<'a, Observed<Vec<KeyRing>>>;
    /// One key.
    fn get_key<'a>(&'a self, name: &'a CryptoKeyName) -> Async<'a, Observed<CryptoKey>>;
    /// Every key of a ring, sorted by name, or unknown.
    fn list_keys<'a>(&'a self, ring: &'a KeyRingName) -> Async<'a, Observed<Vec<CryptoKey>>>;
    /// One version.
    fn get_version<'a>(&'a self, name: &'a KeyVersionName) -> Async<'a, Observed<KeyVersion>>;
    /// Every version of a key, destroyed ones included, by number, or unknown.
    fn list_versions<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Observed<Vec<KeyVersion>>>;
    /// Which of `wanted` the caller holds on `key`.
    fn test_permissions<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        wanted: &'a [Permission],
    ) -> Async<'a, Observed<Vec<Permission>>>;
}

/// What to encrypt under: a key (its primary version answers), or a named version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptWith<'a> {
    /// The primary version of this key.
    Key(&'a CryptoKeyName),
    /// Exactly this version.
    Version(&'a KeyVersionName),
}

impl EncryptWith<'_> {
    /// The key asked for, or the key of the version asked for.
    pub fn key(&self) -> &CryptoKeyName {
        match self {
            Self::Key(key) => key,
            Self::Version(version) => version.key(),
        }
    }
}

/// What encrypting answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
    /// The version that answered. The caller checks that it belongs to the key, or is the version, that was asked.
    pub version: KeyVersionName,
}

/// Using keys.
pub trait KmsCrypt: Send + Sync {
    /// Encrypts at most 64 KiB, bound to `aad`.
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>>;

    /// Decrypts with whichever version of `key` encrypted.
    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>>;
}

/// Bringing back. Rescue is never blocked by a gate, a manifest, a lock or a log.
pub trait KmsRescue: Send + Sync {
    /// Takes a version out of its destroy schedule. It is disabled afterwards.
    fn restore<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>>;
    /// Makes a disabled version usable again.
    fn enable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>>;
}

/// Creating and changing. Nothing here destroys.
pub trait KmsAdmin: Send + Sync {
    /// Creates a ring.
    fn create_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Result<KeyRing, KmsError>>;
    /// Creates a key, with version 1 as its primary unless the specification says otherwise.
    fn create_key<'a>(
        &'a self,
        name: &'a CryptoKeyName,
        spec: KeySpec,
    ) -> Async<'a, Result<CryptoKey, KmsError>>;
    /// Creates the next version. It does not become primary.
    fn create_version<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Result<KeyVersion, KmsError>>;
    /// Makes a version primary.
    fn set_primary<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<CryptoKey, KmsError>>;
    /// Disables a version. It can be enabled again.
    fn disable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>>;
    /// Sets or, with `None`, removes the rotation schedule.
    fn set_rotation<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        rotation: Option<RotationSchedule>,
    ) -> Async<'a, Result<CryptoKey, KmsError>>;
}

/// Why a KMS call failed, in the canonical codes that Google's APIs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KmsCode {
    /// The request is malformed, or a ciphertext does not open under this key and data.
    InvalidArgument,
    /// The resource is certainly not there.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// Denied, which may hide absence.
    PermissionDenied,
    /// The state of the resource does not allow it: disabled, scheduled, destroyed, no primary.
    FailedPrecondition,
    /// Too many requests.
    ResourceExhausted,
    /// Unreachable, or busy.
    Unavailable,
    /// Not in time.
    DeadlineExceeded,
    /// The provider answered something that cannot be true: wrong checksum, wrong version, broken storage.
    Internal,
    /// A mistake of this program, found while it acted as, or talked to, the provider. Google has no such code.
    Bug,
}

impl KmsCode {
    /// Google's word for the code.
    pub fn id(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::Unavailable => "UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Internal | Self::Bug => "INTERNAL",
        }
    }
}

/// A failed KMS call. Neither message nor hint carries a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsError {
    /// The canonical code.
    pub code: KmsCode,
    /// One sentence that names the resource.
    pub message: String,
    /// What to do next, where that is known.
    pub hint: Option<String>,
    /// Which condition the resource does not meet, for programs.
    pub violation: Option<Violation>,
}

/// One violation of Google's `google.rpc.PreconditionFailure`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The kind: `KEY_DISABLED`, `KEY_DESTROY_SCHEDULED`, `KEY_DESTROYED` and the like.
    pub kind: String,
    /// Full name of the version that it is about.
    pub subject: String,
}

impl KmsError {
    /// An error.
    pub fn new(code: KmsCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            violation: None,
        }
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says which condition is not met, by which resource.
    pub fn violation(mut self, kind: impl Into<String>, subject: impl Into<String>) -> Self {
        self.violation = Some(Violation {
            kind: kind.into(),
            subject: subject.into(),
        });
        self
    }

    /// What a read that failed this way has seen: only a plain "not found" is absence.
    pub fn observed<T>(self) -> Observed<T> {
        match self.code {
            KmsCode::NotFound => Observed::Absent,
            _ => Observed::Unknown(self.with_hint()),
        }
    }

    /// What a decryption that failed this way means: a ciphertext that does not open is damaged, or another key's.
    pub fn of_decryption(self) -> Error {
        match self.code {
            KmsCode::InvalidArgument => self.into_error(Error::damaged),
            _ => self.into(),
        }
    }
}

impl KmsError {
    /// What happened and what to do next, where only text can be carried on.
    fn with_hint(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.to_string().trim_end_matches('.')),
            None => self.to_string(),
        }
    }

    fn into_error(self, make: impl FnOnce(String) -> Error) -> Error {
        let error = make(self.to_string());
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.id(), self.message)
    }
}

impl std::error::Error for KmsError {}

impl From<KmsError> for Error {
    fn from(error: KmsError) -> Self {
        let make = match error.code {
            KmsCode::NotFound | KmsCode::FailedPrecondition => Error::refused,
            KmsCode::InvalidArgument | KmsCode::AlreadyExists => Error::usage,
            // Denial says nothing about the key: what cannot be seen is unknown.
            KmsCode::PermissionDenied
            | KmsCode::ResourceExhausted
            | KmsCode::Unavailable
            | KmsCode::DeadlineExceeded => Error::unavailable,
            KmsCode::Internal => Error::damaged,
            KmsCode::Bug => Error::bug,
        };
        error.into_error(make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn kind(code: KmsCode) -> ErrorKind {
        Error::from(KmsError::new(code, "why")).kind()
    }

    #[test]
    fn denial_is_unknown_and_a_mistake_of_ours_is_no_damage() {
        assert_eq!(kind(KmsCode::PermissionDenied), ErrorKind::Unavailable);
        assert_eq!(kind(KmsCode::Bug), ErrorKind::Bug);
        assert_eq!(kind(KmsCode::Internal), ErrorKind::Damaged);
    }

    #[test]
    fn an_invalid_argument_of_a_decryption_is_a_ciphertext_that_does_not_open() {
        let error = KmsError::new(KmsCode::InvalidArgument, "why");
        assert_eq!(kind(error.code), ErrorKind::Usage);
        assert_eq!(error.of_decryption().kind(), ErrorKind::Damaged);
        let busy = KmsError::new(KmsCode::Unavailable, "why");
        assert_eq!(Error::from(busy.clone().hint("wait")).hints(), ["wait"]);
        let seen = KmsError::new(KmsCode::Unavailable, "why.")
            .hint("wait")
            .observed::<()>();
        assert_eq!(seen, Observed::Unknown("UNAVAILABLE: why; wait".into()));
        assert_eq!(busy.of_decryption().kind(), ErrorKind::Unavailable);
    }
}
