//! Losses one by one, each with the reason why it counts as it does.

mod model;

use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::inventory::{Kind, Owners};
use crate::key::VersionState;
use crate::kms::Observed;
use crate::manifest::Manifest;
use crate::name::{KeyRef, Provider};

const MANIFEST: &str = "\
version: 1
environments: {prod: {protected: true}, dev: {}}
keyrings:
  app:
    env: prod
    provider: gcp
    project: p-1
    locations: [europe-west1, us-central1]
    ring: r
    key: k
    managed_by: gs://state/prod
  other: {env: prod, provider: gcp, project: p-2, locations: [europe-west1], ring: r, key: k}
  demo: {env: dev, provider: embedded, locations: [europe-west1, us-central1], ring: r, key: d}
";
const AGE: &str = "age1qqq";

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn key(keyring: &str, place: usize) -> KeyRef {
    let manifest = Manifest::parse(MANIFEST, "keyward.yaml").unwrap();
    manifest.keyring(keyring).unwrap().keys()[place].clone()
}

fn way(key: &KeyRef, version: u64) -> Way {
    Way::Kms {
        key: key.clone(),
        version: Some(version),
    }
}

/// Everything seen: each key has versions 1 (enabled) and 2 (disabled), one identity rules each project.
fn topology() -> Topology {
    let manifest = Manifest::parse(MANIFEST, "keyward.yaml").unwrap();
    let mut topology = Topology::of(&manifest, now());
    for (key, facts) in &mut topology.keys {
        let states = [(1, VersionState::Enabled), (2, VersionState::Disabled)];
        facts.versions = Observed::Present(states.into());
        if key.provider == Provider::Gcp {
            let project = key.name.ring().project().to_owned();
            let ruler = Observed::Present([format!("user:{project}@example.com")].into());
            topology.powers.over.insert(key.clone(), ruler);
            let owners = Owners {
                organization: Some("123".into()),
                billing: Some(format!("pays-{project}")),
            };
            topology.powers.owners.insert(project, Observed::Present(owners));
        }
    }
    topology
}

fn inventory(things: &[(&str, &[Way])]) -> Inventory {
    let mut inventory = Inventory::default();
    for (name, ways) in things {
        inventory.add(Kind::Envelope, name, &Ways::new(ways.iter().cloned()));
    }
    inventory
}

fn all_proven(_: Item<'_>, _: &str) -> bool {
    true
}

/// What is lost with each thing of `kind` that takes anything, as text.
fn lost(inventory: &Inventory, topology: &Topology, kind: LossKind) -> Vec<(String, String)> {
    let row = Survival::new(inventory, topology, &all_proven).row(kind, None);
    let losses = row.losses.iter().filter(|loss| !loss.outcome.lost.is_empty());
    losses
        .map(|loss| (loss.thing.to_string(), loss.outcome.lost.text()))
        .collect()
}

#[test]
fn two_locations_survive_one_and_not_their_project() {
    let (here, there, elsewhere) = (key("app", 0), key("app", 1), key("other", 0));
    let things = inventory(&[
        ("two", &[way(&here, 1), way(&there, 1)]),
        ("apart", &[way(&there, 1), way(&elsewhere, 1)]),
    ]);
    let topology = topology();
    for kind in [
        LossKind::Version,
        LossKind::Key,
        LossKind::Ring,
        LossKind::Location,
        LossKind::Escrow,
    ] {
        assert_eq!(lost(&things, &topology, kind), [], "{kind:?}");
    }
    let one = |thing: &str, what: &str| vec![(thing.to_owned(), what.to_owned())];
    assert_eq!(
        lost(&things, &topology, LossKind::Project),
        one("project:p-1", "two")
    );
    assert_eq!(
        lost(&things, &topology, LossKind::Identity),
        one("identity:user:p-1@example.com", "two")
    );
    assert_eq!(
        lost(&things, &topology, LossKind::State),
        one("state:gs://state/prod", "two")
    );
    assert_eq!(
        lost(&things, &topology, LossKind::Provider),
        one("provider:gcp-kms", "apart, two")
    );
    let organization = lost(&things, &topology, LossKind::Organization);
    assert_eq!(
        organization[0],
        ("organization:123".to_owned(), "apart, two".to_owned())
    );
    assert_eq!(organization[1], ("billing:pays-p-1".to_owned(), "two".to_owned()));
}

#[test]
fn a_version_that_is_not_enabled_does_not_count() {
    let (here, there) = (key("app", 0), key("app", 1));
    let things = inventory(&[("a", &[way(&here, 2), way(&there, 1)]), ("b", &[way(&here, 2)])]);
    let topology = topology();
    assert_eq!(
        lost(&things, &topology, LossKind::Location),
        [("location:gcp-kms/us-central1".to_owned(), "a".to_owned())]
    );
    let survival = Survival::new(&things, &topology, &all_proven);
    assert_eq!(survival.now(None).lost.text(), "b");
    let objections = survival.objections();
    let why = "it is DISABLED, and opens nothing until it is rescued".to_owned();
    assert_eq!(objections, [(here.version(2).to_string(), why)].into());
}

#[test]
fn a_wrap_without_a_version_is_lost_with_any_of_its_key() {
    let here = key("app", 0);
    let any = Way::Kms {
        key: here.clone(),
        version: None,
    };
    let mut topology = topology();
    let things = inventory(&[("a", &[any])]);
    let of_now = |topology: &Topology| Survival::new(&things, topology, &all_proven).now(None);
    assert_eq!(
        of_now(&topology).unknown.text(),
        "a",
        "the disabled version may have made it"
    );
    let states = [(1, VersionState::Enabled), (2, VersionState::Enabled)];
    topology.keys.get_mut(&here).unwrap().versions = Observed::Present(states.into());
    assert_eq!(of_now(&topology), Outcome::default());
    let names: Vec<_> = lost(&things, &topology, LossKind::Version)
        .into_iter()
        .map(|loss| loss.0)
        .collect();
    assert_eq!(names, [here.version(1).to_string(), here.version(2).to_string()]);
    topology.keys.get_mut(&here).unwrap().versions = Observed::Absent;
    assert_eq!(of_now(&topology).lost.text(), "a");
}

#[test]
fn locations_of_the_embedded_kms_go_together() {
    let things = inventory(&[("a", &[way(&key("demo", 0), 1), way(&key("demo", 1), 1)])]);
    let topology = topology();
    assert_eq!(lost(&things, &topology, LossKind::Key), []);
    for (kind, name) in [
        (LossKind::Location, "location:embedded-kms".to_owned()),
        (LossKind::Project, "project:embedded-kms".to_owned()),
        (LossKind::Identity, format!("identity:{FOLDER_OWNER}")),
    ] {
        assert_eq!(lost(&things, &topology, kind), [(name, "a".to_owned())]);
    }
}

#[test]
fn an_escrow_recipient_counts_once_it_was_drilled_and_for_wraps_that_are_known() {
    let (here, escrow) = (way(&key("app", 0), 1), Way::Escrow(AGE.into()));
    let things = inventory(&[("a", &[here.clone(), escrow.clone()]), ("b", &[here, escrow])]);
    let mut topology = topology();
    let count = |topology: &Topology, proven: &dyn Fn(Item<'_>, &str) -> bool| {
        let row = Survival::new(&things, topology, proven).row(LossKind::Location, None);
        row.losses[0].outcome.lost.count()
    };
    assert_eq!(count(&topology, &all_proven), 2, "never drilled");
    let day = Duration::from_secs(86_400);
    for (age, lost) in [(day * 181, 2), (day * 179, 0)] {
        topology
            .drilled
            .insert(AGE.into(), now().checked_sub(age).unwrap());
        assert_eq!(count(&topology, &all_proven), lost);
    }
    assert_eq!(
        count(&topology, &|item, recipient| item.name == "b" && recipient == AGE),
        1
    );
    topology
        .drilled
        .insert(AGE.into(), now().checked_add(day).unwrap());
    assert_eq!(
        count(&topology, &all_proven),
        2,
        "drilled by a clock that is wrong"
    );
}

#[test]
fn what_could_not_be_seen_never_survives() {
    let (here, there) = (key("app", 0), key("app", 1));
    let things = inventory(&[("a", &[way(&here, 1), way(&there, 1)])]);
    let mut topology = topology();
    let row = |topology: &Topology, kind| Survival::new(&things, topology, &all_proven).row(kind, None);
    assert!(row(&topology, LossKind::Key).unknown.is_empty());
    topology
        .powers
        .over
        .insert(here.clone(), Observed::Unknown("denied".into()));
    let identity = row(&topology, LossKind::Identity);
    assert_eq!(identity.unknown.text(), "a");
    assert_eq!(
        identity.reasons.first().unwrap(),
        &format!("who may end {here}: denied")
    );
    assert!(
        row(&topology, LossKind::Location).unknown.is_empty(),
        "another kind is known"
    );
    topology.keys.get_mut(&here).unwrap().versions = Observed::Unknown("no answer".into());
    let location = row(&topology, LossKind::Location);
    assert_eq!(location.unknown.text(), "a");
    let europe = location
        .losses
        .iter()
        .find(|loss| loss.thing.to_string().ends_with("us-central1"));
    assert_eq!(europe.unwrap().outcome.unknown.text(), "a");
}

#[test]
fn a_pattern_means_names_and_shows_everything_that_goes_with_them() {
    let (here, there, elsewhere) = (key("app", 0), key("app", 1), key("other", 0));
    let things = inventory(&[
        ("one", &[way(&here, 1)]),
        ("two", &[way(&here, 1), way(&there, 1)]),
        ("far", &[way(&elsewhere, 1)]),
        ("gone", &[way(&here, 2)]),
    ]);
    let mut topology = topology();
    let lose = |topology: &Topology, pattern: &str| {
        let survival = Survival::new(&things, topology, &all_proven);
        let lost = survival.lose(&[Pattern::new(pattern)], None);
        let names = |items: &[Item<'_>]| items.iter().map(|item| item.name.to_owned()).collect::<Vec<_>>();
        (lost.things.len(), names(&lost.lost), names(&lost.unknown))
    };
    let lost = |names: &[&str]| {
        (
            names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            Vec::new(),
        )
    };
    for (pattern, names) in [
        ("*/locations/europe-west1/*", &["one", "far"][..]),
        ("*/locations/*", &["one", "two", "far"]),
        ("projects/p-1/*", &["one", "two"]),
        ("identity:user:p-1@example.com", &["one", "two"]),
        ("state:gs://*", &["one", "two"]),
        ("provider:gcp-kms", &["one", "two", "far"]),
        (&here.version(1).to_string(), &["one"]),
        (&here.version(2).to_string(), &[]),
    ] {
        let (things, sure, unknown) = lose(&topology, pattern);
        assert_eq!((sure, unknown), lost(names), "{pattern}");
        assert!(things > 0, "{pattern}");
    }
    assert_eq!(lose(&topology, "location:gcp-kms/mars"), (0, vec![], vec![]));
    topology.powers.over.remove(&here);
    let (_, sure, unknown) = lose(&topology, "identity:user:somebody@example.com");
    assert_eq!((sure, unknown), (vec![], vec!["one".to_owned()]));
}

#[test]
fn an_environment_is_asked_about_alone() {
    let things = inventory(&[
        ("a", &[way(&key("app", 0), 1)]),
        ("d", &[way(&key("demo", 0), 1)]),
        ("nobody's", &[Way::Escrow(AGE.into())]),
    ]);
    let topology = topology();
    let survival = Survival::new(&things, &topology, &all_proven);
    assert_eq!(
        (
            survival.count(None),
            survival.count(Some("prod")),
            survival.count(Some("dev"))
        ),
        (3, 2, 2)
    );
    assert_eq!(survival.row(LossKind::Key, Some("dev")).losses.len(), 1);
    assert_eq!(survival.now(Some("prod")).lost.text(), "nobody's");
}

#[test]
fn what_hangs_on_a_version_does_not_depend_on_whether_it_opens_now() {
    let (here, there) = (key("app", 0), key("app", 1));
    let any = Way::Kms {
        key: here.clone(),
        version: None,
    };
    let things = inventory(&[
        ("alone", &[way(&here, 2)]),
        ("two", &[way(&here, 2), way(&there, 1)]),
        ("both off", &[way(&here, 2), way(&there, 2)]),
        ("unnamed", &[any]),
        ("another", &[way(&here, 1)]),
    ]);
    let topology = topology();
    let survival = Survival::new(&things, &topology, &all_proven);
    let stakes = survival.stakes(&here, Some(2));
    assert_eq!(stakes.lost.text(), "alone, both off, unnamed");
    assert_eq!(stakes.kept.text(), "two");
    assert_eq!(survival.stakes(&here, None).lost.count(), 4);
    assert_eq!(
        survival.stakes(&there, Some(1)).lost.text(),
        "two",
        "its other way is disabled"
    );
}
