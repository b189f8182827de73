//! What a version computes.

use std::fmt;

/// Algorithm of a version, as Cloud KMS names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Symmetric encryption as the provider does it, the only algorithm of
    /// [`Purpose::EncryptDecrypt`](super::Purpose::EncryptDecrypt).
    #[default]
    GoogleSymmetricEncryption,
    /// An algorithm that keyward does not use.
    Other,
}

impl Algorithm {
    /// Cloud KMS' own word for the algorithm.
    pub fn id(self) -> &'static str {
        match self {
            Self::GoogleSymmetricEncryption => "GOOGLE_SYMMETRIC_ENCRYPTION",
            Self::Other => "CRYPTO_KEY_VERSION_ALGORITHM_UNSPECIFIED",
        }
    }

    /// The algorithm with this word; [`Self::Other`] for every other word.
    pub fn from_id(id: &str) -> Self {
        match id {
            "GOOGLE_SYMMETRIC_ENCRYPTION" => Self::GoogleSymmetricEncryption,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
