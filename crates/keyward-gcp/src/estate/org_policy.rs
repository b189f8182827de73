//! What organisation policies come to (Organization Policy v2).

use keyward_core::estate::{Allowed, Constraint};
use serde::Deserialize;
use serde_json::Value;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Effective {
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    rules: Vec<Rule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    enforce: Option<bool>,
    allow_all: bool,
    deny_all: bool,
    values: Values,
    condition: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Values {
    allowed_values: Vec<String>,
    denied_values: Vec<String>,
}

impl GcpEstate {
    pub(super) async fn constraint_of(&self, project: &str, name: &str) -> Sight<Constraint> {
        let path = format!("v2/projects/{project}/policies/{name}:getEffectivePolicy");
        let request = Request::get(Service::OrgPolicy, &path, format!("{name} in projects/{project}"))
            .of_project(project)
            .needing("orgpolicy.policy.get", "roles/orgpolicy.policyViewer");
        let found: Effective = self.ask(&request).await?;
        Ok(comes_to(found.spec.rules))
    }
}

fn comes_to(rules: Vec<Rule>) -> Constraint {
    let open = |why: &str| Constraint::Open(why.to_owned());
    if rules.iter().any(|rule| rule.condition.is_some()) {
        return open("depends on a condition");
    }
    let mut rules = rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else {
        return open("does not come out as one rule");
    };
    let values = (rule.values.allowed_values, rule.values.denied_values);
    match (rule.enforce, rule.allow_all, rule.deny_all, values) {
        (Some(enforced), false, false, (allowed, denied)) if allowed.is_empty() && denied.is_empty() => {
            Constraint::Enforced(enforced)
        }
        (None, true, false, _) => Constraint::Values(Allowed::All),
        (None, false, true, _) => Constraint::Values(Allowed::None),
        (None, false, false, (allowed, denied)) if denied.is_empty() && !allowed.is_empty() => {
            Constraint::Values(Allowed::Only(allowed))
        }
        (None, false, false, (allowed, denied)) if allowed.is_empty() && !denied.is_empty() => {
            Constraint::Values(Allowed::AllBut(denied))
        }
        _ => open("comes out in a form that is not known here"),
    }
}
