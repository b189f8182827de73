//! Each check fails for its own reason, and unknown is never taken for fine.

mod live;
mod lock;

use std::time::Duration;

use super::*;
use crate::clock::{Timestamp, later};
use crate::key::{
    Algorithm, CryptoKey, DestroyWindow, KeyRing, KeyVersion, ProtectionLevel, Purpose, RotationSchedule,
    VersionState,
};
use crate::kms::Observed;
use crate::manifest::{LockedKey, LockedVersion, Mark};

const NAME: &str = "embedded-kms://projects/local/locations/europe-west1/keyRings/secrets/cryptoKeys/app";
const DAY: Duration = Duration::from_secs(86_400);

fn start() -> Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

fn key() -> KeyRef {
    NAME.parse().unwrap()
}

/// A key with an enabled primary 2 and a disabled, unneeded version 1, as declared and as recorded; one file needs 2.
struct Case {
    expected: Expected,
    recorded: Option<LockedKey>,
    no_lock: bool,
    elsewhere: Option<KeyRef>,
    seen: Seen,
    uses: Uses,
    unread: Files,
    now: Timestamp,
}

impl Case {
    fn new() -> Self {
        let mut uses = Uses::default();
        uses.add(Some(2), "secrets/a.kw");
        Self {
            expected: Expected {
                keyring: "app".into(),
                key: key(),
                protection: None,
                rotation: Some(90 * DAY),
                destroy_window: 30 * DAY,
            },
            recorded: Some(recorded()),
            no_lock: false,
            elsewhere: None,
            seen: seen(),
            uses,
            unread: Files::default(),
            now: later(start(), DAY),
        }
    }

    fn judge(&self) -> Vec<Check> {
        let recorded = match &self.recorded {
            Some(key) => Recorded::Proven(key),
            None if self.no_lock => Recorded::NoLock,
            None => self
                .elsewhere
                .as_ref()
                .map_or(Recorded::Never, Recorded::Elsewhere),
        };
        judge(Evidence {
            expected: &self.expected,
            recorded,
            seen: &self.seen,
            uses: &self.uses,
            unread: &self.unread,
            now: self.now,
        })
    }

    fn live_key(&mut self) -> &mut CryptoKey {
        match &mut self.seen.key {
            Observed::Present(key) => key,
            _ => panic!("the case has a key"),
        }
    }

    fn live(&mut self) -> &mut Vec<KeyVersion> {
        match &mut self.seen.versions {
            Observed::Present(versions) => versions,
            _ => panic!("the case has versions"),
        }
    }

    fn record(&mut self) -> &mut LockedKey {
        self.recorded.as_mut().expect("the case has a record")
    }

    fn set(&mut self, number: usize, state: VersionState) {
        let end = later(self.now, Duration::from_secs(3600 * 5 + 60 * 7));
        let version = &mut self.live()[number - 1];
        version.state = state;
        version.destroy_at = (state == VersionState::DestroyScheduled).then_some(end);
    }
}

fn version(number: u64, state: VersionState) -> KeyVersion {
    let name = key().name.version(number);
    KeyVersion {
        name,
        state,
        algorithm: Algorithm::default(),
        protection: ProtectionLevel::default(),
        created: start(),
        destroy_at: None,
        destroyed_at: None,
    }
}

fn seen() -> Seen {
    Seen {
        ring: Observed::Present(KeyRing {
            name: key().name.ring().clone(),
            created: start(),
        }),
        key: Observed::Present(CryptoKey {
            name: key().name,
            purpose: Purpose::EncryptDecrypt,
            algorithm: Algorithm::default(),
            protection: ProtectionLevel::default(),
            created: start(),
            rotation: Some(RotationSchedule::new(90 * DAY, later(start(), 90 * DAY)).unwrap()),
            destroy_window: DestroyWindow::default(),
            primary: Some(2),
            labels: [].into(),
            access_reasons: None,
        }),
        versions: Observed::Present(vec![
            version(1, VersionState::Disabled),
            version(2, VersionState::Enabled),
        ]),
        canary: Canary::Opened(key().version(2)),
        kept: Kept::Tried([(2, Canary::Opened(key().version(2)))].into()),
    }
}

fn recorded() -> LockedKey {
    let version = |state: &str| LockedVersion {
        state: state.into(),
        created: start(),
        proven: None,
        canary: None,
    };
    LockedKey {
        created: start(),
        protection: Some("SOFTWARE".into()),
        rotation: Some(90 * DAY),
        next_rotation: Some(later(start(), 90 * DAY)),
        destroy_window: 30 * DAY,
        primary: Some(2),
        versions: [(1, version("DISABLED")), (2, version("ENABLED"))].into(),
        proven_at: start(),
        proven_by: "key create".into(),
        mark: Mark::Whole,
    }
}

/// The checks that did not pass, as `V07 FAIL`.
fn faults(checks: &[Check]) -> Vec<String> {
    let bad = checks.iter().filter(|check| check.verdict != Verdict::Pass);
    bad.map(|check| format!("{} {}", check.id, check.verdict.id()))
        .collect()
}

fn report(checks: Vec<Check>) -> Report {
    Report {
        at: start(),
        checks,
        events: Vec::new(),
        notes: Vec::new(),
    }
}

fn after(change: impl FnOnce(&mut Case)) -> Vec<Check> {
    let mut case = Case::new();
    change(&mut case);
    case.judge()
}

fn find(checks: &[Check], id: CheckId) -> &Check {
    checks.iter().find(|check| check.id == id).unwrap()
}

fn reason(checks: &[Check], id: CheckId) -> &str {
    find(checks, id).verdict.reason().unwrap()
}

#[test]
fn what_is_demanded_is_what_the_manifest_declares() {
    let manifest = "version: 1\nenvironments: {p: {}}\nkeyrings: {app: {env: p, provider: gcp, project: p, locations: [us], \
                    ring: r, key: k, rotation: 30d, destroy_after: 7d, protection: hsm}}\n";
    let manifest = Manifest::parse(manifest, "m").unwrap();
    let demanded: Vec<_> = manifest.keyrings().flat_map(Expected::of).collect();
    let wanted = Expected {
        keyring: "app".into(),
        key: "gcp-kms://projects/p/locations/us/keyRings/r/cryptoKeys/k"
            .parse()
            .unwrap(),
        protection: Some(ProtectionLevel::Hsm),
        rotation: Some(30 * DAY),
        destroy_window: 7 * DAY,
    };
    assert_eq!(demanded, [wanted]);
}

#[test]
fn a_key_as_it_should_be_passes_every_check() {
    let checks = after(|_| {});
    assert_eq!(faults(&checks), [""; 0]);
    let mut ids: Vec<_> = checks.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), 16);
    ids.dedup();
    assert!(ids.is_sorted() && ids.len() == 16);
    assert!(checks.iter().all(|check| check.next.is_none()));
    assert_eq!(report(checks).exit_code(true), 0);
}

/// What is changed, how, and what is found.
type Fault = (&'static str, fn(&mut Case), &'static [&'static str]);

const FAULTS: &[Fault] = &[
    (
        "the primary is disabled",
        |case| case.set(2, VersionState::Disabled),
        &["V06 FAIL", "V09 FAIL", "V10 FAIL"],
    ),
    (
        "the primary is scheduled",
        |case| case.set(2, VersionState::DestroyScheduled),
        &["V06 FAIL", "V07 FAIL", "V10 FAIL"],
    ),
    (
        "the primary is destroyed",
        |case| case.set(2, VersionState::Destroyed),
        &["V06 FAIL", "V08 FAIL", "V10 FAIL"],
    ),
    (
        "no primary",
        |case| case.live_key().primary = None,
        &["V06 FAIL", "V10 FAIL", "V18 UNKNOWN"],
    ),
    (
        "the primary does not exist",
        |case| case.live_key().primary = Some(9),
        &["V06 FAIL", "V10 FAIL", "V18 UNKNOWN"],
    ),
    (
        "an unneeded version is scheduled",
        |case| case.set(1, VersionState::DestroyScheduled),
        &["V07 FAIL", "V10 FAIL"],
    ),
    (
        "a needed version is disabled",
        |case| case.uses.add(Some(1), "b"),
        &["V09 FAIL"],
    ),
    (
        "a wrap that names no version",
        |case| case.uses.add(None, "b"),
        &["V09 FAIL"],
    ),
    (
        "a version that does not exist is needed",
        |case| case.uses.add(Some(7), "b"),
        &["V08 FAIL"],
    ),
    (
        "a file was not read",
        |case| case.unread.add("c: denied"),
        &["V09 UNKNOWN"],
    ),
    (
        "a needed version in a state from the future",
        |case| case.set(2, VersionState::Other),
        &["V06 FAIL", "V09 UNKNOWN", "V10 FAIL", "V11 UNKNOWN"],
    ),
    (
        "a version vanished",
        |case| drop(case.live().remove(0)),
        &["V10 FAIL"],
    ),
    (
        "a version was made anew",
        |case| case.live()[0].created = later(start(), DAY),
        &["V10 FAIL"],
    ),
    (
        "the key was made anew",
        |case| case.live_key().created = later(start(), DAY),
        &["V10 FAIL"],
    ),
    (
        "the primary moved back",
        |case| case.live_key().primary = Some(1),
        &["V06 FAIL", "V10 FAIL", "V18 UNKNOWN"],
    ),
    (
        "not in the lock",
        |case| case.recorded = None,
        &["V04 FAIL", "V10 NOT APPLICABLE", "V17 NOT APPLICABLE"],
    ),
    (
        "a short destroy window",
        |case| case.live_key().destroy_window = DestroyWindow::new(DAY).unwrap(),
        &["V10 FAIL", "V12 FAIL"],
    ),
    (
        "no rotation",
        |case| case.live_key().rotation = None,
        &["V10 FAIL", "V13 FAIL"],
    ),
    (
        "another rotation",
        |case| case.expected.rotation = Some(30 * DAY),
        &["V13 FAIL"],
    ),
    (
        "one rotation, and no more",
        |case| case.live_key().rotation = Some(RotationSchedule::once(later(start(), 90 * DAY))),
        &["V10 FAIL", "V13 FAIL"],
    ),
    (
        "one rotation, and none declared",
        |case| {
            case.expected.rotation = None;
            case.record().rotation = None;
            case.live_key().rotation = Some(RotationSchedule::once(later(start(), 90 * DAY)));
        },
        &["V13 FAIL"],
    ),
    (
        "another purpose",
        |case| case.live_key().purpose = Purpose::Other,
        &["V15 FAIL"],
    ),
    (
        "another algorithm",
        |case| case.live_key().algorithm = Algorithm::Other,
        &["V15 FAIL"],
    ),
    (
        "another protection level",
        |case| case.expected.protection = Some(ProtectionLevel::Hsm),
        &["V15 FAIL"],
    ),
    (
        "rotation undeclared",
        |case| case.expected.rotation = None,
        &["V13 FAIL"],
    ),
    (
        "schedules that are as declared and not as recorded",
        |case| case.record().rotation = None,
        &["V10 FAIL"],
    ),
    (
        "rotation overdue",
        |case| case.now = later(start(), 91 * DAY),
        &["V13 FAIL", "V14 FAIL"],
    ),
    (
        "the canary is refused",
        |case| case.seen.canary = Canary::Failed("no".into()),
        &["V18 FAIL"],
    ),
    (
        "no canary wanted",
        |case| case.seen.canary = Canary::Off("off".into()),
        &["V18 NOT APPLICABLE"],
    ),
    (
        "another version answers",
        |case| case.seen.canary = Canary::Opened(key().version(1)),
        &["V18 FAIL"],
    ),
];

#[test]
fn each_fault_is_found_by_its_check() {
    for (what, change, expected) in FAULTS {
        assert_eq!(faults(&after(change)), *expected, "{what}");
    }
}

#[test]
fn a_key_that_cannot_be_seen_is_unknown_everywhere() {
    let checks = after(|case| case.seen = Seen::unknown("europe-west1.db: permission denied"));
    let undecided: Vec<_> = faults(&checks);
    assert_eq!(undecided.len(), 15, "{undecided:?}");
    assert!(undecided.iter().all(|fault| fault.ends_with("UNKNOWN")));
    assert_eq!(
        find(&checks, CheckId::V04).verdict,
        Verdict::Pass,
        "the lock needs no provider"
    );
    assert_eq!(report(checks).exit_code(false), 3);
}

#[test]
fn a_missing_key_is_one_failure_and_is_not_offered_to_be_made_anew() {
    let missing = |case: &mut Case| {
        case.seen.key = Observed::Absent;
        case.seen.versions = Observed::Absent;
        case.seen.canary = Canary::Off("the key is missing".into());
    };
    let checks = after(missing);
    let failed: Vec<_> = faults(&checks)
        .into_iter()
        .filter(|fault| fault.ends_with("FAIL"))
        .collect();
    assert_eq!(failed, ["V02 FAIL"]);
    let check = find(&checks, CheckId::V02);
    assert_eq!((check.resource.as_str(), &check.next), (NAME, &None));
    assert!(reason(&checks, CheckId::V02).contains("needed by secrets/a.kw"));
    let fresh = after(|case| {
        missing(case);
        (case.recorded, case.uses) = (None, Uses::default());
    });
    assert_eq!(
        find(&fresh, CheckId::V02).next.as_deref(),
        Some("keyward key create app")
    );
    let perhaps = after(|case| {
        missing(case);
        (case.recorded, case.uses) = (None, Uses::default());
        case.unread.add("secrets/b.kw (permission denied)");
    });
    assert_eq!(find(&perhaps, CheckId::V02).next, None);
}

#[test]
fn findings_name_the_hours_left_the_files_and_the_rescue() {
    let checks = after(|case| case.set(2, VersionState::DestroyScheduled));
    let why = reason(&checks, CheckId::V07);
    assert!(
        why.contains("in 5 h 7 min") && why.contains("needed by secrets/a.kw"),
        "{why}"
    );
    let rescue = format!("keyward key restore {NAME}/cryptoKeyVersions/2");
    for id in [CheckId::V06, CheckId::V07, CheckId::V10] {
        assert_eq!(find(&checks, id).next.as_deref(), Some(rescue.as_str()), "{id}");
    }
    let disabled = after(|case| case.set(2, VersionState::Disabled));
    let enable = format!("keyward key enable {NAME}/cryptoKeyVersions/2");
    assert_eq!(
        find(&disabled, CheckId::V09).next.as_deref(),
        Some(enable.as_str())
    );
}

#[test]
fn a_rotation_put_off_is_found_and_a_little_lateness_is_not() {
    let next = |next: Duration| {
        after(move |case| {
            case.live_key().rotation = Some(RotationSchedule::new(90 * DAY, later(start(), next)).unwrap());
        })
    };
    assert_eq!(faults(&next(400 * DAY)), ["V13 FAIL"]);
    assert!(reason(&next(400 * DAY), CheckId::V13).contains("later than one period"));
    assert_eq!(faults(&next(DAY - Duration::from_secs(1800))), [""; 0]);
    assert_eq!(faults(&next(DAY - Duration::from_secs(3700))), ["V13 FAIL"]);
}

const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app: {env: demo, provider: embedded, locations: [europe-west1], ring: secrets, key: app}
";

#[test]
fn files_under_foreign_keys_fail_and_unread_ones_are_unknown() {
    let manifest = Manifest::parse(MANIFEST, "m").unwrap();
    let app = manifest.keyring("app").unwrap();
    let mut scan = Scan::default();
    assert_eq!(judge_keyring(app, &scan).verdict, Verdict::Pass);
    scan.unread.add("secrets/b: permission denied");
    assert_eq!(faults(&[judge_keyring(app, &scan)]), ["V19 UNKNOWN"]);
    scan.foreign
        .entry("app".into())
        .or_default()
        .add("secrets/a.kw (gcp-kms://…)");
    assert_eq!(faults(&[judge_keyring(app, &scan)]), ["V19 FAIL"]);
}

#[test]
fn what_weakens_a_verification_is_told() {
    let manifest = Manifest::parse(&MANIFEST.replace("version: 1", "version: 1\naudit: off"), "m").unwrap();
    let notes = notes(
        &manifest,
        &Scan {
            files: 7,
            envelopes: 2,
            nested: ["secrets/sub".to_owned()].into(),
            ..Scan::default()
        },
    );
    let starts = ["7 files", "secrets/sub has a manifest of its own", "audit: off"];
    assert_eq!(notes.len(), starts.len());
    for (note, start) in notes.iter().zip(starts) {
        assert!(note.starts_with(start), "{note}");
    }
}

#[test]
fn the_report_decides_the_exit_code_and_sorts_by_severity() {
    assert_eq!(report(Vec::new()).exit_code(false), 3, "no key, no proof");
    let failed = report(after(|case| {
        case.live_key().rotation = None;
        case.set(2, VersionState::DestroyScheduled);
        case.seen.canary = Canary::Unknown("late".into());
    }));
    assert_eq!(
        (failed.exit_code(false), failed.verdict(false)),
        (1, "FAIL"),
        "a failure outweighs an unknown"
    );
    let order: Vec<_> = failed.failures().iter().map(|check| check.id).collect();
    assert_eq!(order, [CheckId::V06, CheckId::V07, CheckId::V10, CheckId::V13]);
    assert_eq!(failed.unknowns().len(), 1);
    let json = serde_json::to_value(&failed).unwrap();
    assert_eq!(
        (json["failed"].as_u64(), json["keys"].as_u64()),
        (Some(4), Some(1))
    );
    let shown = &json["checks"][4];
    assert_eq!(
        (shown["id"].as_str(), shown["severity"].as_str()),
        (Some("V07"), Some("critical"))
    );
    assert_eq!(shown["gate"].as_bool(), Some(true));
}
