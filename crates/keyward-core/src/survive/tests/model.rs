//! A model that tries every world: what is not known is so in one and not in another. What is lost in all of them is
//! lost, what opens in all of them survives, and anything else is unknown.

use proptest::prelude::*;

use super::*;

/// What is true of one way: whether it opens now, and whether it goes with the thing that is lost.
#[derive(Clone, Copy)]
struct Truth {
    opens: Option<bool>,
    goes: Option<bool>,
}

/// Whether a thing opens after the loss, in each world that there can be.
fn worlds(ways: &[Truth]) -> Vec<bool> {
    let unknowns = |truth: &Truth| u32::from(truth.opens.is_none()) + u32::from(truth.goes.is_none());
    let bits: u32 = ways.iter().map(unknowns).sum();
    let world = |mut world: u32| {
        let mut choose = |known: Option<bool>| {
            known.unwrap_or_else(|| {
                let chosen = world & 1 == 1;
                world >>= 1;
                chosen
            })
        };
        let mut any = false;
        for way in ways {
            let (opens, goes) = (choose(way.opens), choose(way.goes));
            any |= opens && !goes;
        }
        any
    };
    (0..1 << bits).map(world).collect()
}

fn opens(topology: &Topology, way: &Way) -> Option<bool> {
    let usable = |state: &VersionState| match state {
        VersionState::Enabled => Some(true),
        VersionState::Other | VersionState::PendingGeneration => None,
        _ => Some(false),
    };
    match way {
        Way::Escrow(name) => Some(topology.drilled.contains_key(name)),
        Way::Other(_) => Some(false),
        Way::Kms { key, version } => match &topology.keys.get(key)?.versions {
            Observed::Unknown(_) => None,
            Observed::Absent => Some(false),
            Observed::Present(states) => match version {
                Some(number) => states.get(number).map_or(Some(false), usable),
                // One of them made it: it opens for certain if it does whichever that was.
                None => {
                    let all: Vec<_> = states.values().map(usable).collect();
                    let same = all.iter().all(|one| one.is_some() && *one == all[0]);
                    if all.is_empty() {
                        Some(false)
                    } else if same {
                        all[0]
                    } else {
                        None
                    }
                }
            },
        },
    }
}

/// The names of what takes a way with it, by the text of names alone; `None` when that is not known.
fn goes_with(topology: &Topology, way: &Way, kind: LossKind) -> Option<Vec<String>> {
    let Way::Kms { key, version } = way else {
        let escrow = matches!(way, Way::Escrow(_)) && kind == LossKind::Escrow;
        return Some(if escrow { vec!["escrow".into()] } else { vec![] });
    };
    let (full, embedded) = (key.to_string(), key.provider == Provider::Embedded);
    let parts: Vec<_> = full.split('/').collect();
    let (project, location) = (parts[3].to_owned(), parts[5]);
    Some(match kind {
        LossKind::Version => match (version, topology.keys.get(key).map(|facts| &facts.versions)) {
            (Some(number), _) => vec![format!("{full}/cryptoKeyVersions/{number}")],
            (None, Some(Observed::Present(states))) if !states.is_empty() => states
                .keys()
                .map(|number| format!("{full}/cryptoKeyVersions/{number}"))
                .collect(),
            _ => vec![format!("{full}/cryptoKeyVersions/?")],
        },
        LossKind::Key => vec![full],
        LossKind::Ring => vec![full.split("/cryptoKeys/").next().unwrap().to_owned()],
        LossKind::Location if embedded => vec!["location:embedded-kms".into()],
        LossKind::Location => vec![format!("location:gcp-kms/{location}")],
        LossKind::Project if embedded => vec!["project:embedded-kms".into()],
        LossKind::Project => vec![format!("project:{project}")],
        LossKind::Provider => vec![format!("provider:{}", key.provider)],
        LossKind::Escrow => vec![],
        LossKind::Organization if embedded => vec![],
        LossKind::Organization => {
            let owners = topology.powers.owners.get(&project)?.clone().present()?;
            let organization = owners.organization.map(|name| format!("organization:{name}"));
            let billing = owners.billing.map(|name| format!("billing:{name}"));
            organization.into_iter().chain(billing).collect()
        }
        LossKind::Identity => {
            let names = topology.powers.over.get(key)?.clone().present()?;
            names.into_iter().map(|name| format!("identity:{name}")).collect()
        }
        LossKind::State => {
            let state = topology.keys.get(key)?.managed_by.clone();
            state.map(|place| format!("state:{place}")).into_iter().collect()
        }
    })
}

/// For each thing of `kind`: what is lost with it, and what may be; and everything that may be lost with anything.
type Fates = (
    BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    BTreeSet<String>,
);

fn fates(things: &[(String, Vec<Way>)], topology: &Topology, kind: LossKind) -> Fates {
    let (mut fates, mut unsure) = Fates::default();
    for (name, ways) in things {
        let truths = |thing: Option<&str>| -> Vec<Truth> {
            let one = |way: &Way| Truth {
                opens: opens(topology, way),
                goes: goes_with(topology, way, kind)
                    .map(|names| names.iter().any(|name| Some(&**name) == thing)),
            };
            ways.iter().map(one).collect()
        };
        let now: Vec<_> = truths(None)
            .into_iter()
            .map(|truth| Truth {
                goes: Some(false),
                ..truth
            })
            .collect();
        if worlds(&now).iter().all(|opens| !opens) {
            continue;
        }
        let mut may_be_lost = worlds(&truths(None)).contains(&false);
        let touching = ways
            .iter()
            .filter_map(|way| goes_with(topology, way, kind))
            .flatten();
        for thing in touching.collect::<BTreeSet<_>>() {
            let after = worlds(&truths(Some(&thing)));
            let fate: &mut (BTreeSet<_>, BTreeSet<_>) = fates.entry(thing).or_default();
            if after.iter().all(|opens| !opens) {
                fate.0.insert(name.clone());
            } else if after.contains(&false) {
                fate.1.insert(name.clone());
                may_be_lost = true;
            }
        }
        if may_be_lost {
            unsure.insert(name.clone());
        }
    }
    (fates, unsure)
}

fn state() -> impl Strategy<Value = VersionState> {
    prop_oneof![
        4 => Just(VersionState::Enabled),
        1 => Just(VersionState::Disabled),
        1 => Just(VersionState::DestroyScheduled),
        1 => Just(VersionState::Other),
    ]
}

fn observed<T: std::fmt::Debug + Clone>(
    present: impl Strategy<Value = T>,
) -> impl Strategy<Value = Observed<T>> {
    prop_oneof![
        6 => present.prop_map(Observed::Present),
        1 => Just(Observed::Absent),
        1 => Just(Observed::Unknown("denied".into())),
    ]
}

fn keys() -> Vec<KeyRef> {
    let mut keys = Vec::new();
    for (provider, project) in [("gcp-kms", "p-1"), ("gcp-kms", "p-2"), ("embedded-kms", "local")] {
        for location in ["europe-west1", "us-central1"] {
            let name =
                format!("{provider}://projects/{project}/locations/{location}/keyRings/r/cryptoKeys/k");
            keys.push(name.parse().unwrap());
        }
    }
    keys
}

fn any_topology() -> impl Strategy<Value = Topology> {
    let versions = observed(proptest::collection::btree_map(1..4_u64, state(), 0..3));
    let managed = proptest::option::of(prop_oneof![Just("s1".to_owned()), Just("s2".to_owned())]);
    let facts = (versions, managed).prop_map(|(versions, managed_by)| KeyFacts {
        env: "e".into(),
        versions,
        managed_by,
    });
    let who = observed(proptest::collection::btree_set("[ab]", 0..3))
        .prop_filter("a key is there", |who| *who != Observed::Absent);
    let owner = (proptest::option::of("[12]"), proptest::option::of("[xy]"));
    let owners = observed(owner.prop_map(|(organization, billing)| Owners {
        organization,
        billing,
    }));
    let entry = proptest::option::weighted(0.8, (facts, proptest::option::of(who))).boxed();
    let entries: Vec<_> = keys().iter().map(|_| entry.clone()).collect();
    let owners = proptest::option::of(owners).boxed();
    (
        entries,
        owners.clone(),
        owners,
        proptest::collection::btree_set("age1[ab]", 0..2),
    )
        .prop_map(|(entries, first, second, drilled)| {
            let mut topology = Topology {
                keys: BTreeMap::new(),
                powers: Default::default(),
                drilled: drilled.into_iter().map(|name| (name, now())).collect(),
                drill_every: Duration::from_secs(60),
                now: now(),
            };
            for (key, entry) in keys().into_iter().zip(entries) {
                let Some((facts, who)) = entry else { continue };
                topology.keys.insert(key.clone(), facts);
                if let Some(who) = who {
                    topology.powers.over.insert(key, who);
                }
            }
            for (project, owners) in [("p-1", first), ("p-2", second)] {
                if let Some(owners) = owners {
                    topology.powers.owners.insert(project.into(), owners);
                }
            }
            topology
        })
}

fn any_ways() -> impl Strategy<Value = Vec<Way>> {
    let kms = (0..6_usize, proptest::option::weighted(0.8, 1..4_u64)).prop_map(|(place, version)| Way::Kms {
        key: keys()[place].clone(),
        version,
    });
    let way = prop_oneof![
        6 => kms,
        1 => "age1[ab]".prop_map(Way::Escrow),
        1 => Just(Way::Other("mars-kms://x".into())),
    ];
    proptest::collection::vec(way, 0..4)
}

fn names(files: &Files) -> BTreeSet<String> {
    files.named().iter().cloned().collect()
}

proptest! {
    /// Things are few enough that counts name all of them.
    #[test]
    fn every_answer_is_that_of_the_model(topology in any_topology(), ways in proptest::collection::vec(any_ways(), 0..4)) {
        let things: Vec<_> = ["a", "b", "c"].into_iter().map(str::to_owned).zip(ways).collect();
        let mut inventory = Inventory::default();
        for (name, ways) in &things {
            inventory.add(Kind::Envelope, name, &Ways::new(ways.iter().cloned()));
        }
        let survival = Survival::new(&inventory, &topology, &all_proven);
        for kind in LossKind::ALL {
            let (fates, unsure) = fates(&things, &topology, kind);
            let row = survival.row(kind, None);
            prop_assert_eq!(names(&row.unknown), unsure, "{:?}", kind);
            prop_assert_eq!(row.reasons.is_empty(), row.unknown.is_empty());
            let ours: BTreeMap<_, _> = row.losses.iter().map(|loss| {
                let Outcome { lost, unknown } = &loss.outcome;
                (loss.thing.to_string(), (names(lost), names(unknown)))
            }).collect();
            prop_assert_eq!(&ours, &fates, "{:?}", kind);
            for (name, (gone, perhaps)) in fates {
                // A full name means whatever bears it, and nothing else bears the name of one of these.
                if name.contains('?') || matches!(kind, LossKind::Version | LossKind::Key | LossKind::Ring) { continue }
                let lost = survival.lose(&[Pattern::new(&name)], None);
                let told = |items: &[Item<'_>]| items.iter().map(|item| item.name.to_owned()).collect::<BTreeSet<_>>();
                prop_assert_eq!(told(&lost.lost), gone, "{}", &name);
                prop_assert!(told(&lost.unknown).is_superset(&perhaps), "{}", &name);
            }
        }
    }
}
