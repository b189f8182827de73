//! Where key material is kept and used.

use std::fmt;

use crate::manifest::Protection;

/// Protection level of a key, as Cloud KMS names them. Immutable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProtectionLevel {
    /// In software.
    #[default]
    Software,
    /// In a hardware security module of the provider.
    Hsm,
    /// In a key manager outside of the provider, over the internet.
    External,
    /// In a key manager outside of the provider, over a private network.
    ExternalVpc,
    /// In a hardware security module of one customer.
    HsmSingleTenant,
    /// A level that this release does not know.
    Other,
}

impl ProtectionLevel {
    const KNOWN: [Self; 5] = [
        Self::Software,
        Self::Hsm,
        Self::External,
        Self::ExternalVpc,
        Self::HsmSingleTenant,
    ];

    /// Cloud KMS' own word for the level.
    pub fn id(self) -> &'static str {
        match self {
            Self::Software => "SOFTWARE",
            Self::Hsm => "HSM",
            Self::External => "EXTERNAL",
            Self::ExternalVpc => "EXTERNAL_VPC",
            Self::HsmSingleTenant => "HSM_SINGLE_TENANT",
            Self::Other => "PROTECTION_LEVEL_UNSPECIFIED",
        }
    }

    /// The level with this word; [`Self::Other`] for one that this release does not know.
    pub fn from_id(id: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|level| level.id() == id);
        known.unwrap_or(Self::Other)
    }
}

impl From<Protection> for ProtectionLevel {
    fn from(declared: Protection) -> Self {
        match declared {
            Protection::Software => Self::Software,
            Protection::Hsm => Self::Hsm,
        }
    }
}

impl fmt::Display for ProtectionLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
