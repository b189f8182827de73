//! Log buckets, metrics of log entries, and the entries about keys (Cloud Logging v2).

use keyward_core::clock::Timestamp;
use keyward_core::estate::{AdminEvent, FailedUse, LogBucket, LogMetric};
use serde::Deserialize;
use serde_json::json;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

/// A role that may read all but private entries.
const VIEWER: &str = "roles/logging.viewer";
/// Who lacks it is not shown entries about uses, and not told so.
const PRIVATE: &str = "logging.privateLogEntries.list";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Bucket {
    name: String,
    cmek_settings: Cmek,
    create_time: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Cmek {
    kms_key_name: String,
    kms_key_version_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metric {
    name: String,
    filter: String,
    disabled: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    timestamp: Timestamp,
    proto_payload: Payload,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Payload {
    method_name: String,
    resource_name: String,
    authentication_info: Who,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Who {
    principal_email: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: i64,
    message: String,
}

impl GcpEstate {
    pub(super) async fn log_buckets_of(&self, project: &str) -> Sight<Vec<LogBucket>> {
        let path = format!("v2/projects/{project}/locations/-/buckets");
        let request = Request::get(
            Service::Logging,
            &path,
            format!("log buckets of projects/{project}"),
        )
        .of_project(project)
        .with("pageSize", "1000")
        .needing("logging.buckets.list", VIEWER);
        let found: Vec<Bucket> = self.list(&request, "buckets").await?;
        Ok(found.into_iter().map(LogBucket::from).collect())
    }

    pub(super) async fn metrics_of(&self, project: &str) -> Sight<Vec<LogMetric>> {
        let path = format!("v2/projects/{project}/metrics");
        let request = Request::get(
            Service::Logging,
            &path,
            format!("log metrics of projects/{project}"),
        )
        .of_project(project)
        .with("pageSize", "1000")
        .needing("logging.logMetrics.list", VIEWER);
        let found: Vec<Metric> = self.list(&request, "metrics").await?;
        let found = found.into_iter().map(|metric| LogMetric {
            name: metric.name,
            filter: metric.filter,
            disabled: metric.disabled,
        });
        Ok(found.collect())
    }

    pub(super) async fn changes_in(&self, project: &str, since: Timestamp) -> Sight<Vec<AdminEvent>> {
        let request =
            entries(project, "activity", since, "", "changes").needing("logging.logEntries.list", VIEWER);
        let found: Vec<Entry> = self.list(&request, "entries").await?;
        Ok(found.into_iter().map(AdminEvent::from).collect())
    }

    pub(super) async fn failures_in(&self, project: &str, since: Timestamp) -> Sight<Vec<FailedUse>> {
        if !self.holds(project, PRIVATE).await? {
            let role = "roles/logging.privateLogViewer";
            return Err(format!(
                "uses of keys in projects/{project}: the caller needs {PRIVATE}, as in {role}"
            )
            .into());
        }
        let request = entries(
            project,
            "data_access",
            since,
            " AND protoPayload.status.code>0",
            "failed uses",
        )
        .needing(PRIVATE, "roles/logging.privateLogViewer");
        let found: Vec<Entry> = self.list(&request, "entries").await?;
        Ok(found.into_iter().map(FailedUse::from).collect())
    }
}

/// The entries of one log of Cloud KMS since then.
fn entries<'a>(project: &'a str, log: &str, since: Timestamp, more: &str, what: &str) -> Request<'a> {
    let filter = format!(
        "logName=\"projects/{project}/logs/cloudaudit.googleapis.com%2F{log}\" AND \
         protoPayload.serviceName=\"cloudkms.googleapis.com\" AND timestamp>=\"{since}\"{more}"
    );
    let about = format!("{what} of keys in projects/{project} since {since}");
    Request::get(Service::Logging, "v2/entries:list", about)
        .of_project(project)
        .posting(json!({
            "resourceNames": [format!("projects/{project}")],
            "filter": filter,
            "orderBy": "timestamp desc",
            "pageSize": 1000,
        }))
}

impl From<Bucket> for LogBucket {
    fn from(bucket: Bucket) -> Self {
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            name: bucket.name,
            key: said(bucket.cmek_settings.kms_key_name),
            key_version: said(bucket.cmek_settings.kms_key_version_name),
            created: bucket.create_time,
        }
    }
}

/// The name of a method without that of its service.
fn short(method: &str) -> String {
    method.rsplit('.').next().unwrap_or(method).to_owned()
}

impl From<Entry> for AdminEvent {
    fn from(entry: Entry) -> Self {
        let payload = entry.proto_payload;
        Self {
            at: entry.timestamp,
            method: short(&payload.method_name),
            resource: payload.resource_name,
            principal: payload.authentication_info.principal_email,
            failed: payload.status.code != 0,
        }
    }
}

impl From<Entry> for FailedUse {
    fn from(entry: Entry) -> Self {
        let payload = entry.proto_payload;
        Self {
            at: entry.timestamp,
            method: short(&payload.method_name),
            resource: payload.resource_name,
            principal: payload.authentication_info.principal_email,
            code: payload.status.code,
            message: payload.status.message,
        }
    }
}
