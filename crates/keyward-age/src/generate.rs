//! Making a new identity.

use age::secrecy::ExposeSecret;
use age::x25519;
use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, Result};
use keyward_core::name::AgeRecipient;
use keyward_core::secret::SecretBytes;

/// A fresh identity and its recipient.
pub struct Generated {
    /// The public half.
    pub recipient: AgeRecipient,
    identity: SecretBytes,
}

/// Makes an X25519 identity with age's own randomness.
///
/// # Errors
/// Only a bug.
pub fn generate() -> Result<Generated> {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    Ok(Generated {
        recipient: recipient
            .parse()
            .map_err(|_| Error::bug("age made a recipient that it cannot read"))?,
        identity: SecretBytes::new(identity.to_string().expose_secret().as_bytes().to_vec()),
    })
}

impl Generated {
    /// The text of an identity file, in the form that `age-keygen` writes: when it was made, its public key, and the
    /// secret key on the last line.
    pub fn identity_file(&self, created: Timestamp) -> SecretBytes {
        let comment = format!(
            "# created: {}\n# public key: {}\n",
            created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            self.recipient
        );
        let mut text = Vec::with_capacity(comment.len() + self.identity.len() + 1);
        text.extend_from_slice(comment.as_bytes());
        text.extend_from_slice(self.identity.expose());
        text.push(b'\n');
        SecretBytes::new(text)
    }
}
