//! A role for those who look after keys, without what ends one.

use super::{Format, Measure, Project, hcl, shell};

const ID: &str = "keywardKeyKeeper";
const TITLE: &str = "Looks after keys, and cannot end one";
/// What `roles/cloudkms.admin` holds for keyward's verbs, without destroy, delete and setIamPolicy. Restoring is in it.
const PERMISSIONS: [&str; 17] = [
    "cloudkms.cryptoKeyVersions.create",
    "cloudkms.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.list",
    "cloudkms.cryptoKeyVersions.restore",
    "cloudkms.cryptoKeyVersions.update",
    "cloudkms.cryptoKeys.create",
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.cryptoKeys.list",
    "cloudkms.cryptoKeys.update",
    "cloudkms.keyRings.create",
    "cloudkms.keyRings.get",
    "cloudkms.keyRings.getIamPolicy",
    "cloudkms.keyRings.list",
    "cloudkms.locations.get",
    "cloudkms.locations.list",
    "resourcemanager.projects.get",
];

pub(super) fn measure(project: &Project<'_>, format: Format) -> Measure {
    Measure {
        title: "a role without destruction",
        why: "Whoever rotates, restores or repairs keys gets this role in place of roles/cloudkms.admin, infrastructure \
              runs too. keyward needs no more.",
        not: "what other roles allow: take roles/owner, roles/editor and roles/cloudkms.admin away where keys are \
              (`keyward verify` with `checks: [V21]` shows who has them). It can disable a version, which a restore cures.",
        body: match format {
            Format::Terraform => format!(
                "resource \"google_project_iam_custom_role\" \"keyward_keeper_{}\" {{\n  \
                   project = {}\n  role_id = {}\n  title   = {}\n  permissions = {}\n}}\n",
                project.label,
                hcl::text(project.id),
                hcl::text(ID),
                hcl::text(TITLE),
                hcl::list("  ", PERMISSIONS)
            ),
            Format::Gcloud => format!(
                "gcloud iam roles create {ID} {} --title={} --stage=GA \\\n  --permissions={}\n",
                shell::word(&format!("--project={}", project.id)),
                shell::word(TITLE),
                PERMISSIONS.join(",")
            ),
        },
    }
}
