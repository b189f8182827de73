//! Alert policies and who they tell (Cloud Monitoring v3).

use keyward_core::estate::{AlertPolicy, Channel, Condition};
use serde::Deserialize;
use serde_json::Value;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

/// A role that may read both.
const VIEWER: &str = "roles/monitoring.viewer";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Alert {
    name: String,
    enabled: Option<bool>,
    combiner: String,
    conditions: Vec<Raises>,
    notification_channels: Vec<String>,
    validity: Validity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Validity {
    code: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Raises {
    condition_matched_log: Option<Matched>,
    condition_threshold: Option<Threshold>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Matched {
    filter: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Threshold {
    filter: String,
    comparison: String,
    threshold_value: f64,
    denominator_filter: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Told {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    enabled: Option<bool>,
    verification_status: String,
}

impl GcpEstate {
    pub(super) async fn alerts_of(&self, project: &str) -> Sight<Vec<AlertPolicy>> {
        let path = format!("v3/projects/{project}/alertPolicies");
        let request = Request::get(
            Service::Monitoring,
            &path,
            format!("alert policies of projects/{project}"),
        )
        .of_project(project)
        .with("pageSize", "1000")
        .needing("monitoring.alertPolicies.list", VIEWER);
        let found: Vec<Alert> = self.list(&request, "alertPolicies").await?;
        Ok(found.into_iter().map(AlertPolicy::from).collect())
    }

    pub(super) async fn channels_of(&self, project: &str) -> Sight<Vec<Channel>> {
        let path = format!("v3/projects/{project}/notificationChannels");
        let about = format!("notification channels of projects/{project}");
        let request = Request::get(Service::Monitoring, &path, about)
            .of_project(project)
            .with("pageSize", "1000")
            .needing("monitoring.notificationChannels.list", VIEWER);
        let found: Vec<Told> = self.list(&request, "notificationChannels").await?;
        let found = found.into_iter().map(|told| Channel {
            name: told.name,
            kind: told.kind,
            enabled: told.enabled,
            unverified: told.verification_status == "UNVERIFIED",
        });
        Ok(found.collect())
    }
}

impl From<Alert> for AlertPolicy {
    fn from(alert: Alert) -> Self {
        Self {
            name: alert.name,
            enabled: alert.enabled,
            valid: alert.validity.code == 0,
            conditions: alert.conditions.into_iter().map(Condition::from).collect(),
            all: alert.combiner.starts_with("AND"),
            channels: alert.notification_channels,
        }
    }
}

impl From<Raises> for Condition {
    fn from(raises: Raises) -> Self {
        match (raises.condition_matched_log, raises.condition_threshold) {
            (Some(log), None) => Self::Log(log.filter),
            (None, Some(metric)) => Self::Metric {
                any: metric.comparison == "COMPARISON_GT"
                    && metric.threshold_value <= 0.0
                    && metric.denominator_filter.is_none(),
                filter: metric.filter,
            },
            _ => Self::Other,
        }
    }
}
