//! IAM policies as JSON has them.

use keyward_core::estate::{AuditConfig, Binding, Policy};
use serde::Deserialize;
use serde_json::{Value, json};

/// What has to be posted so that conditions are shown as such.
pub(super) fn with_conditions() -> Value {
    json!({"options": {"requestedPolicyVersion": 3}})
}

/// What stands in a role's name where conditions are hidden.
const HIDDEN: &str = "_withcond_";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Document {
    bindings: Vec<One>,
    audit_configs: Vec<Audit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct One {
    role: String,
    members: Vec<String>,
    condition: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Audit {
    service: String,
    audit_log_configs: Vec<Log>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Log {
    log_type: String,
    exempted_members: Vec<String>,
}

impl From<Document> for Policy {
    fn from(document: Document) -> Self {
        let audit = document.audit_configs.into_iter().flat_map(|audit| {
            let service = audit.service;
            audit.audit_log_configs.into_iter().map(move |log| AuditConfig {
                service: service.clone(),
                log_type: log.log_type,
                exempted: log.exempted_members,
            })
        });
        Self {
            bindings: document.bindings.into_iter().map(Binding::from).collect(),
            audit: audit.collect(),
        }
    }
}

impl From<One> for Binding {
    fn from(one: One) -> Self {
        Self {
            conditional: one.condition.is_some() || one.role.contains(HIDDEN),
            role: one.role,
            members: one.members,
        }
    }
}
