//! What is there against what the lock proved.

use super::*;

#[test]
fn only_a_key_that_no_file_may_need_is_offered_to_be_made_when_the_lock_does_not_have_it() {
    let next = |change: fn(&mut Case)| {
        let checks = after(|case| {
            case.recorded = None;
            change(case);
        });
        find(&checks, CheckId::V04).next.clone().unwrap()
    };
    let unneeded = |case: &mut Case| case.uses = Uses::default();
    assert_eq!(next(unneeded), "keyward key create app");
    assert_eq!(next(|_| {}), "git log -p -- keyward.lock");
    let unread = |case: &mut Case| {
        case.uses = Uses::default();
        case.unread.add("secrets/b.kw (permission denied)");
    };
    assert_eq!(next(unread), "git log -p -- keyward.lock");
    let lost = after(|case| case.recorded = None);
    assert!(reason(&lost, CheckId::V04).ends_with("needed by secrets/a.kw"));
}

#[test]
fn a_declared_rotation_that_happened_agrees_with_the_lock() {
    let rotate = |case: &mut Case| {
        case.live().push(version(3, VersionState::Enabled));
        case.live_key().primary = Some(3);
        case.seen.canary = Canary::Opened(key().version(3));
    };
    assert_eq!(faults(&after(rotate)), [""; 0]);
    let undeclared = after(|case| {
        rotate(case);
        case.expected.rotation = None;
        case.live_key().rotation = None;
    });
    assert_eq!(faults(&undeclared), ["V10 FAIL"]);
    assert_eq!(
        reason(&undeclared, CheckId::V10),
        "the rotation period was 90d and is none; version 3, ENABLED, is not in the lock; the primary is 3 and was 2"
    );
    // Soon after the change another enabled version may still answer.
    let early = after(|case| {
        rotate(case);
        case.seen.canary = Canary::Opened(key().version(2));
    });
    assert_eq!(faults(&early), ["V18 UNKNOWN"]);
}

#[test]
fn more_than_the_rotations_that_were_due_is_found() {
    let with = |versions: &[(u64, VersionState)], proven: Duration| {
        after(|case| {
            let more = versions.iter().map(|(number, state)| version(*number, *state));
            case.live().extend(more);
            case.now = later(start(), proven + 400 * DAY);
            case.record().proven_at = later(start(), 400 * DAY);
            case.live_key().rotation = Some(RotationSchedule::new(90 * DAY, case.now).unwrap());
        })
    };
    let (on, off) = (VersionState::Enabled, VersionState::Disabled);
    assert_eq!(faults(&with(&[(3, on)], DAY)), [""; 0]);
    assert_eq!(faults(&with(&[(3, on), (4, on)], 91 * DAY)), [""; 0]);
    for (versions, found) in [
        (&[(3, on), (4, on)][..], "version 4, ENABLED"),
        (&[(4, on)], "version 4, ENABLED"),
        (&[(3, off)], "version 3, DISABLED"),
    ] {
        let checks = with(versions, DAY);
        assert_eq!(
            reason(&checks, CheckId::V10),
            format!("{found}, is not in the lock, and no rotation that was due made it")
        );
    }
}

#[test]
fn a_changed_schedule_is_told_with_both_values() {
    let checks = after(|case| {
        case.record().rotation = Some(30 * DAY);
        case.record().destroy_window = 60 * DAY;
    });
    assert_eq!(
        reason(&checks, CheckId::V10),
        "the rotation period was 30d and is 90d; the destroy window was 60d and is 30d"
    );
}

#[test]
fn a_changed_location_is_a_move() {
    let there: KeyRef = NAME.replace("europe-west1", "us-central1").parse().unwrap();
    let lock = Lock {
        keys: [(key(), recorded()), (there, recorded())].into(),
        ..Lock::default()
    };
    let two = MANIFEST.replace("[europe-west1]", "[europe-west1, us-central1]");
    let judge = |manifest: &str| judge_lock(&Manifest::parse(manifest, "m").unwrap(), LockState::Read(&lock));
    assert_eq!(faults(&judge(&two)), [""; 0]);
    let why = |manifest: &str| {
        let checks = judge(manifest);
        assert_eq!(
            (faults(&checks), checks[1].resource.as_str()),
            (vec!["V04 FAIL".to_owned()], NAME)
        );
        checks[1].verdict.reason().unwrap().to_owned()
    };
    let moved = why(&two.replace("europe-west1", "global"));
    assert!(
        moved.contains("in global now: a changed location is a move"),
        "{moved}"
    );
    let out = why(&two.replace("europe-west1, ", ""));
    assert!(out.contains("taken this location out"), "{out}");
    let all = judge(&two.replace("key: app", "key: other"));
    assert_eq!(faults(&all), ["V04 FAIL", "V04 FAIL"]);
    assert!(
        all[1]
            .verdict
            .reason()
            .unwrap()
            .contains("does not declare it any more")
    );
}

#[test]
fn a_lock_that_cannot_be_read_is_a_finding() {
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    for (lock, fault) in [
        (LockState::Missing, "V04 FAIL"),
        (LockState::Damaged("keyward.lock:3:1: unknown key"), "V04 FAIL"),
        (LockState::Unreadable("permission denied"), "V04 UNKNOWN"),
    ] {
        assert_eq!(faults(&judge_lock(&manifest, lock)), [fault]);
        assert_eq!(lock.about(&key(), &manifest), Recorded::NoLock);
    }
    let without = after(|case| (case.recorded, case.no_lock) = (None, true));
    assert_eq!(
        faults(&without),
        ["V04 NOT APPLICABLE", "V10 NOT APPLICABLE"],
        "one failure is enough"
    );
}

#[test]
fn a_changed_project_is_another_key_and_no_move() {
    let manifest = |project: &str| {
        let text = MANIFEST.replace(
            "provider: embedded",
            &format!("provider: gcp, project: {project}"),
        );
        Manifest::parse(&text, "m").unwrap()
    };
    let before = manifest("project-before").keyring("app").unwrap().keys().to_vec();
    let lock = Lock {
        keys: before.into_iter().map(|key| (key, recorded())).collect(),
        ..Lock::default()
    };
    let checks = judge_lock(&manifest("project-after"), LockState::Read(&lock));
    let why = checks[1].verdict.reason().unwrap();
    assert!(
        why.contains("in the project project-after now, and the lock in project-before"),
        "{why}"
    );
    assert!(!why.contains("move"), "{why}");
}

/// A manifest whose keyring `app` is in `project` and `locations`, and `more` keyrings.
fn in_cloud(project: &str, locations: &str, more: &str) -> Manifest {
    let text = format!(
        "version: 1\nenvironments: {{prod: {{}}}}\nkeyrings:\n  app: {{env: prod, provider: gcp, project: {project}, \
         locations: [{locations}], ring: r, key: app, rotation: 90d, destroy_after: 30d}}\n{more}"
    );
    Manifest::parse(&text, "m").unwrap()
}

#[test]
fn a_key_that_the_lock_has_elsewhere_is_found_there_unless_it_is_declared_too() {
    let before = in_cloud("project-before", "europe-west1, us-central1", "");
    let keys = before.keyring("app").unwrap().keys();
    let lock = Lock {
        keys: keys.iter().map(|key| (key.clone(), recorded())).collect(),
        ..Lock::default()
    };
    let about = |manifest: &Manifest, number: usize| {
        let key = &manifest.keyring("app").unwrap().keys()[number];
        match LockState::Read(&lock).about(key, manifest) {
            Recorded::Elsewhere(old) => Some(old.clone()),
            Recorded::Never => None,
            other => panic!("{other:?}"),
        }
    };
    let moved = in_cloud("project-after", "us-central1, europe-west1", "");
    assert_eq!(about(&moved, 0).as_ref(), Some(&keys[1]), "a project changed");
    let moved = in_cloud("project-before", "us-central1, global", "");
    assert_eq!(about(&moved, 1).as_ref(), Some(&keys[0]), "a location changed");
    let more = in_cloud("project-before", "europe-west1, us-central1, global", "");
    assert_eq!(about(&more, 2), None, "one location more");
    let second = "  old: {env: prod, provider: gcp, project: project-before, locations: [europe-west1, us-central1], \
                  ring: r, key: app, rotation: 90d, destroy_after: 30d}\n";
    let both = in_cloud("project-after", "europe-west1", second);
    assert_eq!(about(&both, 0), None, "the old ones are declared too");
}

#[test]
fn a_key_that_the_lock_has_elsewhere_is_not_offered_to_be_made() {
    let old: KeyRef = NAME.replace("europe-west1", "us-central1").parse().unwrap();
    let checks = after(|case| {
        (case.recorded, case.elsewhere) = (None, Some(old));
        case.uses = Uses::default();
        case.seen.ring = Observed::Absent;
        case.seen.key = Observed::Absent;
        case.seen.versions = Observed::Absent;
        case.seen.canary = Canary::Off("the key is missing".into());
    });
    for id in [CheckId::V01, CheckId::V02, CheckId::V04] {
        assert_eq!(
            find(&checks, id).next.as_deref(),
            Some("git log -p -- keyward.yaml"),
            "{id}"
        );
    }
    assert_eq!(
        reason(&checks, CheckId::V02),
        "missing, and the lock has it in us-central1; no file here needs it"
    );
    assert!(reason(&checks, CheckId::V04).contains("has it in us-central1"));
}
