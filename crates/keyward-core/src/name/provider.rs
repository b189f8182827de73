//! Providers: who holds a key.

use std::fmt;

use crate::error::{Error, Result, nearest};

/// A kind of key holder that this release can talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Google Cloud KMS (`gcp-kms`).
    Gcp,
    /// The KMS inside keyward (`embedded-kms`).
    Embedded,
    /// An age recipient (`age`).
    Age,
}

impl Provider {
    const ALL: [Self; 3] = [Self::Gcp, Self::Embedded, Self::Age];

    /// The identifier written into envelopes and used as URI scheme.
    pub fn id(self) -> &'static str {
        match self {
            Self::Gcp => "gcp-kms",
            Self::Embedded => "embedded-kms",
            Self::Age => "age",
        }
    }

    /// The provider with this identifier, if this release knows it.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.id() == id)
    }

    /// Parses `provider:` of a manifest: `gcp` or `embedded`.
    ///
    /// # Errors
    /// A usage error that names the nearest provider.
    pub fn from_manifest(word: &str) -> Result<Self> {
        match word {
            "gcp" => Ok(Self::Gcp),
            "embedded" => Ok(Self::Embedded),
            _ => {
                let word = word.escape_debug().to_string();
                let meant = nearest(&word, ["gcp", "embedded"]).unwrap_or("gcp` or `embedded");
                Err(Error::usage(format!("`{word}` is not a provider"))
                    .hint(format!("did you mean `{meant}`?")))
            }
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
