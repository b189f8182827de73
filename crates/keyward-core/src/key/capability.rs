//! What a caller may do to a key, in the words of Cloud IAM.

/// A permission that keyward asks about. None of them destroys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read a key ring.
    GetRing,
    /// Read a key.
    GetKey,
    /// Read a key version.
    GetVersion,
    /// List the versions of a key.
    ListVersions,
    /// Encrypt.
    Encrypt,
    /// Decrypt.
    Decrypt,
    /// Restore a version that is scheduled for destruction.
    Restore,
    /// Enable or disable a version.
    UpdateVersion,
    /// Change the schedule or the primary of a key.
    UpdateKey,
    /// Create a version.
    CreateVersion,
}

impl Permission {
    /// The IAM permission string (Cloud KMS documentation, "Permissions and roles").
    pub fn id(self) -> &'static str {
        match self {
            Self::GetRing => "cloudkms.keyRings.get",
            Self::GetKey => "cloudkms.cryptoKeys.get",
            Self::GetVersion => "cloudkms.cryptoKeyVersions.get",
            Self::ListVersions => "cloudkms.cryptoKeyVersions.list",
            Self::Encrypt => "cloudkms.cryptoKeyVersions.useToEncrypt",
            Self::Decrypt => "cloudkms.cryptoKeyVersions.useToDecrypt",
            Self::Restore => "cloudkms.cryptoKeyVersions.restore",
            Self::UpdateVersion => "cloudkms.cryptoKeyVersions.update",
            Self::UpdateKey => "cloudkms.cryptoKeys.update",
            Self::CreateVersion => "cloudkms.cryptoKeyVersions.create",
        }
    }
}
