//! Each check passes, fails with its next step, and is unknown with what it takes.

use super::*;

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
fn each_check_fails_with_a_reason_and_a_next_step() {
    let admin = |world: &mut World, member: &str| {
        world
            .grants()
            .bindings
            .push(binding("roles/cloudkms.admin", &[member]));
    };
    let cases: Vec<(CheckId, Change, &str, &str)> = vec![
        (
            CheckId::V21,
            change(move |world| admin(world, WORKER)),
            "ci@p-1.iam.gserviceaccount.com may end it, by roles/cloudkms.admin on projects/p-1",
            "gcloud projects remove-iam-policy-binding p-1 --member serviceAccount:ci@",
        ),
        (
            CheckId::V21,
            change(|world| world.key().policy = policy(vec![binding("roles/owner", &["allUsers"])])),
            "allUsers may end it",
            "gcloud kms keys remove-iam-policy-binding k --keyring r --location europe-west1 --project p-1",
        ),
        (
            CheckId::V22,
            change(|world| {
                let value = Constraint::Values(Allowed::Only(vec!["in:7d".into()]));
                world
                    .project()
                    .constraints
                    .insert(CONSTRAINTS[0].into(), Observed::Present(value));
            }),
            "is 7d, and 30d is declared",
            "keyward harden",
        ),
        (
            CheckId::V22,
            change(|world| {
                let value = Observed::Present(Constraint::Enforced(false));
                world.project().constraints.insert(CONSTRAINTS[1].into(), value);
            }),
            "not enforced",
            "keyward harden",
        ),
        (
            CheckId::V22,
            change(|world| {
                let value = Constraint::Values(Allowed::Only(vec!["is:HSM".into()]));
                world
                    .project()
                    .constraints
                    .insert(CONSTRAINTS[2].into(), Observed::Present(value));
            }),
            "does not allow SOFTWARE",
            "keyward harden",
        ),
        (
            CheckId::V24,
            change(|world| world.grants().audit.clear()),
            "are off",
            "keyward harden",
        ),
        (
            CheckId::V24,
            change(|world| {
                world.grants().audit[0]
                    .exempted
                    .push("user:eve@example.com".into())
            }),
            "user:eve@example.com are exempted",
            "keyward harden",
        ),
        (
            CheckId::V25,
            change(|world| {
                let strange = event("DestroyCryptoKeyVersion", "2026-01-01T10:00:00Z");
                world.project().changes = Observed::Present(vec![
                    strange,
                    event("RestoreCryptoKeyVersion", "2026-01-01T12:00:00Z"),
                ]);
            }),
            "DestroyCryptoKeyVersion on projects/p-1/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1 by \
             ann@example.com",
            "keyward key restore gcp-kms://projects/p-1/",
        ),
        (
            CheckId::V25,
            change(|world| {
                let version = format!("gcp-kms://{KEY}/cryptoKeyVersions/1");
                let disabled = OwnChange::of("key disable", &version, at("2026-01-01T12:00:00Z"));
                world.own = Observed::Present(disabled.into_iter().collect());
                world.project().changes = Observed::Present(vec![]);
            }),
            "our log has UpdateCryptoKeyVersion",
            "keyward audit show",
        ),
        (
            CheckId::V26,
            change(|world| {
                world.project().failed_uses = Observed::Present(vec![FailedUse {
                    at: at("2026-01-01T10:00:00Z"),
                    method: "Decrypt".into(),
                    resource: KEY.into(),
                    principal: None,
                    code: 9,
                    message: "is not enabled".into(),
                }]);
            }),
            "Decrypt with projects/p-1",
            "keyward key show gcp-kms://projects/p-1/",
        ),
        (
            CheckId::V27,
            change(|world| {
                let scheduled = version(VersionState::DestroyScheduled);
                world.key().versions = Observed::Present(vec![scheduled]);
            }),
            "//storage.googleapis.com/archive",
            "keyward key restore gcp-kms://projects/p-1/",
        ),
        (
            CheckId::V28,
            change(|world| {
                world.place().log_buckets = place().log_buckets.map(|mut buckets| {
                    buckets[0].key = Some(KEY.replace("europe-west1", "global"));
                    buckets
                });
            }),
            "locations/global/keyRings/r/cryptoKeys/k, which the manifest does not have",
            "gcloud logging buckets update logs --location europe-west1 --project p-1 --cmek-kms-key-name projects/p-1/",
        ),
        (
            CheckId::V28,
            change(|world| {
                world.place().buckets = place().buckets.map(|mut buckets| {
                    buckets[0].location = "EU".into();
                    buckets
                });
            }),
            "a key in europe-west1 cannot be used",
            "",
        ),
        (
            CheckId::V34,
            change(|world| {
                world.project().project = project().project.map(|mut project| {
                    project.state = Lifecycle::DeleteRequested;
                    project
                });
            }),
            "it is shut down",
            "gcloud projects undelete p-1",
        ),
        (
            CheckId::V34,
            change(|world| world.project().liens = Observed::Present(vec![])),
            "no lien",
            "keyward harden",
        ),
        (
            CheckId::V34,
            change(|world| {
                world.project().billing = Observed::Present(Billing {
                    account: None,
                    enabled: false,
                });
            }),
            "nobody pays",
            "gcloud billing projects link p-1",
        ),
        (
            CheckId::V34,
            change(|world| world.project().service = Observed::Present(false)),
            "not enabled in it",
            "gcloud services enable cloudkms.googleapis.com --project p-1",
        ),
        (
            CheckId::V35,
            change(|world| drop(world.grants().bindings[0].members.pop())),
            "one identity may restore and enable",
            "keyward harden",
        ),
        (
            CheckId::V36,
            change(|world| {
                let place = Place::Organization("7".into());
                world.project().denies.insert(place, Observed::Present(vec![]));
            }),
            "no policy denies",
            "keyward harden",
        ),
        (
            CheckId::V36,
            change(|world| {
                let place = Place::Organization("7".into());
                let Some(Observed::Present(policies)) = world.project().denies.get_mut(&place) else {
                    panic!()
                };
                policies[0].rules[0].excepted_principals.push(
                    "principal://iam.googleapis.com/projects/-/serviceAccounts/ci@p-1.iam.gserviceaccount.com".into(),
                );
            }),
            "is excepted",
            "keyward harden",
        ),
    ];
    for (id, change, words, next) in &cases {
        let (verdict, reason, found) = finding(*id, change);
        assert_eq!(verdict, "FAIL", "{id}: {reason}");
        assert!(reason.contains(words), "{id}: {reason}");
        assert!(found.starts_with(next), "{id}: {found}");
    }
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
