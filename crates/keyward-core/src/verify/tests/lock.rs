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
    let missing = |case: &mut Case| {
        case.uses = Uses::default();
        case.seen.key = Observed::Absent;
    };
    assert_eq!(next(missing), "keyward key create app");
    assert_eq!(next(unneeded), format!("keyward key adopt {NAME}"));
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
fn a_rotation_that_was_due_is_not_in_the_lock_until_it_is_adopted() {
    let rotate = |case: &mut Case| {
        case.live().push(version(3, VersionState::Enabled));
        case.live_key().primary = Some(3);
        case.seen.canary = Canary::Opened(key().version(3));
    };
    let due = after(rotate);
    assert_eq!(faults(&due), ["V10 FAIL"]);
    assert_eq!(
        reason(&due, CheckId::V10),
        "version 3, ENABLED, is not in the lock: a rotation that was due made it; the primary is 3 and was 2"
    );
    let adopt = format!("keyward key adopt {NAME}");
    assert_eq!(find(&due, CheckId::V10).next, Some(adopt));
    let undeclared = after(|case| {
        rotate(case);
        case.expected.rotation = None;
        case.live_key().rotation = None;
    });
    assert_eq!(
        reason(&undeclared, CheckId::V10),
        "the rotation period was 90d and is none; version 3, ENABLED, is not in the lock; the primary is 3 and was 2"
    );
    // Soon after the change another enabled version may still answer.
    let early = after(|case| {
        rotate(case);
        case.seen.canary = Canary::Opened(key().version(2));
    });
    assert_eq!(faults(&early), ["V10 FAIL", "V18 UNKNOWN"]);
}

#[test]
fn a_version_that_no_rotation_made_is_told_from_one_that_was_due() {
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
    for (versions, proven, count) in [
        (&[(3, on)][..], DAY, 0),
        (&[(3, on), (4, on)], 91 * DAY, 0),
        (&[(3, on), (4, on)], DAY, 1),
        (&[(4, on)], DAY, 1),
        (&[(3, off)], DAY, 1),
    ] {
        let checks = with(versions, proven);
        let why = reason(&checks, CheckId::V10);
        assert_eq!(
            why.matches("no rotation that was due made it").count(),
            count,
            "{why}"
        );
        assert_eq!(why.matches("is not in the lock").count(), versions.len(), "{why}");
    }
}

#[test]
fn what_is_gone_or_another_is_not_offered_to_be_adopted() {
    let another = after(|case| case.live_key().created = later(start(), DAY));
    let fewer = after(|case| {
        case.live().remove(0);
    });
    for checks in [another, fewer] {
        assert_eq!(faults(&checks), ["V10 FAIL"]);
        assert_eq!(
            find(&checks, CheckId::V10).next.as_deref(),
            Some("git log -p -- keyward.lock")
        );
    }
}

#[test]
fn a_changed_schedule_is_told_with_both_values() {
    let checks = after(|case| {
        case.record().rotation = Some(30 * DAY);
        case.record().destroy_window = 60 * DAY;
        case.record().protection = Some("HSM".into());
    });
    assert_eq!(
        reason(&checks, CheckId::V10),
        "the protection level was HSM and is SOFTWARE; the rotation period was 30d and is 90d; the destroy window was 60d \
         and is 30d"
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
    let one = format!(
        "{two}  more: {{env: demo, provider: embedded, locations: [us-central1], ring: r, key: k}}\n"
    );
    let lock = Lock {
        keys: [(key(), recorded()), (key_of("us-central1", "r", "k"), recorded())].into(),
        ..Lock::default()
    };
    let manifest = Manifest::parse(&one.replace("key: app", "key: other"), "m").unwrap();
    let gone = judge_lock(&manifest, LockState::Read(&lock));
    assert_eq!(faults(&gone), ["V04 FAIL"]);
    let why = gone[1].verdict.reason().unwrap();
    assert!(why.contains("does not declare it any more"), "{why}");
}

fn key_of(location: &str, ring: &str, key: &str) -> KeyRef {
    format!("embedded-kms://projects/local/locations/{location}/keyRings/{ring}/cryptoKeys/{key}")
        .parse()
        .unwrap()
}

#[test]
fn the_lock_of_another_manifest_is_told_once() {
    let lock = Lock {
        keys: [
            (key_of("europe-west1", "theirs", "a"), recorded()),
            (key_of("europe-west1", "theirs", "b"), recorded()),
        ]
        .into(),
        ..Lock::default()
    };
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    let checks = judge_lock(&manifest, LockState::Read(&lock));
    assert_eq!((faults(&checks), checks.len()), (vec!["V04 FAIL".to_owned()], 1));
    let why = checks[0].verdict.reason().unwrap();
    assert!(
        why.starts_with("none of its 2 keys is of a keyring here"),
        "{why}"
    );
    assert_eq!(checks[0].next.as_deref(), Some("git log -p -- keyward.lock"));
}

#[test]
fn an_edited_entry_and_one_of_an_older_release_are_found_and_can_be_proven_anew() {
    let adopt = format!("keyward key adopt {NAME}");
    let edited = after(|case| case.record().mark = Mark::Edited("0123456789abcdef".into()));
    assert_eq!(faults(&edited), ["V04 FAIL"]);
    assert!(reason(&edited, CheckId::V04).contains("edited by hand"));
    assert_eq!(find(&edited, CheckId::V04).next.as_deref(), Some(adopt.as_str()));
    let older = after(|case| {
        case.record().mark = Mark::Missing;
        case.record().protection = None;
    });
    assert_eq!(faults(&older), ["V10 FAIL"]);
    assert!(reason(&older, CheckId::V10).contains("of an older form"));
    assert_eq!(find(&older, CheckId::V10).next.as_deref(), Some(adopt.as_str()));
}

#[test]
fn a_lock_that_cannot_be_read_is_a_finding() {
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    for (lock, fault) in [
        (LockState::Missing, "V04 FAIL"),
        (LockState::Damaged("keyward.lock:3:1: unknown key"), "V04 FAIL"),
        (
            LockState::Conflicted("keyward.lock:3:1: git left a merge conflict here"),
            "V04 FAIL",
        ),
        (LockState::Unreadable("permission denied"), "V04 UNKNOWN"),
    ] {
        assert_eq!(faults(&judge_lock(&manifest, lock)), [fault]);
        assert_eq!(lock.about(&key(), &manifest), Recorded::NoLock);
    }
    let without = after(|case| (case.recorded, case.no_lock) = (None, true));
    assert_eq!(
        faults(&without),
        ["V04 NOT APPLICABLE", "V10 NOT APPLICABLE", "V17 NOT APPLICABLE"],
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
