//! Each check passes, and is unknown with what it takes.

use super::*;

#[test]
fn everything_as_it_should_be_passes() {
    let apply = |id: &CheckId| ![CheckId::V30, CheckId::V32].contains(id);
    for check in World::good().judge().iter().filter(|check| apply(&check.id)) {
        assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
    }
    let all: BTreeSet<_> = World::good().judge().iter().map(|check| check.id).collect();
    assert_eq!(all.len(), CHECKS.len());
}

#[test]
fn a_check_that_is_not_named_does_not_apply() {
    let mut world = World::good();
    world.checks = "V34".into();
    let applicable: Vec<_> = world
        .judge()
        .into_iter()
        .filter(|check| check.verdict.id() != "NOT APPLICABLE")
        .map(|check| check.id)
        .collect();
    assert_eq!(applicable, [CheckId::V34]);
    assert!(CHECKS.iter().all(|(_, id)| !id.is_gate()));
}

#[test]
fn an_alert_covers_every_event_in_both_forms_and_reaches_somebody() {
    let filter = |filter: &'static str| {
        change(move |world| {
            world.project().alerts = Observed::Present(vec![AlertPolicy {
                conditions: vec![Condition::Log(filter.into())],
                ..alert()
            }]);
        })
    };
    let changed = |change_alert: fn(&mut AlertPolicy)| {
        change(move |world| {
            let mut one = alert();
            change_alert(&mut one);
            world.project().alerts = Observed::Present(vec![one]);
        })
    };
    let channel = |on: bool, unverified: bool| {
        change(move |world| {
            world.project().channels = project().channels.map(|mut channels| {
                (channels[0].enabled, channels[0].unverified) = (Some(on), unverified);
                channels
            });
        })
    };
    for (change, words) in [
        (
            filter(
                "resource.type=cloudkms_cryptokeyversion AND protoPayload.methodName=DestroyCryptoKeyVersion",
            ),
            "google.cloud.kms.v1.KeyManagementService.DestroyCryptoKeyVersion",
        ),
        (
            filter(r#"protoPayload.methodName=~"(Destroy|Delete|SetIamPolicy)""#),
            "UpdateCryptoKeyVersion",
        ),
        (
            filter(r#"resource.labels.location="global" protoPayload.methodName:"e""#),
            "DestroyCryptoKeyVersion",
        ),
        (
            changed(|alert| alert.enabled = Some(false)),
            "DestroyCryptoKeyVersion",
        ),
        (changed(|alert| alert.valid = false), "DestroyCryptoKeyVersion"),
        (changed(|alert| alert.channels.clear()), "DestroyCryptoKeyVersion"),
        (channel(false, false), "DestroyCryptoKeyVersion"),
        (channel(true, true), "DestroyCryptoKeyVersion"),
    ] {
        let (verdict, reason, next) = finding(CheckId::V23, &change);
        assert_eq!(verdict, "FAIL", "{reason}");
        assert!(
            reason.starts_with("nobody is told of") && reason.contains(words),
            "{reason}"
        );
        assert_eq!(next, HARDEN);
    }
    let (verdict, ..) = finding(CheckId::V23, &filter("labels.env=prod"));
    assert_eq!(verdict, "UNKNOWN");
}

#[test]
fn the_alert_that_harden_prints_is_enough() {
    let mut world = World::good();
    world.project().alerts = Observed::Present(vec![AlertPolicy {
        conditions: vec![Condition::Log(crate::harden::ALERT_FILTER.into())],
        ..alert()
    }]);
    assert_eq!(world.of(CheckId::V23)[0].verdict, Verdict::Pass);
}

#[test]
fn a_metric_that_counts_the_entries_raises_an_alert_too() {
    let mut world = World::good();
    let by_metric = AlertPolicy {
        conditions: vec![Condition::Metric {
            filter: r#"metric.type="logging.googleapis.com/user/keys" AND resource.type="global""#.into(),
            any: true,
        }],
        ..alert()
    };
    let metric = |disabled| LogMetric {
        name: "keys".into(),
        filter: r#"protoPayload.serviceName="cloudkms.googleapis.com""#.into(),
        disabled,
    };
    world.project().alerts = Observed::Present(vec![by_metric]);
    world.project().metrics = Observed::Present(vec![metric(false)]);
    assert_eq!(world.of(CheckId::V23)[0].verdict, Verdict::Pass);
    world.project().metrics = Observed::Present(vec![metric(true)]);
    assert_eq!(world.of(CheckId::V23)[0].verdict.id(), "FAIL");
    world.project().metrics = unknown();
    assert_eq!(world.of(CheckId::V23)[0].verdict.id(), "UNKNOWN");
}

#[test]
fn what_was_not_seen_is_unknown_and_says_what_it_takes() {
    let here = || Place::Project("p-1".into());
    let cases: Vec<(CheckId, Change)> = vec![
        (CheckId::V21, change(|world| world.key().policy = unknown())),
        (CheckId::V21, change(|world| world.key().ring_policy = unknown())),
        (
            CheckId::V21,
            change(move |world| drop(world.project().policies.insert(here(), unknown()))),
        ),
        (
            CheckId::V21,
            change(|world| world.project().ancestors = unknown()),
        ),
        (
            CheckId::V22,
            change(|world| {
                drop(
                    world
                        .project()
                        .constraints
                        .insert(CONSTRAINTS[1].into(), unknown()),
                )
            }),
        ),
        (CheckId::V23, change(|world| world.project().alerts = unknown())),
        (CheckId::V23, change(|world| world.project().channels = unknown())),
        (
            CheckId::V24,
            change(move |world| drop(world.project().policies.insert(here(), unknown()))),
        ),
        (CheckId::V25, change(|world| world.project().changes = unknown())),
        (CheckId::V25, change(|world| world.own = unknown())),
        (
            CheckId::V26,
            change(|world| world.project().failed_uses = unknown()),
        ),
        (CheckId::V27, change(|world| world.key().protected = unknown())),
        (
            CheckId::V27,
            change(|world| world.project().ancestors = unknown()),
        ),
        (CheckId::V27, change(|world| world.key().versions = unknown())),
        (CheckId::V28, change(|world| world.place().buckets = unknown())),
        (
            CheckId::V28,
            change(|world| world.place().log_buckets = unknown()),
        ),
        (CheckId::V34, change(|world| world.project().project = unknown())),
        (CheckId::V34, change(|world| world.project().liens = unknown())),
        (CheckId::V34, change(|world| world.project().billing = unknown())),
        (CheckId::V34, change(|world| world.project().service = unknown())),
        (
            CheckId::V35,
            change(move |world| drop(world.project().policies.insert(here(), unknown()))),
        ),
        (
            CheckId::V36,
            change(|world| {
                world
                    .project()
                    .denies
                    .insert(Place::Organization("7".into()), unknown());
            }),
        ),
    ];
    for (id, change) in &cases {
        let (verdict, reason, _) = finding(*id, change);
        assert_eq!(verdict, "UNKNOWN", "{id}: {reason}");
        assert!(
            reason.contains("the caller needs x.y.z, as in roles/x"),
            "{id}: {reason}"
        );
    }
}

#[test]
fn what_is_open_decides_nothing() {
    let worker = |conditional: bool, role: &'static str, member: &'static str| {
        change(move |world: &mut World| {
            let mut one = binding(role, &[member]);
            one.conditional = conditional;
            world.grants().bindings.push(one);
        })
    };
    for (id, change, words) in [
        (
            CheckId::V21,
            worker(true, "roles/cloudkms.admin", WORKER),
            "on a condition",
        ),
        (
            CheckId::V21,
            worker(false, "projects/p-1/roles/mine", WORKER),
            "was not asked",
        ),
        (
            CheckId::V21,
            worker(false, "roles/cloudkms.admin", "group:all@example.com"),
            "who that is was not seen",
        ),
        (
            CheckId::V27,
            change(|world| {
                let Observed::Present(protected) = &mut world.key().protected else {
                    panic!()
                };
                protected
                    .warnings
                    .push("INSUFFICIENT_PERMISSIONS_PARTIAL_DATA".into());
            }),
            "INSUFFICIENT_PERMISSIONS",
        ),
        (
            CheckId::V25,
            change(|world| world.project().changes = Observed::Present(vec![])),
            "it may have changed nothing",
        ),
        (
            CheckId::V26,
            change(|world| world.grants().audit.clear()),
            "not all are",
        ),
        (
            CheckId::V35,
            change(|world| world.grants().bindings[0].conditional = true),
            "nobody certainly may",
        ),
        (
            CheckId::V22,
            change(|world| {
                let open = Observed::Present(Constraint::Open("depends on a condition".into()));
                world.project().constraints.insert(CONSTRAINTS[0].into(), open);
            }),
            "depends on a condition",
        ),
    ] {
        let (verdict, reason, _) = finding(id, &change);
        assert_eq!(verdict, "UNKNOWN", "{id}: {reason}");
        assert!(reason.contains(words), "{id}: {reason}");
    }
}

#[test]
fn a_deny_policy_outweighs_a_grant() {
    let mut world = World::good();
    let only_destroys = BTreeSet::from([permission::DESTROY.to_owned()]);
    world
        .seen
        .roles
        .0
        .insert("roles/x".into(), Observed::Present(only_destroys));
    world.grants().bindings.push(binding("roles/x", &[WORKER]));
    assert_eq!(world.of(CheckId::V21)[0].verdict, Verdict::Pass);
    let place = Place::Organization("7".into());
    world.project().denies.insert(place, Observed::Present(vec![]));
    assert_eq!(world.of(CheckId::V21)[0].verdict.id(), "FAIL");
}

#[test]
fn clocks_that_disagree_and_entries_on_their_way_are_no_strangers() {
    let mut world = World::good();
    world.own = world.own.map(|mut own| {
        own[0].at = at("2026-01-01T10:59:00Z");
        own.push(
            OwnChange::of(
                "key disable",
                &format!("gcp-kms://{KEY}/cryptoKeyVersions/1"),
                at("2026-01-01T23:55:00Z"),
            )
            .unwrap(),
        );
        own
    });
    assert_eq!(world.of(CheckId::V25)[0].verdict, Verdict::Pass);
    world.project().changes = world.project().changes.clone().map(|mut events| {
        let mut refused = event("DestroyCryptoKeyVersion", "2026-01-01T10:00:00Z");
        refused.failed = true;
        let mut other = event("DestroyCryptoKeyVersion", "2026-01-01T10:00:00Z");
        other.resource = other.resource.replace("cryptoKeys/k/", "cryptoKeys/k2/");
        events.extend([refused, other]);
        events
    });
    assert_eq!(world.of(CheckId::V25)[0].verdict, Verdict::Pass);
}
