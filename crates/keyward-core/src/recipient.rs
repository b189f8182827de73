//! The port to offline keys: recipients a data key is wrapped for, identities that open such a wrap.

use crate::error::Result;
use crate::name::AgeRecipient;
use crate::secret::SecretBytes;

/// Someone a data key can be wrapped for without asking a service: an age recipient.
pub trait Recipient: Send + Sync {
    /// The name that the wrap will carry.
    fn name(&self) -> &AgeRecipient;

    /// Wraps `secret`. The result is a complete age file, so that stock `age -d` opens it.
    ///
    /// # Errors
    /// Only a bug or a failing random generator.
    fn wrap(&self, secret: &SecretBytes) -> Result<Vec<u8>>;
}

/// Someone who may be able to open an age file.
pub trait Identity: Send + Sync {
    /// What messages call it: a file name, never a key.
    fn label(&self) -> &str;

    /// Whether using it now would ask a person for a passphrase. Such an identity is tried after all others.
    fn is_locked(&self) -> bool {
        false
    }

    /// Opens `wrapped`; `None` when it is not for this identity.
    ///
    /// # Errors
    /// Damaged data, when the file is for this identity and does not open, or is no age file at all.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Option<SecretBytes>>;
}
