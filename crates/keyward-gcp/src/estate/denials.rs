//! Deny policies (IAM v2).

use keyward_core::estate::{DenyPolicy, DenyRule, Place};
use serde::Deserialize;
use serde_json::Value;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

/// A role that may read them.
const REVIEWER: &str = "roles/iam.denyReviewer";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    deny_rule: Option<Denies>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Denies {
    denied_permissions: Vec<String>,
    exception_permissions: Vec<String>,
    denied_principals: Vec<String>,
    exception_principals: Vec<String>,
    denial_condition: Option<Value>,
}

impl GcpEstate {
    /// The list has names only; each policy is asked for.
    pub(super) async fn denials_of(&self, place: &Place) -> Sight<Vec<DenyPolicy>> {
        let names: Vec<Document> = self.list(&of(place).with("pageSize", "1000"), "policies").await?;
        let mut policies = Vec::new();
        for found in names {
            let id = found.name.rsplit('/').next().unwrap_or_default();
            let document: Document = self.ask(&of(place).segment(id)).await?;
            policies.push(DenyPolicy {
                place: place.clone(),
                rules: document
                    .rules
                    .into_iter()
                    .filter_map(|rule| rule.deny_rule)
                    .map(DenyRule::from)
                    .collect(),
                name: found.name,
            });
        }
        Ok(policies)
    }
}

fn of(place: &Place) -> Request<'_> {
    let request = Request::get(Service::Iam, "v2/policies", format!("deny policies of {place}"))
        .segment(&format!("cloudresourcemanager.googleapis.com/{place}"))
        .segment("denypolicies")
        .needing("iam.denypolicies.list and iam.denypolicies.get", REVIEWER);
    match place {
        Place::Project(id) => request.of_project(id),
        _ => request,
    }
}

impl From<Denies> for DenyRule {
    fn from(denies: Denies) -> Self {
        Self {
            permissions: denies.denied_permissions,
            excepted_permissions: denies.exception_permissions,
            principals: denies.denied_principals,
            excepted_principals: denies.exception_principals,
            conditional: denies.denial_condition.is_some(),
        }
    }
}
