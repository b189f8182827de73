//! An alert for every call that ends, disables or hands out a key.

use serde_json::json;

use super::{Format, Measure, Project, hcl, shell};

/// Declares who is told, once for all projects.
pub(super) const VARIABLE: &str = "\nvariable \"notification_channels\" {\n  type        = list(string)\n  \
    description = \"Who is told when a key is touched: names of notification channels that somebody reads\"\n\n  \
    validation {\n    condition     = length(var.notification_channels) > 0\n    \
    error_message = \"An alert without a channel reaches nobody.\"\n  }\n}\n";
/// The same of a script.
pub(super) const PARAMETER: &str =
    ": \"${NOTIFICATION_CHANNELS:?names of notification channels that somebody reads, with commas}\"\n";
/// The calls, by their short and their full names, which both appear in audit logs. Disabling has no call of its own: it
/// is an update of the version.
pub(crate) const FILTER: &str = "resource.type=(\"cloudkms_cryptokeyversion\" OR \"cloudkms_cryptokey\" OR \"cloudkms_keyring\") AND \
                      protoPayload.methodName=~\"(^|[.])(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion|\
                      DeleteCryptoKeyVersion|DeleteCryptoKey|DeleteKeyRing|SetIamPolicy)$\"";
const NAME: &str = "keyward-keys-touched";
const TITLE: &str = "A key version is scheduled for destruction, disabled, deleted, or handed out";
const WHAT_TO_DO: &str = "Until its destruction is final, a version comes back whole: `keyward key restore VERSION`, from any \
                          folder, with the full name that the log entry has. `keyward watch --once` says what would be lost \
                          and how long there is.";

pub(super) fn measure(project: &Project<'_>, format: Format) -> Measure {
    Measure {
        title: "an alert that somebody gets",
        why: "The first sign of a destruction is one entry in the audit log, while there is time to bring the version back. \
              The metric counts such entries; the alert is raised by the entry itself.",
        not: "that the alert is missed: it closes by itself while the version stays scheduled. Poll the state, too \
              (`keyward watch --once`).",
        body: match format {
            Format::Terraform => terraform(project),
            Format::Gcloud => gcloud(project),
        },
    }
}

fn terraform(project: &Project<'_>) -> String {
    format!(
        "resource \"google_logging_metric\" \"keyward_{label}\" {{\n  \
           project = {id}\n  \
           name    = {name}\n  \
           filter  = {filter}\n\n  \
           metric_descriptor {{\n    \
             metric_kind = \"DELTA\"\n    \
             value_type  = \"INT64\"\n  \
           }}\n\
         }}\n\n\
         resource \"google_monitoring_alert_policy\" \"keyward_{label}\" {{\n  \
           project               = {id}\n  \
           display_name          = {title}\n  \
           combiner              = \"OR\"\n  \
           severity              = \"CRITICAL\"\n  \
           notification_channels = var.notification_channels\n\n  \
           conditions {{\n    \
             display_name = {title}\n\n    \
             condition_matched_log {{\n      \
               filter = {filter}\n    \
             }}\n  \
           }}\n\n  \
           alert_strategy {{\n    \
             auto_close = \"604800s\"\n\n    \
             notification_rate_limit {{\n      \
               period = \"300s\"\n    \
             }}\n  \
           }}\n\n  \
           documentation {{\n    \
             mime_type = \"text/markdown\"\n    \
             content   = {what_to_do}\n  \
           }}\n\
         }}\n",
        label = project.label,
        id = hcl::text(project.id),
        name = hcl::text(NAME),
        filter = hcl::text(FILTER),
        title = hcl::text(TITLE),
        what_to_do = hcl::text(WHAT_TO_DO),
    )
}

fn gcloud(project: &Project<'_>) -> String {
    let policy = json!({
        "displayName": TITLE,
        "combiner": "OR",
        "severity": "CRITICAL",
        "conditions": [{"displayName": TITLE, "conditionMatchedLog": {"filter": FILTER}}],
        "alertStrategy": {"autoClose": "604800s", "notificationRateLimit": {"period": "300s"}},
        "documentation": {"mimeType": "text/markdown", "content": WHAT_TO_DO},
    });
    let id = shell::word(&format!("--project={}", project.id));
    format!(
        "gcloud logging metrics create {NAME} {id} \\\n  --description={} \\\n  --log-filter={}\n{}\
         gcloud alpha monitoring policies create {id} --policy-from-file=\"$work/alert.json\" \\\n  \
           --notification-channels=\"$NOTIFICATION_CHANNELS\"\n",
        shell::word(TITLE),
        shell::word(FILTER),
        shell::file("alert.json", &policy),
    )
}
