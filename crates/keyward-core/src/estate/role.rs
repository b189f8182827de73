//! What roles permit, as far as it decides about the life of keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::kms::Observed;

/// Permissions that decide whether a key lives (Cloud KMS and Resource Manager documentation, "Permissions and roles").
pub mod permission {
    /// Schedules the destruction of a version.
    pub const DESTROY: &str = "cloudkms.cryptoKeyVersions.destroy";
    /// Removes a destroyed version from the lists.
    pub const DELETE_VERSION: &str = "cloudkms.cryptoKeyVersions.delete";
    /// Removes a key without versions.
    pub const DELETE_KEY: &str = "cloudkms.cryptoKeys.delete";
    /// Removes a ring without keys.
    pub const DELETE_RING: &str = "cloudkms.keyRings.delete";
    /// Grants roles on a key.
    pub const GRANT_ON_KEY: &str = "cloudkms.cryptoKeys.setIamPolicy";
    /// Grants roles on a ring.
    pub const GRANT_ON_RING: &str = "cloudkms.keyRings.setIamPolicy";
    /// Grants roles on a project.
    pub const GRANT_ON_PROJECT: &str = "resourcemanager.projects.setIamPolicy";
    /// Ends a project with everything in it.
    pub const DELETE_PROJECT: &str = "resourcemanager.projects.delete";
    /// Disables and enables versions.
    pub const UPDATE: &str = "cloudkms.cryptoKeyVersions.update";
    /// Brings a scheduled version back.
    pub const RESTORE: &str = "cloudkms.cryptoKeyVersions.restore";

    /// What ends a key, or lets its holder take the right to.
    pub const ENDS: [&str; 8] = [
        DESTROY,
        DELETE_VERSION,
        DELETE_KEY,
        DELETE_RING,
        GRANT_ON_KEY,
        GRANT_ON_RING,
        GRANT_ON_PROJECT,
        DELETE_PROJECT,
    ];
    /// What makes a key unusable, or lets its holder take the right to.
    pub const STOPS: [&str; 9] = [
        DESTROY,
        DELETE_VERSION,
        DELETE_KEY,
        DELETE_RING,
        GRANT_ON_KEY,
        GRANT_ON_RING,
        GRANT_ON_PROJECT,
        DELETE_PROJECT,
        UPDATE,
    ];
}

use permission as p;

/// Roles on keys that only look or only use.
const HARMLESS: [&str; 17] = [
    "roles/viewer",
    "roles/browser",
    "roles/cloudkms.viewer",
    "roles/cloudkms.cryptoKeyEncrypter",
    "roles/cloudkms.cryptoKeyDecrypter",
    "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    "roles/cloudkms.cryptoKeyEncrypterViaDelegation",
    "roles/cloudkms.cryptoKeyDecrypterViaDelegation",
    "roles/cloudkms.cryptoKeyEncrypterDecrypterViaDelegation",
    "roles/cloudkms.cryptoOperator",
    "roles/cloudkms.publicKeyViewer",
    "roles/cloudkms.signer",
    "roles/cloudkms.verifier",
    "roles/cloudkms.signerVerifier",
    "roles/cloudkms.decapsulator",
    "roles/cloudkms.importer",
    "roles/cloudkms.protectedResourcesViewer",
];

/// What is known about roles: what IAM answered, and for the common ones what its documentation says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(pub BTreeMap<String, Observed<BTreeSet<String>>>);

impl Roles {
    /// Whether `role` has any of `permissions`; `Err` says why that is not known.
    pub fn permits(&self, role: &str, permissions: &[&str]) -> Result<bool, String> {
        let seen = self.0.get(role);
        if let Some(Observed::Present(held)) = seen {
            return Ok(permissions.iter().any(|permission| held.contains(*permission)));
        }
        let mut known = permissions.iter().map(|permission| documented(role, permission));
        match (
            known.clone().any(|known| known == Some(true)),
            known.all(|known| known == Some(false)),
        ) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(match seen {
                Some(Observed::Unknown(why)) => format!("what {role} permits is not known: {why}"),
                Some(_) => format!("{role} is granted and does not exist"),
                None => format!("what {role} permits was not asked"),
            }),
        }
    }
}

/// What a predefined role permits, where IAM could not be asked. `None` for a role, or a permission, that is not known here.
///
/// By IAM's documentation of the roles of Cloud KMS (2026). **Not verified:** the basic roles, which are not documented
/// permission by permission. `roles/editor` is by a public snapshot of the role, where it creates and updates versions but
/// neither destroys nor restores them; `roles/owner` and the newer `roles/admin` are taken to permit everything. Also by
/// such snapshots: the roles of Resource Manager and IAM.
fn documented(role: &str, permission: &str) -> Option<bool> {
    let grants = permission.ends_with(".setIamPolicy");
    Some(match role {
        "roles/owner" | "roles/admin" => true,
        "roles/editor" => permission == p::UPDATE,
        "roles/cloudkms.admin" => permission.starts_with("cloudkms."),
        "roles/iam.securityAdmin" => grants,
        "roles/resourcemanager.projectIamAdmin" => permission == p::GRANT_ON_PROJECT,
        "roles/resourcemanager.folderAdmin" | "roles/resourcemanager.organizationAdmin" => {
            permission == p::GRANT_ON_PROJECT
        }
        "roles/resourcemanager.projectDeleter" => permission == p::DELETE_PROJECT,
        _ if HARMLESS.contains(&role) => false,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iam_says_counts_more_than_what_is_documented() {
        let mut roles = Roles::default();
        assert_eq!(roles.permits("roles/cloudkms.admin", &[p::DESTROY]), Ok(true));
        assert_eq!(
            roles.permits("roles/editor", &[p::DESTROY, p::RESTORE]),
            Ok(false)
        );
        assert_eq!(roles.permits("roles/editor", &p::STOPS), Ok(true));
        let live = BTreeSet::from([p::DESTROY.to_owned()]);
        roles.0.insert("roles/editor".into(), Observed::Present(live));
        assert_eq!(roles.permits("roles/editor", &[p::DESTROY]), Ok(true));
        assert_eq!(roles.permits("roles/editor", &[p::UPDATE]), Ok(false));
    }

    #[test]
    fn a_role_that_nobody_knows_is_unknown() {
        let mut roles = Roles::default();
        assert!(roles.permits("projects/p/roles/mine", &[p::DESTROY]).is_err());
        let denied = Observed::Unknown("denied".into());
        roles.0.insert("projects/p/roles/mine".into(), denied);
        let why = roles.permits("projects/p/roles/mine", &[p::DESTROY]).unwrap_err();
        assert!(why.contains("denied"), "{why}");
    }
}
