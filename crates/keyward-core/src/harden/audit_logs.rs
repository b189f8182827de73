//! Data Access audit logs: who used which key, and who tried to.

use super::{Format, Measure, Project, hcl, shell};

const SERVICE: &str = "cloudkms.googleapis.com";
/// Uses are DATA_READ, looks ADMIN_READ (Cloud KMS documentation, "Audit logging").
const KINDS: [&str; 3] = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"];

pub(super) fn measure(project: &Project<'_>, format: Format) -> Measure {
    Measure {
        title: "logs of every use",
        why: "Only with Data Access logs does it show who still decrypts under a version, before it is disabled, and who fails \
              to, afterwards. They are off by default.",
        not: "any call. They cost money by volume: one entry for each time that a key is used.",
        body: match format {
            Format::Terraform => terraform(project),
            Format::Gcloud => gcloud(project),
        },
    }
}

fn terraform(project: &Project<'_>) -> String {
    let kinds = KINDS.map(|kind| {
        format!(
            "\n  audit_log_config {{\n    log_type = {}\n  }}\n",
            hcl::text(kind)
        )
    });
    format!(
        "resource \"google_project_iam_audit_config\" \"keyward_{}\" {{\n  project = {}\n  service = {}\n{}}}\n",
        project.label,
        hcl::text(project.id),
        hcl::text(SERVICE),
        kinds.concat()
    )
}

/// The policy is read, changed and written back with its etag, so that no grant of somebody else gets lost.
fn gcloud(project: &Project<'_>) -> String {
    let id = shell::word(project.id);
    let kinds = KINDS.map(|kind| format!("{{\"logType\":\"{kind}\"}}")).join(",");
    format!(
        "gcloud projects get-iam-policy {id} --format=json >\"$work/policy.json\"\n\
         jq '.auditConfigs = [(.auditConfigs // [])[] | select(.service != \"{SERVICE}\")] + \
         [{{\"service\":\"{SERVICE}\",\"auditLogConfigs\":[{kinds}]}}]' \"$work/policy.json\" >\"$work/changed.json\"\n\
         gcloud projects set-iam-policy {id} \"$work/changed.json\"\n"
    )
}
