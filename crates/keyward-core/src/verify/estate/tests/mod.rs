//! Whole judgements: one estate in which everything is as it should be, and what each check says when one thing is not.

mod failures;
mod powers;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::estate::{
    AdminEvent, AlertPolicy, Allowed, AuditConfig, Billing, Binding, Bucket, Channel, Condition, Constraint,
    DenyPolicy, DenyRule, FailedUse, Lien, Lifecycle, LogBucket, LogMetric, Place, Policy, Project,
    Protected, ProtectedResource, Roles, permission,
};
use crate::key::{Algorithm, KeyVersion, ProtectionLevel, VersionState};

const KEY: &str = "projects/p-1/locations/europe-west1/keyRings/r/cryptoKeys/k";
const NOW: &str = "2026-01-02T00:00:00Z";
const WORKER: &str = "serviceAccount:ci@p-1.iam.gserviceaccount.com";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key() -> KeyRef {
    KEY.parse().unwrap()
}

fn binding(role: &str, members: &[&str]) -> Binding {
    Binding {
        role: role.into(),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
        conditional: false,
    }
}

fn policy(bindings: Vec<Binding>) -> Observed<Policy> {
    Observed::Present(Policy {
        bindings,
        audit: Vec::new(),
    })
}

fn unknown<T>() -> Observed<T> {
    Observed::Unknown("the caller needs x.y.z, as in roles/x".into())
}

/// An estate, the manifest that it is judged by, and what our own log says.
struct World {
    checks: String,
    seen: EstateSeen,
    own: Observed<Vec<OwnChange>>,
}

impl World {
    fn good() -> Self {
        let seen = EstateSeen {
            since: at("2026-01-01T00:00:00Z"),
            projects: BTreeMap::from([("p-1".into(), project())]),
            keys: BTreeMap::from([(key(), key_seen())]),
            roles: Roles::default(),
            places: BTreeMap::from([("p-1".into(), place())]),
            buckets: BTreeMap::new(),
        };
        Self {
            checks: CHECKS.map(|(_, id)| id.to_string()).join(", "),
            seen,
            own: Observed::Present(vec![
                OwnChange::of(
                    "key restore",
                    &format!("gcp-kms://{KEY}/cryptoKeyVersions/1"),
                    at("2026-01-01T11:59:00Z"),
                )
                .unwrap(),
            ]),
        }
    }

    fn project(&mut self) -> &mut ProjectSeen {
        self.seen.projects.get_mut("p-1").unwrap()
    }

    fn key(&mut self) -> &mut KeySeen {
        self.seen.keys.get_mut(&key()).unwrap()
    }

    fn place(&mut self) -> &mut PlaceSeen {
        self.seen.places.get_mut("p-1").unwrap()
    }

    /// The policy of the project.
    fn grants(&mut self) -> &mut Policy {
        let place = Place::Project("p-1".into());
        match self.project().policies.get_mut(&place) {
            Some(Observed::Present(policy)) => policy,
            _ => panic!(),
        }
    }

    fn judge(&self) -> Vec<Check> {
        let manifest = Manifest::parse(
            &format!(
                "version: 1\nenvironments: {{prod: {{}}}}\nchecks: [{}]\nkeyrings:\n  app: {{env: prod, provider: gcp, \
                 project: p-1, locations: [europe-west1], ring: r, key: k, impersonate: {{crypt: \
                 ci@p-1.iam.gserviceaccount.com}}}}\n",
                self.checks
            ),
            "m",
        )
        .unwrap();
        let keyrings: Vec<_> = manifest.keyrings().collect();
        judge_estate(EstateEvidence {
            manifest: &manifest,
            keyrings: &keyrings,
            seen: &self.seen,
            own: &self.own,
            now: at(NOW),
        })
    }

    fn of(&self, id: CheckId) -> Vec<Check> {
        self.judge().into_iter().filter(|check| check.id == id).collect()
    }
}

fn project() -> ProjectSeen {
    let organization = Place::Organization("7".into());
    let audit = AuditConfig {
        service: "cloudkms.googleapis.com".into(),
        log_type: "DATA_READ".into(),
        exempted: Vec::new(),
    };
    let own = Policy {
        bindings: vec![
            binding(
                "roles/cloudkms.admin",
                &["user:ann@example.com", "user:bob@example.com"],
            ),
            binding("roles/cloudkms.cryptoKeyEncrypterDecrypter", &[WORKER]),
        ],
        audit: vec![audit],
    };
    let deny = DenyPolicy {
        name: "policies/x/denypolicies/keys".into(),
        place: organization.clone(),
        rules: vec![DenyRule {
            permissions: vec!["cloudkms.googleapis.com/cryptoKeyVersions.destroy".into()],
            principals: vec!["principalSet://goog/public:all".into()],
            excepted_principals: vec!["principal://goog/subject/ann@example.com".into()],
            ..DenyRule::default()
        }],
    };
    let here = Place::Project("p-1".into());
    ProjectSeen {
        project: Observed::Present(Project {
            id: "p-1".into(),
            number: "1".into(),
            state: Lifecycle::Active,
            parent: Some(organization.clone()),
        }),
        ancestors: Observed::Present(vec![organization.clone()]),
        policies: BTreeMap::from([
            (here.clone(), Observed::Present(own)),
            (organization.clone(), policy(vec![])),
        ]),
        denies: BTreeMap::from([
            (here, Observed::Present(vec![])),
            (organization, Observed::Present(vec![deny])),
        ]),
        billing: Observed::Present(Billing {
            account: Some("billingAccounts/0-1".into()),
            enabled: true,
        }),
        liens: Observed::Present(vec![Lien {
            name: "liens/1".into(),
            restrictions: vec![permission::DELETE_PROJECT.into()],
        }]),
        service: Observed::Present(true),
        constraints: constraints(),
        alerts: Observed::Present(vec![alert()]),
        metrics: Observed::Present(vec![]),
        channels: Observed::Present(vec![Channel {
            name: "projects/p-1/notificationChannels/1".into(),
            kind: "email".into(),
            enabled: Some(true),
            unverified: false,
        }]),
        changes: Observed::Present(vec![event("RestoreCryptoKeyVersion", "2026-01-01T12:00:00Z")]),
        failed_uses: Observed::Present(vec![]),
    }
}

fn constraints() -> BTreeMap<String, Observed<Constraint>> {
    let windows = Constraint::Values(Allowed::Only(vec!["in:30d".into()]));
    let found = [
        windows,
        Constraint::Enforced(true),
        Constraint::Values(Allowed::All),
    ];
    let names = CONSTRAINTS.iter().map(|name| (*name).to_owned());
    names.zip(found.map(Observed::Present)).collect()
}

fn alert() -> AlertPolicy {
    AlertPolicy {
        name: "projects/p-1/alertPolicies/1".into(),
        enabled: Some(true),
        valid: true,
        conditions: vec![Condition::Log(
            r#"protoPayload.serviceName="cloudkms.googleapis.com" protoPayload.methodName=~"(^|\.)(Destroy|Update|Delete|SetIamPolicy)""#
                .into(),
        )],
        all: false,
        channels: vec!["projects/p-1/notificationChannels/1".into()],
    }
}

fn event(method: &str, time: &str) -> AdminEvent {
    AdminEvent {
        at: at(time),
        method: method.into(),
        resource: format!("{KEY}/cryptoKeyVersions/1"),
        principal: Some("ann@example.com".into()),
        failed: false,
    }
}

fn key_seen() -> KeySeen {
    KeySeen {
        policy: policy(vec![]),
        ring_policy: policy(vec![]),
        protected: Observed::Present(Protected {
            resources: vec![ProtectedResource {
                name: "//storage.googleapis.com/archive".into(),
                kind: "storage.googleapis.com/Bucket".into(),
                location: "europe-west1".into(),
                versions: vec![format!("{KEY}/cryptoKeyVersions/1")],
            }],
            warnings: vec![],
        }),
        versions: Observed::Present(vec![version(VersionState::Enabled)]),
    }
}

fn version(state: VersionState) -> KeyVersion {
    KeyVersion {
        name: key().version(1).name,
        state,
        algorithm: Algorithm::default(),
        protection: ProtectionLevel::default(),
        created: at("2025-01-01T00:00:00Z"),
        destroy_at: None,
        destroyed_at: None,
    }
}

fn place() -> PlaceSeen {
    PlaceSeen {
        buckets: Observed::Present(vec![Bucket {
            name: "archive".into(),
            project: Some("p-1".into()),
            location: "EUROPE-WEST1".into(),
            key: Some(KEY.into()),
        }]),
        log_buckets: Observed::Present(vec![LogBucket {
            name: "projects/p-1/locations/europe-west1/buckets/logs".into(),
            key: Some(KEY.into()),
            key_version: None,
            created: None,
        }]),
    }
}

type Change = Box<dyn Fn(&mut World)>;

fn change(change: impl Fn(&mut World) + 'static) -> Change {
    Box::new(change)
}

/// The one finding of `id` that is neither passed nor not applicable, after `change`.
fn finding(id: CheckId, change: &Change) -> (String, String, String) {
    let mut world = World::good();
    change(&mut world);
    let mut found = world
        .of(id)
        .into_iter()
        .filter(|check| check.verdict.id() != "PASS");
    let check = found.next().unwrap_or_else(|| panic!("{id} passed"));
    let reason = check.verdict.reason().unwrap_or_default().to_owned();
    (
        check.verdict.id().to_owned(),
        reason,
        check.next.unwrap_or_default(),
    )
}
