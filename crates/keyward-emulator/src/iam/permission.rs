//! The permissions of Cloud KMS.

/// Those that its own calls take, and those that its roles hand out beside them (IAM documentation, "Cloud Key Management
/// Service roles and permissions", 2026).
const ALL: &[&str] = &[
    "cloudkms.cryptoKeyVersions.create",
    "cloudkms.cryptoKeyVersions.delete",
    "cloudkms.cryptoKeyVersions.destroy",
    "cloudkms.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.list",
    "cloudkms.cryptoKeyVersions.manageRawAesCbcKeys",
    "cloudkms.cryptoKeyVersions.manageRawAesCtrKeys",
    "cloudkms.cryptoKeyVersions.manageRawPKCS1Keys",
    "cloudkms.cryptoKeyVersions.restore",
    "cloudkms.cryptoKeyVersions.trustedImportExport",
    "cloudkms.cryptoKeyVersions.update",
    "cloudkms.cryptoKeyVersions.useToDecapsulate",
    "cloudkms.cryptoKeyVersions.useToDecrypt",
    "cloudkms.cryptoKeyVersions.useToDecryptViaDelegation",
    "cloudkms.cryptoKeyVersions.useToEncrypt",
    "cloudkms.cryptoKeyVersions.useToEncryptViaDelegation",
    "cloudkms.cryptoKeyVersions.useToSign",
    "cloudkms.cryptoKeyVersions.useToVerify",
    "cloudkms.cryptoKeyVersions.viewPublicKey",
    "cloudkms.cryptoKeys.create",
    "cloudkms.cryptoKeys.delete",
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.cryptoKeys.list",
    "cloudkms.cryptoKeys.setIamPolicy",
    "cloudkms.cryptoKeys.update",
    "cloudkms.importJobs.create",
    "cloudkms.importJobs.get",
    "cloudkms.importJobs.getIamPolicy",
    "cloudkms.importJobs.list",
    "cloudkms.importJobs.setIamPolicy",
    "cloudkms.importJobs.useToImport",
    "cloudkms.keyRings.create",
    "cloudkms.keyRings.createTagBinding",
    "cloudkms.keyRings.delete",
    "cloudkms.keyRings.deleteTagBinding",
    "cloudkms.keyRings.get",
    "cloudkms.keyRings.getIamPolicy",
    "cloudkms.keyRings.list",
    "cloudkms.keyRings.listEffectiveTags",
    "cloudkms.keyRings.listTagBindings",
    "cloudkms.keyRings.setIamPolicy",
    "cloudkms.locations.generateRandomBytes",
    "cloudkms.locations.get",
    "cloudkms.locations.list",
    "cloudkms.operations.get",
    "cloudkms.projects.showEffectiveAutokeyConfig",
    "cloudkms.retiredResources.get",
    "cloudkms.retiredResources.list",
];

/// Whether Cloud KMS has this permission.
pub(crate) fn exists(name: &str) -> bool {
    ALL.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_and_cover_what_calls_and_the_library_ask_for() {
        assert!(ALL.is_sorted_by(|a, b| a < b));
        for permission in [
            "cloudkms.cryptoKeyVersions.useToEncrypt",
            "cloudkms.locations.list",
        ] {
            assert!(exists(permission), "{permission}");
        }
        assert!(!exists("cloudkms.cryptoKeys.*") && !exists("") && !exists("storage.objects.get"));
    }
}
