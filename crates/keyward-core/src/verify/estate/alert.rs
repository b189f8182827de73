//! V23: when somebody schedules a destruction, an alert is raised and somebody gets it.

use std::collections::BTreeSet;

use super::filter::{Entry, Selects};
use super::{Check, CheckId, EstateEvidence, HARDEN, ProjectSeen, Verdict, present};
use crate::estate::{AlertPolicy, Channel, Condition, LogMetric};
use crate::kms::Observed;
use crate::name::CryptoKeyName;

/// What has to raise an alert, and on which kind of resource: destruction, disabling (which has no call of its own),
/// deletion, and grants.
const EVENTS: [(&str, &str); 6] = [
    ("DestroyCryptoKeyVersion", "cloudkms_cryptokeyversion"),
    ("UpdateCryptoKeyVersion", "cloudkms_cryptokeyversion"),
    ("DeleteCryptoKeyVersion", "cloudkms_cryptokeyversion"),
    ("DeleteCryptoKey", "cloudkms_cryptokey"),
    ("SetIamPolicy", "cloudkms_cryptokey"),
    ("SetIamPolicy", "cloudkms_keyring"),
];
/// What precedes the name of a metric that counts log entries.
const METRIC: &str = "logging.googleapis.com/user/";

pub(super) fn judge(evidence: EstateEvidence<'_>, project: &str, seen: &ProjectSeen) -> Check {
    let check =
        |verdict| Check::new(CheckId::V23, format!("projects/{project}"), verdict).next(HARDEN.to_owned());
    let alerts = match present("alert policies", &seen.alerts) {
        Ok(alerts) => alerts,
        Err(verdict) => return check(verdict),
    };
    let keys = evidence.keys().map(|(key, _)| &key.name);
    let keys: Vec<_> = keys.filter(|key| key.ring().project() == project).collect();
    let (mut silent, mut open) = (BTreeSet::new(), BTreeSet::new());
    for (method, kind) in EVENTS {
        for name in [method.to_owned(), full_name(method)] {
            for key in &keys {
                let entry = entry(key, kind, &name);
                let raised = alerts.iter().map(|alert| raises(alert, &entry, seen));
                match raised.fold(Selects::No, Selects::or) {
                    Selects::Yes => {}
                    Selects::Maybe => drop(open.insert(name.clone())),
                    Selects::No => drop(silent.insert(name.clone())),
                }
            }
        }
    }
    check(match (silent.is_empty(), open.is_empty()) {
        (false, _) => Verdict::Fail(format!("nobody is told of {}", list(&silent))),
        (true, false) => Verdict::Unknown(format!(
            "whether somebody is told of {}{}",
            list(&open),
            why(seen)
        )),
        (true, true) => Verdict::Pass,
    })
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Why it is open, where that is more than a filter.
fn why(seen: &ProjectSeen) -> String {
    let unseen = |what: &str, why: &str| format!(": {what} were not seen: {why}");
    match (&seen.channels, &seen.metrics) {
        (Observed::Unknown(why), _) => unseen("notification channels", why),
        (_, Observed::Unknown(why)) => unseen("log metrics", why),
        _ => " cannot be told from the filters and channels of the alert policies".to_owned(),
    }
}

/// What the log calls it in the long form, which some entries have.
fn full_name(method: &str) -> String {
    match method {
        "SetIamPolicy" => "google.iam.v1.IAMPolicy.SetIamPolicy".to_owned(),
        method => format!("google.cloud.kms.v1.KeyManagementService.{method}"),
    }
}

/// The log entry of such a call (Cloud KMS documentation, "Audit logging").
fn entry(key: &CryptoKeyName, kind: &str, method: &str) -> Entry {
    let ring = key.ring();
    Entry::new(vec![
        (
            "logName",
            format!(
                "projects/{}/logs/cloudaudit.googleapis.com%2Factivity",
                ring.project()
            ),
        ),
        ("severity", "NOTICE".to_owned()),
        ("resource.type", kind.to_owned()),
        ("resource.labels.project_id", ring.project().to_owned()),
        ("resource.labels.location", ring.location().to_string()),
        ("resource.labels.key_ring_id", ring.id().to_owned()),
        ("resource.labels.crypto_key_id", key.id().to_owned()),
        (
            "protoPayload.@type",
            "type.googleapis.com/google.cloud.audit.AuditLog".to_owned(),
        ),
        ("protoPayload.serviceName", "cloudkms.googleapis.com".to_owned()),
        ("protoPayload.methodName", method.to_owned()),
    ])
}

/// Whether `alert` is raised by `entry` and reaches somebody.
fn raises(alert: &AlertPolicy, entry: &Entry, seen: &ProjectSeen) -> Selects {
    let on = match alert.enabled {
        Some(on) => on.into(),
        None => Selects::Maybe,
    };
    let one = |condition: &Condition| selects(condition, entry, &seen.metrics);
    let conditions = alert.conditions.iter().map(one);
    let raised = match alert.all && alert.conditions.len() > 1 {
        true => conditions.fold(Selects::Yes, Selects::and).and(Selects::Maybe),
        false => conditions.fold(Selects::No, Selects::or),
    };
    on.and(alert.valid.into())
        .and(raised)
        .and(reaches(alert, &seen.channels))
}

fn selects(condition: &Condition, entry: &Entry, metrics: &Observed<Vec<LogMetric>>) -> Selects {
    match condition {
        Condition::Log(filter) => entry.is_selected_by(filter),
        Condition::Metric { filter, any } => {
            let Some(name) = metric_in(filter) else {
                return Selects::No;
            };
            let Observed::Present(metrics) = metrics else {
                return Selects::Maybe;
            };
            let found = metrics
                .iter()
                .find(|metric| metric.name == name && !metric.disabled);
            let counted = found.map_or(Selects::No, |metric| entry.is_selected_by(&metric.filter));
            counted.and(if *any { Selects::Yes } else { Selects::Maybe })
        }
        Condition::Other => Selects::Maybe,
    }
}

/// The metric of log entries that the filter of a condition names.
fn metric_in(filter: &str) -> Option<&str> {
    let (_, rest) = filter.split_once(METRIC)?;
    let end = rest
        .find(|c: char| c.is_whitespace() || "\"'()".contains(c))
        .unwrap_or(rest.len());
    rest.get(..end)
}

/// Whether one of its channels is there, on, and proven to be read.
fn reaches(alert: &AlertPolicy, channels: &Observed<Vec<Channel>>) -> Selects {
    if alert.channels.is_empty() {
        return Selects::No;
    }
    let Observed::Present(channels) = channels else {
        return Selects::Maybe;
    };
    // A name may have the project's id or its number.
    let id = |name: &str| name.rsplit('/').next().map(str::to_owned);
    let mine = channels
        .iter()
        .filter(|channel| alert.channels.iter().any(|name| id(name) == id(&channel.name)));
    let live = mine.map(|channel| {
        let on = channel.enabled.map_or(Selects::Maybe, Selects::from);
        on.and((!channel.unverified).into())
    });
    live.fold(Selects::No, Selects::or)
}
