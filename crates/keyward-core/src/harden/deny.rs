//! An IAM deny policy on destruction: no grant outweighs it.

use serde_json::json;

use super::{Format, Measure, Principal, Project, hcl, shell};

/// What ends a version. Restoring and enabling stay allowed: nothing stands in the way of a rescue.
const DESTROY: [&str; 1] = ["cloudkms.googleapis.com/cryptoKeyVersions.destroy"];
/// What removes the names of keys that are destroyed already. They came to Cloud KMS in 2026.
const DELETE: [&str; 3] = [
    "cloudkms.googleapis.com/cryptoKeyVersions.delete",
    "cloudkms.googleapis.com/cryptoKeys.delete",
    "cloudkms.googleapis.com/keyRings.delete",
];
/// Everybody (IAM documentation, "Principal identifiers").
const EVERYBODY: &str = "principalSet://goog/public:all";

pub(super) fn measures(project: &Project<'_>, exceptions: &[Principal], format: Format) -> [Measure; 2] {
    let destroy = Measure {
        title: "deny destruction",
        why: "A deny policy outweighs every grant, that of an owner too: an infrastructure run that wants to schedule a \
              destruction fails.",
        not: "disabling a version; deleting the project; that somebody with iam.denypolicies.update takes the policy away \
              first, which the audit log shows.",
        body: body(project, "keyward-no-destroy", &DESTROY, exceptions, format),
    };
    let delete = Measure {
        title: "deny deletion",
        why: "What is deleted no longer shows in a list, and its name never comes back. It stands apart from the one above \
              because these permissions are young: where IAM does not take them in a deny policy yet, leave it out.",
        not: "anything that the one above does not prevent: only what is destroyed can be deleted.",
        body: body(project, "keyward-no-delete", &DELETE, exceptions, format),
    };
    [destroy, delete]
}

fn body(
    project: &Project<'_>,
    name: &str,
    permissions: &[&str],
    exceptions: &[Principal],
    format: Format,
) -> String {
    let exceptions: Vec<&str> = exceptions.iter().map(Principal::as_str).collect();
    match format {
        Format::Terraform => terraform(project, name, permissions, &exceptions),
        Format::Gcloud => gcloud(project, name, permissions, &exceptions),
    }
}

fn terraform(project: &Project<'_>, name: &str, permissions: &[&str], exceptions: &[&str]) -> String {
    let point = hcl::text(&format!(
        "cloudresourcemanager.googleapis.com/projects/{}",
        project.id
    ));
    let (indent, permissions) = ("      ", hcl::list("      ", permissions.iter().copied()));
    let exceptions = match exceptions {
        [] => "[]".to_owned(),
        some => hcl::list(indent, some.iter().copied()),
    };
    format!(
        "resource \"google_iam_deny_policy\" \"{label}\" {{\n  \
           parent       = urlencode({point})\n  \
           name         = {name_text}\n  \
           display_name = \"Keys are not destroyed in passing\"\n\n  \
           rules {{\n    \
             deny_rule {{\n      \
               denied_principals = [{everybody}]\n      \
               denied_permissions = {permissions}\n      \
               exception_principals = {exceptions}\n    \
             }}\n  \
           }}\n\
         }}\n",
        label = format_args!("{name}_{}", project.label),
        name_text = hcl::text(name),
        everybody = hcl::text(EVERYBODY),
    )
}

fn gcloud(project: &Project<'_>, name: &str, permissions: &[&str], exceptions: &[&str]) -> String {
    let policy = json!({
        "displayName": "Keys are not destroyed in passing",
        "rules": [{"denyRule": {
            "deniedPrincipals": [EVERYBODY],
            "deniedPermissions": permissions,
            "exceptionPrincipals": exceptions,
        }}],
    });
    let point = shell::word(&format!(
        "--attachment-point=cloudresourcemanager.googleapis.com/projects/{}",
        project.id
    ));
    format!(
        "{}gcloud iam policies create {name} --kind=denypolicies {point} --policy-file=\"$work/{name}.json\"\n",
        shell::file(&format!("{name}.json"), &policy)
    )
}
