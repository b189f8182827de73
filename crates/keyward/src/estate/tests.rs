//! Looking, against an estate of a test. Against the emulator it is in `tests/estate.rs`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Mutex;

use keyward_core::clock::Timestamp;
use keyward_core::estate::{
    AdminEvent, AlertPolicy, Billing, Binding, Bucket, Channel, Constraint, DenyPolicy, Estate, FailedUse,
    Lien, Lifecycle, LogBucket, LogMetric, Place, Policy, Project, Protected, ProtectedResource, Retired,
    StoredObject, permission,
};
use keyward_core::inventory::{Inventory, Kind};
use keyward_core::kms::{Async, Observed};
use keyward_core::location::Location;
use keyward_core::manifest::Manifest;
use keyward_core::name::{CryptoKeyName, KeyRef};
use keyward_core::verify::{CheckId, EstateEvidence, EstateSeen, judge_estate, powers};

use super::*;

const KEY: &str = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";

/// A project in a folder of an organisation, a bucket, and notes of what was asked.
#[derive(Default)]
struct Scene {
    asked: Mutex<Vec<String>>,
    objects: Vec<StoredObject>,
    /// Whether a list of objects breaks off after these.
    cut: bool,
}

impl Scene {
    fn note(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }

    fn say<'a, T: Send + 'a>(&'a self, what: &str, seen: Observed<T>) -> Async<'a, Observed<T>> {
        self.note(what);
        Box::pin(async { seen })
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

fn bucket() -> Bucket {
    Bucket {
        name: "b".into(),
        project: Some("p".into()),
        location: "EUROPE-WEST1".into(),
        key: Some(KEY.into()),
    }
}

fn object(name: &str, generation: u64, key_version: &str) -> StoredObject {
    StoredObject {
        name: name.into(),
        generation,
        noncurrent: generation == 1,
        key_version: Some(key_version.into()),
    }
}

impl Estate for Scene {
    fn policy<'a>(&'a self, place: &'a Place) -> Async<'a, Observed<Policy>> {
        let bindings = match place {
            Place::Folder(_) => vec![Binding {
                role: "projects/p/roles/mine".into(),
                members: vec!["user:ann@example.com".into()],
                conditional: false,
            }],
            _ => Vec::new(),
        };
        let policy = Policy {
            bindings,
            audit: Vec::new(),
        };
        self.say(&format!("policy {place}"), Observed::Present(policy))
    }

    fn role<'a>(&'a self, name: &'a str) -> Async<'a, Observed<BTreeSet<String>>> {
        let permissions = BTreeSet::from([permission::DESTROY.to_owned()]);
        self.say(&format!("role {name}"), Observed::Present(permissions))
    }

    fn deny_policies<'a>(&'a self, place: &'a Place) -> Async<'a, Observed<Vec<DenyPolicy>>> {
        self.say(&format!("deny {place}"), Observed::Present(Vec::new()))
    }

    fn project<'a>(&'a self, id: &'a str) -> Async<'a, Observed<Project>> {
        let project = Project {
            id: id.into(),
            number: "1".into(),
            state: Lifecycle::Active,
            parent: Some(Place::Folder("5".into())),
        };
        self.say("project", Observed::Present(project))
    }

    fn ancestors<'a>(&'a self, _: &'a Project) -> Async<'a, Observed<Vec<Place>>> {
        let places = vec![Place::Folder("5".into()), Place::Organization("7".into())];
        self.say("ancestors", Observed::Present(places))
    }

    fn billing<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Billing>> {
        let billing = Billing {
            account: Some("billingAccounts/0".into()),
            enabled: true,
        };
        self.say("billing", Observed::Present(billing))
    }

    fn liens<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<Lien>>> {
        self.say("liens", Observed::Present(Vec::new()))
    }

    fn service<'a>(&'a self, _: &'a str, _: &'a str) -> Async<'a, Observed<bool>> {
        self.say("service", Observed::Present(true))
    }

    fn constraint<'a>(&'a self, _: &'a str, name: &'a str) -> Async<'a, Observed<Constraint>> {
        self.say(name, Observed::Present(Constraint::Enforced(true)))
    }

    fn buckets<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<Bucket>>> {
        self.say("buckets", Observed::Present(vec![bucket()]))
    }

    fn bucket<'a>(&'a self, name: &'a str) -> Async<'a, Observed<Bucket>> {
        let seen = if name == "b" {
            Observed::Present(bucket())
        } else {
            Observed::Absent
        };
        self.say(&format!("bucket {name}"), seen)
    }

    fn objects<'a>(
        &'a self,
        _: &'a Bucket,
        visit: &'a mut (dyn FnMut(StoredObject) -> ControlFlow<()> + Send),
    ) -> Async<'a, Observed<u64>> {
        let broken = self
            .objects
            .iter()
            .cloned()
            .any(|object| visit(object).is_break());
        self.say(
            "objects",
            match self.cut || broken {
                true => Observed::Unknown("the second page did not come".into()),
                false => Observed::Present(self.objects.len() as u64),
            },
        )
    }

    fn log_buckets<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<LogBucket>>> {
        let bucket = LogBucket {
            name: "projects/p/locations/europe-west1/buckets/logs".into(),
            key: Some(KEY.into()),
            key_version: None,
            created: None,
        };
        self.say("log buckets", Observed::Present(vec![bucket]))
    }

    fn protected<'a>(
        &'a self,
        _: &'a CryptoKeyName,
        organization: Option<&'a str>,
    ) -> Async<'a, Observed<Protected>> {
        let resource = |kind: &str| ProtectedResource {
            name: format!("//{kind}/x"),
            kind: kind.into(),
            location: "europe-west1".into(),
            versions: vec![format!("{KEY}/cryptoKeyVersions/3")],
        };
        let protected = Protected {
            resources: vec![
                resource("storage.googleapis.com/Bucket"),
                resource("compute.googleapis.com/Disk"),
            ],
            warnings: vec!["some projects were not seen".into()],
        };
        self.say(
            &format!("protected in {organization:?}"),
            Observed::Present(protected),
        )
    }

    fn retired<'a>(&'a self, _: &'a str, _: &'a Location) -> Async<'a, Observed<Vec<Retired>>> {
        self.say("retired", Observed::Present(Vec::new()))
    }

    fn alerts<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<AlertPolicy>>> {
        self.say("alerts", Observed::Present(Vec::new()))
    }

    fn log_metrics<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<LogMetric>>> {
        self.say("metrics", Observed::Present(Vec::new()))
    }

    fn channels<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<Channel>>> {
        self.say("channels", Observed::Present(Vec::new()))
    }

    fn admin_events<'a>(&'a self, _: &'a str, _: Timestamp) -> Async<'a, Observed<Vec<AdminEvent>>> {
        self.say("changes", Observed::Present(Vec::new()))
    }

    fn failed_uses<'a>(&'a self, _: &'a str, _: Timestamp) -> Async<'a, Observed<Vec<FailedUse>>> {
        self.say("failed uses", Observed::Present(Vec::new()))
    }
}

fn manifest(more: &str) -> Manifest {
    let text = format!(
        "version: 1\nenvironments: {{prod: {{}}}}\n{more}\nkeyrings:\n  app: {{env: prod, provider: gcp, project: p, \
         locations: [europe-west1], ring: r, key: k}}\n"
    );
    Manifest::parse(&text, "m").unwrap()
}

fn key() -> KeyRef {
    KEY.parse().unwrap()
}

async fn seen(scene: &Scene, manifest: &Manifest, powers: bool) -> EstateSeen {
    let keyrings: Vec<_> = manifest.keyrings().collect();
    let wanted = Look {
        manifest,
        keyrings: &keyrings,
        since: Timestamp::UNIX_EPOCH,
        powers,
    };
    look(scene, wanted, &|_| Observed::Absent).await
}

#[tokio::test]
async fn only_what_is_wanted_is_asked() {
    for (checks, expected) in [
        ("", &[][..]),
        ("checks: [V34]", &["billing", "liens", "project", "service"]),
        ("checks: [V23]", &["alerts", "channels", "metrics"]),
        ("checks: [V28]", &["buckets", "log buckets"]),
        (
            "checks: [V28]\nuses: {buckets: [bbb]}",
            &["bucket bbb", "log buckets"],
        ),
        (
            "checks: [V27]",
            &["ancestors", "project", "protected in Some(\"7\")"],
        ),
    ] {
        let scene = Scene::default();
        seen(&scene, &manifest(checks), false).await;
        assert_eq!(scene.asked(), expected, "{checks}");
    }
}

#[tokio::test]
async fn grants_are_followed_up_to_the_organisation_and_into_roles() {
    let scene = Scene::default();
    let seen = seen(&scene, &manifest(""), true).await;
    for asked in [
        "policy folders/5",
        "policy organizations/7",
        "deny projects/p",
        "role projects/p/roles/mine",
    ] {
        assert!(
            scene.asked().contains(&asked.to_owned()),
            "{asked}: {:?}",
            scene.asked()
        );
    }
    let powers = powers([&key()], &seen);
    let over = powers.over[&key()].clone().present().unwrap();
    assert_eq!(over, BTreeSet::from(["user:ann@example.com".to_owned()]));
    let owners = powers.owners["p"].clone().present().unwrap();
    assert_eq!(owners.organization.as_deref(), Some("7"));
}

#[tokio::test]
async fn every_check_has_what_it_needs() {
    let scene = Scene::default();
    let manifest = manifest("checks: [V21, V22, V23, V24, V25, V26, V27, V28, V30, V32, V34, V35, V36]");
    let seen = seen(&scene, &manifest, false).await;
    let keyrings: Vec<_> = manifest.keyrings().collect();
    let checks = judge_estate(EstateEvidence {
        manifest: &manifest,
        keyrings: &keyrings,
        seen: &seen,
        own: &Observed::Present(Vec::new()),
        now: Timestamp::UNIX_EPOCH,
    });
    let missed = checks.iter().filter(|check| {
        check
            .verdict
            .reason()
            .is_some_and(|why| why.contains("not looked at"))
    });
    assert_eq!(
        missed.collect::<Vec<_>>(),
        Vec::<&keyward_core::verify::Check>::new()
    );
    assert_eq!(checks.iter().filter(|check| check.id == CheckId::V21).count(), 1);
}

#[tokio::test]
async fn what_is_under_keys_joins_the_inventory() {
    let scene = Scene {
        objects: vec![
            object("a\n", 2, &format!("{KEY}/cryptoKeyVersions/2")),
            object("a\n", 1, &format!("{KEY}/cryptoKeyVersions/1")),
            object("odd", 3, "projects/p/no/key"),
            StoredObject {
                key_version: None,
                ..object("plain", 4, "")
            },
        ],
        ..Scene::default()
    };
    let mut inventory = Inventory::default();
    let places = CloudPlaces::of(&manifest(""));
    survey_cloud(&scene, &places, &[(key(), Some("7".into()))], &mut inventory).await;
    let items: Vec<_> = inventory.items().map(|item| (item.kind, item.name)).collect();
    assert_eq!(
        items,
        [
            (Kind::BucketDefault, "gs://b"),
            (Kind::Object { noncurrent: false }, "gs://b/a\\n#2"),
            (Kind::Object { noncurrent: true }, "gs://b/a\\n#1"),
            (Kind::LogBucket, "projects/p/locations/europe-west1/buckets/logs"),
            (Kind::Protected, "//compute.googleapis.com/Disk/x"),
        ]
    );
    let uses = &inventory.uses()[&key()];
    assert_eq!(uses.versions().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(uses.need(9), "a default names no version");
    assert_eq!(inventory.unread.count(), 1);
    survey_cloud(&scene, &CloudPlaces::default(), &[(key(), None)], &mut inventory).await;
    assert!(
        inventory
            .unseen
            .iter()
            .any(|why| why.contains("organisation is not known"))
    );
    assert!(
        inventory
            .unseen
            .iter()
            .any(|why| why.contains("some projects were not seen"))
    );
}

#[tokio::test]
async fn a_list_of_objects_that_breaks_off_and_a_bucket_that_is_gone_are_unseen() {
    let scene = Scene {
        objects: vec![object("a", 2, &format!("{KEY}/cryptoKeyVersions/2"))],
        cut: true,
        ..Scene::default()
    };
    let mut inventory = Inventory::default();
    let places = CloudPlaces {
        projects: BTreeSet::new(),
        buckets: BTreeSet::from(["b".into(), "gone".into()]),
    };
    survey_cloud(&scene, &places, &[], &mut inventory).await;
    assert_eq!(inventory.len(), 2, "what was seen counts");
    let unseen: Vec<_> = inventory.unseen.iter().map(String::as_str).collect();
    assert_eq!(
        unseen,
        [
            "gs://gone: it is not there",
            "objects of gs://b: the second page did not come"
        ]
    );
}

#[tokio::test]
async fn nothing_is_asked_twice() {
    let text = "version: 1\nenvironments: {prod: {}}\nchecks: [V21, V24, V35, V36]\nkeyrings:\n  a: {env: prod, provider: gcp, \
                project: p, locations: [europe-west1], ring: r, key: a}\n  b: {env: prod, provider: gcp, project: p, \
                locations: [europe-west1], ring: r, key: b}\n";
    let scene = Scene::default();
    seen(&scene, &Manifest::parse(text, "m").unwrap(), true).await;
    let mut asked = scene.asked();
    assert_eq!(
        asked.iter().filter(|asked| asked.contains("cryptoKeys")).count(),
        2
    );
    let count = asked.len();
    asked.dedup();
    assert_eq!(asked.len(), count, "{asked:?}");
}
