//! What roles permit.

/// The end of permissions that only look.
const LOOKS: [&str; 2] = [".get", ".list"];

/// What everybody with a role on keys may also do.
const LOCATIONS: [&str; 2] = ["cloudkms.locations.get", "cloudkms.locations.list"];

/// Whether a predefined role permits it; nothing for a role that is not known here.
///
/// IAM documentation, "Cloud Key Management Service roles and permissions", 2026. The basic roles are not listed there
/// permission by permission; that `roles/editor` may not use keys or set policies is.
pub(super) fn permits(role: &str, permission: &str) -> Option<bool> {
    let permitted = match role {
        "roles/owner" => true,
        "roles/editor" => edits(permission),
        "roles/viewer" | "roles/cloudkms.viewer" => looks(permission),
        "roles/cloudkms.admin" => administers(permission),
        _ => {
            let own = operations(role.strip_prefix("roles/cloudkms.")?)?;
            is_one_of(permission, "cloudkms.cryptoKeyVersions.", own)
                || LOCATIONS.contains(&permission)
                || role == "roles/cloudkms.importer" && imports(permission)
                || role == "roles/cloudkms.cryptoOperator"
                    && permission == "cloudkms.locations.generateRandomBytes"
        }
    };
    Some(permitted)
}

/// The operations with versions that a role is for.
fn operations(role: &str) -> Option<&'static [&'static str]> {
    Some(match role {
        "cryptoKeyEncrypter" => &["useToEncrypt"],
        "cryptoKeyDecrypter" => &["useToDecrypt"],
        "cryptoKeyEncrypterDecrypter" => &["useToEncrypt", "useToDecrypt"],
        "cryptoKeyEncrypterViaDelegation" => &["useToEncryptViaDelegation"],
        "cryptoKeyDecrypterViaDelegation" => &["useToDecryptViaDelegation"],
        "cryptoKeyEncrypterDecrypterViaDelegation" => {
            &["useToEncryptViaDelegation", "useToDecryptViaDelegation"]
        }
        "publicKeyViewer" => &["viewPublicKey"],
        "signer" => &["useToSign"],
        "verifier" => &["useToVerify", "viewPublicKey"],
        "signerVerifier" => &["useToSign", "useToVerify", "viewPublicKey"],
        "decapsulator" => &["useToDecapsulate", "viewPublicKey"],
        "cryptoOperator" => &[
            "useToEncrypt",
            "useToDecrypt",
            "useToSign",
            "useToVerify",
            "useToDecapsulate",
            "viewPublicKey",
        ],
        "importer" => &["trustedImportExport"],
        "expertRawPKCS1" => &["manageRawPKCS1Keys"],
        "expertRawAesCbc" => &["manageRawAesCbcKeys"],
        "expertRawAesCtr" => &["manageRawAesCtrKeys"],
        _ => return None,
    })
}

fn is_one_of(permission: &str, prefix: &str, own: &[&str]) -> bool {
    let rest = permission.strip_prefix(prefix);
    rest.is_some_and(|rest| own.contains(&rest))
}

fn looks(permission: &str) -> bool {
    LOOKS.iter().any(|end| permission.ends_with(end))
}

/// Everything about keys, but not their use.
fn administers(permission: &str) -> bool {
    let versions = [
        "create",
        "delete",
        "destroy",
        "get",
        "list",
        "restore",
        "update",
        "useToDecryptViaDelegation",
        "useToEncryptViaDelegation",
    ];
    let kinds = [
        "cryptoKeys",
        "importJobs",
        "keyRings",
        "retiredResources",
        "operations",
    ];
    let kind = permission
        .strip_prefix("cloudkms.")
        .and_then(|rest| rest.split_once('.'))
        .map(|(kind, _)| kind);
    is_one_of(permission, "cloudkms.cryptoKeyVersions.", &versions)
        || kind.is_some_and(|kind| kinds.contains(&kind))
        || LOCATIONS.contains(&permission)
}

/// What an administrator may do, without the policies.
fn edits(permission: &str) -> bool {
    let keeps = !permission.ends_with("IamPolicy") && !permission.ends_with("ViaDelegation");
    administers(permission) && keeps || looks(permission)
}

fn imports(permission: &str) -> bool {
    is_one_of(
        permission,
        "cloudkms.importJobs.",
        &["create", "get", "list", "useToImport"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "cloudkms.cryptoKeys.get";
    const ENCRYPT: &str = "cloudkms.cryptoKeyVersions.useToEncrypt";
    const DECRYPT: &str = "cloudkms.cryptoKeyVersions.useToDecrypt";
    const DESTROY: &str = "cloudkms.cryptoKeyVersions.destroy";
    const SET_POLICY: &str = "cloudkms.cryptoKeys.setIamPolicy";

    #[test]
    fn the_matrix() {
        let asked = [GET, ENCRYPT, DECRYPT, DESTROY, SET_POLICY];
        let rows = [
            ("roles/owner", [true, true, true, true, true]),
            ("roles/editor", [true, false, false, true, false]),
            ("roles/viewer", [true, false, false, false, false]),
            ("roles/cloudkms.viewer", [true, false, false, false, false]),
            ("roles/cloudkms.admin", [true, false, false, true, true]),
            (
                "roles/cloudkms.cryptoKeyEncrypter",
                [false, true, false, false, false],
            ),
            (
                "roles/cloudkms.cryptoKeyDecrypter",
                [false, false, true, false, false],
            ),
            (
                "roles/cloudkms.cryptoKeyEncrypterDecrypter",
                [false, true, true, false, false],
            ),
            ("roles/cloudkms.cryptoOperator", [false, true, true, false, false]),
            ("roles/cloudkms.signer", [false; 5]),
            ("roles/cloudkms.importer", [false; 5]),
        ];
        for (role, permitted) in rows {
            assert_eq!(
                asked.map(|permission| permits(role, permission)),
                permitted.map(Some),
                "{role}"
            );
        }
    }

    #[test]
    fn an_unknown_role_is_not_a_role_without_permissions() {
        assert_eq!(permits("roles/cloudkms.encrypter", ENCRYPT), None);
        assert_eq!(permits("projects/p/roles/x", ENCRYPT), None);
    }
}
