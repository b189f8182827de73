//! What lists and canaries show: keys in other places, versions that are stuck, rotations that did not happen, proofs that
//! hold no more, policies that deny.

use super::*;
use crate::location::Location;

fn key_in(location: &str) -> KeyRef {
    NAME.replace("europe-west1", location).parse().unwrap()
}

fn census(census: &Census, lock: LockState<'_>) -> Check {
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    judge_census(&manifest, manifest.keyring("app").unwrap(), census, lock)
}

fn counted(found: &[KeyRef], unseen: &[&str]) -> Census {
    let unseen = unseen.iter().map(|name| {
        let location = Location::parse(name).unwrap();
        (location, "PERMISSION_DENIED".to_owned())
    });
    Census::Counted {
        found: found.to_vec(),
        unseen: unseen.collect(),
    }
}

#[test]
fn a_key_of_the_same_name_in_a_place_that_nobody_knows_is_found() {
    let here = census(&counted(&[key()], &[]), LockState::Missing);
    assert_eq!(here.verdict, Verdict::Pass);
    let stray = counted(&[key(), key_in("global"), key_in("us")], &["eur4"]);
    let check = census(&stray, LockState::Missing);
    assert_eq!(faults(std::slice::from_ref(&check)), ["V05 FAIL"]);
    assert!(
        check
            .verdict
            .reason()
            .unwrap()
            .starts_with("global, us too has a key")
    );
    let show = format!("keyward key show {}", key_in("global"));
    assert_eq!(check.next, Some(show));
    let lock = Lock {
        keys: [(key_in("global"), recorded())].into(),
        ..Lock::default()
    };
    let known = counted(&[key(), key_in("global")], &[]);
    assert_eq!(
        census(&known, LockState::Read(&lock)).verdict,
        Verdict::Pass,
        "the lock knows it"
    );
}

#[test]
fn a_location_that_cannot_be_looked_into_leaves_the_census_open() {
    for unknown in [
        counted(&[key()], &["eur4", "us", "asia", "nam3"]),
        Census::Unknown("PERMISSION_DENIED".into()),
    ] {
        let check = census(&unknown, LockState::Missing);
        assert_eq!(faults(std::slice::from_ref(&check)), ["V05 UNKNOWN"]);
        assert!(check.id.is_gate() && check.verdict.reason().unwrap().contains("PERMISSION_DENIED"));
    }
    let many = census(&counted(&[], &["eur4", "us", "asia", "nam3"]), LockState::Missing);
    assert!(
        many.verdict
            .reason()
            .unwrap()
            .starts_with("eur4, us, asia and 1 more could not")
    );
}

#[test]
fn a_version_in_the_making_for_hours_is_stuck_and_an_unknown_state_is_unknown() {
    let with = |state, age| {
        after(move |case| {
            let mut version = version(3, state);
            version.created = later(case.now, Duration::ZERO);
            case.now = later(case.now, age);
            case.live().push(version);
        })
    };
    let hour = Duration::from_secs(3600);
    let pending = VersionState::PendingGeneration;
    assert_eq!(faults(&with(pending, hour)), ["V10 FAIL"]);
    assert_eq!(faults(&with(pending, 2 * hour)), ["V10 FAIL", "V11 FAIL"]);
    assert_eq!(
        faults(&with(VersionState::Other, hour)),
        ["V10 FAIL", "V11 UNKNOWN"]
    );
    assert!(!CheckId::V11.is_gate() && !CheckId::V14.is_gate());
}

#[test]
fn a_primary_older_than_a_period_was_not_rotated() {
    let next = |case: &mut Case, now| {
        case.now = later(start(), now);
        case.live_key().rotation = Some(RotationSchedule::new(90 * DAY, later(case.now, DAY)).unwrap());
    };
    assert_eq!(faults(&after(|case| next(case, 90 * DAY))), [""; 0]);
    let late = after(|case| next(case, 91 * DAY));
    assert_eq!(faults(&late), ["V14 FAIL"]);
    assert_eq!(
        reason(&late, CheckId::V14),
        "the primary, version 2, was made at 2026-11-25T08:00:00Z, more than 90d ago: it was not rotated since"
    );
    let undeclared = after(|case| {
        next(case, 91 * DAY);
        case.expected.rotation = None;
    });
    assert_eq!(faults(&undeclared), ["V13 FAIL"]);
    let unseen = after(|case| case.seen.versions = Observed::Unknown("late".into()));
    assert_eq!(find(&unseen, CheckId::V14).verdict.id(), "UNKNOWN");
}

#[test]
fn the_canaries_of_the_lock_have_to_open_for_the_primary_and_for_what_files_need() {
    let tried = |canaries: &[(u64, Canary)]| Kept::Tried(canaries.iter().cloned().collect());
    let opened = |number| (number, Canary::Opened(key().version(number)));
    let two_needed = |case: &mut Case| {
        case.set(1, VersionState::Enabled);
        case.record().versions.get_mut(&1).unwrap().state = "ENABLED".into();
        case.uses.add(Some(1), "b");
    };
    let with = |kept: Kept| {
        after(move |case| {
            two_needed(case);
            case.seen.kept = kept;
        })
    };
    assert_eq!(faults(&with(tried(&[opened(1), opened(2)]))), [""; 0]);
    let failed = with(tried(&[
        opened(2),
        (1, Canary::Failed("Decryption failed".into())),
    ]));
    assert_eq!(faults(&failed), ["V17 FAIL"]);
    assert_eq!(
        reason(&failed, CheckId::V17),
        "that of version 1 does not open: Decryption failed"
    );
    let late = with(tried(&[opened(1), (2, Canary::Unknown("late".into()))]));
    assert_eq!(faults(&late), ["V17 UNKNOWN"]);
    let lacking = with(tried(&[opened(2)]));
    assert_eq!(faults(&lacking), ["V17 UNKNOWN"]);
    assert_eq!(
        find(&lacking, CheckId::V17).next,
        Some(format!("keyward key adopt {NAME}"))
    );
    assert_eq!(
        faults(&with(Kept::Off("canaries are off".into()))),
        ["V17 NOT APPLICABLE"]
    );
    assert_eq!(
        faults(&with(Kept::Unknown("not attested".into()))),
        ["V17 UNKNOWN"]
    );
    let unneeded = after(|case| {
        two_needed(case);
        case.uses = Uses::default();
    });
    assert_eq!(faults(&unneeded), [""; 0], "nothing needs version 1");
}

#[test]
fn a_policy_that_allows_no_reason_denies_every_use() {
    let with = |reasons: Option<&[&str]>| {
        let reasons = reasons.map(|all| all.iter().map(|&reason| reason.to_owned()).collect());
        after(move |case| case.live_key().access_reasons = reasons)
    };
    assert_eq!(faults(&with(Some(&["CUSTOMER_INITIATED_ACCESS"]))), [""; 0]);
    assert_eq!(faults(&with(Some(&[]))), ["V31 FAIL"]);
    let unseen = after(|case| case.seen.key = Observed::Unknown("late".into()));
    assert_eq!(find(&unseen, CheckId::V31).verdict.id(), "UNKNOWN");
}
