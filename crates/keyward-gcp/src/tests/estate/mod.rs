//! Every call of the estate against a scripted server: right answers, refusals, and answers that cannot be true.

mod answers;
mod refusals;

use std::ops::ControlFlow;

use keyward_core::estate::{Bucket, Estate, Lifecycle, Place, Project};
use keyward_core::kms::{Async, Observed};

use super::stub::{Asked, Reply, Stub, json, refusal};
use super::{KEY, key, kms};
use crate::GcpEstate;

/// A call, by name, and what is shown of its answer.
type Call = (&'static str, fn(&GcpEstate) -> Async<'_, Observed<String>>);

fn shown<T: std::fmt::Debug>(seen: Observed<T>) -> Observed<String> {
    seen.map(|value| format!("{value:?}"))
}

macro_rules! calls {
    ($($name:literal => |$estate:ident| $call:expr;)*) => {
        [$(($name, (|$estate: &GcpEstate| Box::pin(async move { shown($call.await) })) as fn(&GcpEstate) -> Async<'_, Observed<String>>),)*]
    };
}

fn since() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn project() -> Project {
    Project {
        id: "p".into(),
        number: "1".into(),
        state: Lifecycle::Active,
        parent: Some(Place::Folder("5".into())),
    }
}

fn bucket() -> Bucket {
    Bucket {
        name: "b".into(),
        project: Some("p".into()),
        location: "EU".into(),
        key: None,
    }
}

/// Every call of the port.
fn calls() -> [Call; 22] {
    calls! {
        "key policy" => |estate| estate.policy(&Place::Key(key()));
        "ring policy" => |estate| estate.policy(&Place::Ring(key().ring().clone()));
        "project policy" => |estate| estate.policy(&Place::Project("p".into()));
        "folder policy" => |estate| estate.policy(&Place::Folder("5".into()));
        "organization policy" => |estate| estate.policy(&Place::Organization("7".into()));
        "role" => |estate| estate.role("projects/p/roles/mine");
        "deny policies" => |estate| estate.deny_policies(&Place::Project("p".into()));
        "project" => |estate| estate.project("p");
        "ancestors" => |estate| estate.ancestors(&project());
        "billing" => |estate| estate.billing("p");
        "liens" => |estate| estate.liens("p");
        "service" => |estate| estate.service("p", "cloudkms.googleapis.com");
        "constraint" => |estate| estate.constraint("p", "cloudkms.disableBeforeDestroy");
        "buckets" => |estate| estate.buckets("p");
        "bucket" => |estate| estate.bucket("b");
        "objects" => |estate| estate.objects(&bucket(), &mut |_| ControlFlow::Continue(()));
        "log buckets" => |estate| estate.log_buckets("p");
        "protected" => |estate| estate.protected(&key(), Some("7"));
        "retired" => |estate| estate.retired("p", key().location());
        "alerts and channels" => |estate| both(estate);
        "log metrics" => |estate| estate.log_metrics("p");
        "admin events" => |estate| estate.admin_events("p", since());
    }
}

async fn both(estate: &GcpEstate) -> Observed<String> {
    match shown(estate.alerts("p").await) {
        Observed::Present(alerts) => shown(estate.channels("p").await).map(|channels| alerts + &channels),
        other => other,
    }
}

/// A right answer to each path.
fn right(asked: &Asked) -> Reply {
    let answers = [
        (":getIamPolicy", POLICY.to_owned()),
        ("/v1/projects/p/roles/", r#"{"name":"projects/p/roles/mine","includedPermissions":["cloudkms.x.y"]}"#.to_owned()),
        ("/denypolicies/keys", DENY.to_owned()),
        ("/denypolicies", r#"{"policies":[{"name":"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F1/denypolicies/keys"}]}"#.to_owned()),
        (":testIamPermissions", r#"{"permissions":["logging.privateLogEntries.list"]}"#.to_owned()),
        ("/v3/projects/p/alertPolicies", ALERTS.to_owned()),
        ("/v3/projects/p/notificationChannels", CHANNELS.to_owned()),
        ("/v3/projects/p", r#"{"name":"projects/1","projectId":"p","state":"ACTIVE","parent":"folders/5"}"#.to_owned()),
        ("/v3/folders/5", r#"{"name":"folders/5","parent":"folders/6"}"#.to_owned()),
        ("/v3/folders/6", r#"{"name":"folders/6","parent":"organizations/7"}"#.to_owned()),
        ("/v3/liens", r#"{"liens":[{"name":"liens/1","restrictions":["resourcemanager.projects.delete"]}]}"#.to_owned()),
        ("/billingInfo", r#"{"projectId":"p","billingAccountName":"billingAccounts/0-1","billingEnabled":true}"#.to_owned()),
        ("/services/cloudkms", r#"{"name":"x","state":"ENABLED"}"#.to_owned()),
        (":getEffectivePolicy", r#"{"name":"x","spec":{"rules":[{"enforce":true}]}}"#.to_owned()),
        ("/storage/v1/b/b/o", OBJECTS.replace("KEY", KEY)),
        ("/storage/v1/b/b?", r#"{"name":"b","location":"EU"}"#.to_owned()),
        ("/storage/v1/b?", format!(r#"{{"items":[{{"name":"b","location":"EU","encryption":{{"defaultKmsKeyName":"{KEY}"}}}}]}}"#)),
        ("/locations/-/buckets", format!(r#"{{"buckets":[{{"name":"projects/p/locations/eu/buckets/l","cmekSettings":{{"kmsKeyName":"{KEY}"}}}}]}}"#)),
        ("/v2/projects/p/metrics", r#"{"metrics":[{"name":"keys","filter":"x=y"}]}"#.to_owned()),
        ("/protectedResourcesSummary", r#"{"resourceCount":"1"}"#.to_owned()),
        ("/protectedResources:search", format!(r#"{{"protectedResources":[{{"name":"//storage.googleapis.com/b","resourceType":"storage.googleapis.com/Bucket","cryptoKeyVersion":"{KEY}/cryptoKeyVersions/1"}}]}}"#)),
        ("/retiredResources", format!(r#"{{"retiredResources":[{{"originalResource":"{KEY}"}}]}}"#)),
        ("/v2/entries:list", ENTRIES.replace("KEY", KEY)),
    ];
    let found = answers.into_iter().find(|(part, _)| asked.path.contains(part));
    json(found.unwrap_or_else(|| panic!("{}", asked.path)).1)
}

const POLICY: &str = r#"{"version":3,"bindings":[{"role":"roles/cloudkms.admin","members":["user:ann@example.com"],
    "condition":{"expression":"request.time < timestamp('2027-01-01T00:00:00Z')"}}],
    "auditConfigs":[{"service":"allServices","auditLogConfigs":[{"logType":"DATA_READ"}]}]}"#;
const DENY: &str = r#"{"name":"policies/x/denypolicies/keys","rules":[{"denyRule":{
    "deniedPermissions":["cloudkms.googleapis.com/cryptoKeyVersions.destroy"],
    "deniedPrincipals":["principalSet://goog/public:all"]}}]}"#;
const ALERTS: &str = r#"{"alertPolicies":[{"name":"a","enabled":true,"combiner":"OR",
    "conditions":[{"conditionMatchedLog":{"filter":"x=y"}},{"conditionThreshold":{"filter":"m","comparison":"COMPARISON_GT"}}],
    "notificationChannels":["c"]}]}"#;
const CHANNELS: &str = r#"{"notificationChannels":[{"name":"c","type":"email","enabled":true,"verificationStatus":"UNVERIFIED"}]}"#;
const OBJECTS: &str = r#"{"items":[
    {"name":"a","generation":"2","kmsKeyName":"KEY/cryptoKeyVersions/2"},
    {"name":"a","generation":"1","kmsKeyName":"KEY/cryptoKeyVersions/1","timeDeleted":"2026-01-01T00:00:00Z"}]}"#;
const ENTRIES: &str = r#"{"entries":[{"timestamp":"2026-01-01T10:00:00.5Z","protoPayload":{
    "@type":"x","methodName":"google.cloud.kms.v1.KeyManagementService.DestroyCryptoKeyVersion",
    "resourceName":"KEY/cryptoKeyVersions/1","authenticationInfo":{"principalEmail":"ann@example.com"},
    "status":{"code":9,"message":"no"}}}]}"#;
