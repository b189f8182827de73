//! The key from which an installation derives its users' keys.

use std::borrow::Cow;

use rand_core::CryptoRng;
use serde::Deserialize;
use zeroize::Zeroize;

use super::token;
use crate::envelope::{Sniffed, sniff};
use crate::error::{Error, Result};
use crate::secret::SecretBytes;

/// The `signKey` of the client half.
///
/// The installation derives each user's key with HMAC from `signKey`, or from the client secret when there is none.
/// So a new secret for an old site changes every user's key and orphans their preferences, unless the key that was
/// used so far is kept.
#[derive(Default)]
pub enum SignKey {
    /// None, as the old generator: users' keys depend on the client secret. A key pair has no client secret, so its
    /// installation gets a new sign key instead.
    #[default]
    Absent,
    /// A new one, 256 bits. For a site that has no users yet.
    New,
    /// The one that was used so far.
    Kept(SecretBytes),
}

impl SignKey {
    /// Keeps what the installation with this `secret.txt` signs with: its `signKey`, or its client secret.
    ///
    /// # Errors
    /// A usage error when it is not the client half of a credential. Its content is never repeated.
    pub fn kept_from(client_half: &SecretBytes) -> Result<Self> {
        let text = client_half.expose();
        if sniff(text) != Sniffed::Other {
            return Err(Error::usage("it is sealed").hint("decrypt it first, and give what comes out"));
        }
        // Windows editors put a byte order mark before the text.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut old = serde_json::from_slice::<OldClientHalf<'_>>(text).map_err(|_| not_a_client_half())?;
        let key = old.sign_key.take().filter(|key| !key.is_empty());
        let key = key
            .or(old.client_credentials.client_secret.take())
            .ok_or_else(not_a_client_half)?;
        match key.len() {
            0 => Err(not_a_client_half()),
            _ => Ok(Self::Kept(SecretBytes::from(key.into_owned()))),
        }
    }

    /// What the documents are to carry. `needed`: there is no client secret to fall back to.
    pub(super) fn draw(&self, needed: bool, rng: &mut dyn CryptoRng) -> Option<SecretBytes> {
        match self {
            Self::Absent if !needed => None,
            Self::Absent | Self::New => Some(token::fresh(token::SIGN_KEY, rng)),
            Self::Kept(key) => Some(SecretBytes::new(key.expose().to_vec())),
        }
    }
}

#[derive(Deserialize)]
struct OldClientHalf<'a> {
    #[serde(borrow, rename = "signKey")]
    sign_key: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "clientCredentials")]
    client_credentials: OldCredentials<'a>,
}

#[derive(Deserialize)]
struct OldCredentials<'a> {
    #[serde(borrow)]
    client_secret: Option<Cow<'a, str>>,
}

impl Drop for OldClientHalf<'_> {
    fn drop(&mut self) {
        for text in [&mut self.sign_key, &mut self.client_credentials.client_secret] {
            if let Some(Cow::Owned(text)) = text {
                text.zeroize();
            }
        }
    }
}

fn not_a_client_half() -> Error {
    Error::usage("it holds no sign key and no client secret").hint(
        "give the `secret.txt` of the site's present credential; it must be JSON, without the comments that JSON5 allows",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::MAGIC;

    fn kept(text: &str) -> Option<Vec<u8>> {
        match SignKey::kept_from(&SecretBytes::new(text.as_bytes().to_vec())) {
            Ok(SignKey::Kept(key)) => Some(key.expose().to_vec()),
            Ok(_) => panic!("a key was made up"),
            Err(_) => None,
        }
    }

    #[test]
    fn the_sign_key_wins_over_the_client_secret() {
        let secret = r#"{"site": "s", "clientCredentials": {"client_id": "i", "client_secret": "old"}"#;
        assert_eq!(kept(&format!("{secret}}}")).unwrap(), b"old");
        assert_eq!(
            kept(&format!(r#"{secret}, "signKey": "k\u00e9y"}}"#)).unwrap(),
            "kéy".as_bytes()
        );
        assert_eq!(kept(&format!(r#"{secret}, "signKey": ""}}"#)).unwrap(), b"old");
        assert_eq!(kept(&format!("\u{feff}{secret}}}")).unwrap(), b"old");
    }

    #[test]
    fn a_sealed_half_is_to_be_opened_first() {
        let sealed = [MAGIC.as_slice(), &[1; 64]].concat();
        let Err(error) = SignKey::kept_from(&SecretBytes::new(sealed)) else {
            panic!("a key was made up")
        };
        assert!(error.hints()[0].contains("decrypt it first"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "{}",
            "[]",
            "secret",
            r#"{"clientCredentials": {"client_secret": ""}}"#,
            r#"{"clientCredentials": {}}"#,
        ] {
            assert!(kept(text).is_none(), "{text}");
        }
    }
}
