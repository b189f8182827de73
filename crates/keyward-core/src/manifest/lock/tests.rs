//! A lock reads as it was written, an older or edited entry is told, and a damaged one says where.

use super::*;
use crate::error::ErrorKind;

const NAME: &str = "embedded-kms://projects/local/locations/europe-west1/keyRings/secrets/cryptoKeys/app";
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn name() -> KeyRef {
    NAME.parse().unwrap()
}

fn lock() -> Lock {
    let version = |state: &str, canary: Option<&[u8]>| LockedVersion {
        state: state.into(),
        created: time("2026-11-25T08:00:00.000001Z"),
        proven: canary.map(|_| Proof {
            at: time("2026-11-25T08:00:01Z"),
            by: "key create".into(),
        }),
        canary: canary.map(<[u8]>::to_vec),
    };
    let key = LockedKey {
        created: time("2026-11-25T08:00:00Z"),
        protection: Some("SOFTWARE".into()),
        rotation: Some(Duration::from_secs(90 * 86_400)),
        next_rotation: Some(time("2027-02-23T08:00:00Z")),
        destroy_window: Duration::from_secs(30 * 86_400),
        primary: Some(10),
        versions: [
            (10, version("ENABLED", Some(b"\xff\xfe sealed"))),
            (9, version("DISABLED", None)),
        ]
        .into(),
        proven_at: time("2026-11-25T08:00:01Z"),
        proven_by: "key create".into(),
        mark: Mark::Whole,
    };
    let bare = LockedKey {
        rotation: None,
        next_rotation: None,
        primary: None,
        versions: BTreeMap::new(),
        ..key.clone()
    };
    let other = NAME.replace("europe-west1", "us-central1");
    Lock {
        keys: [(name(), key), (other.parse().unwrap(), bare)].into(),
        escrow: [(
            RECIPIENT.parse().unwrap(),
            Drill {
                drilled: time("2026-11-25T09:00:00Z"),
                by: "escrow import".into(),
            },
        )]
        .into(),
        retired: [(
            name().version(9),
            Retirement {
                evidence: "evidence/app 9.json".into(),
                at: time("2026-11-25T10:00:00Z"),
            },
        )]
        .into(),
    }
}

fn parse(text: &str) -> Lock {
    Lock::parse(text, "keyward.lock").unwrap()
}

#[test]
fn a_lock_reads_as_it_was_written_and_has_a_line_for_each_value() {
    let text = lock().encode();
    assert_eq!(parse(&text), lock());
    let start = format!(
        "# Which keys keyward last proved to exist, where, and in which state.
# Commit this file: it is how a key that moved, changed or vanished is seen. keyward writes it; do not edit it.
version: 1
keys:
  {NAME}:
    created: \"2026-11-25T08:00:00Z\"
    protection: SOFTWARE
    rotation: 90d
    next_rotation: \"2027-02-23T08:00:00Z\"
    destroy_window: 30d
    primary: 10
    proven: {{at: \"2026-11-25T08:00:01Z\", by: \"key create\"}}
    versions:
      9:
        state: DISABLED
        created: \"2026-11-25T08:00:00.000001Z\"
      10:
        state: ENABLED
        created: \"2026-11-25T08:00:00.000001Z\"
        proven: {{at: \"2026-11-25T08:00:01Z\", by: \"key create\"}}
        canary: \"//4gc2VhbGVk\"
    check: \""
    );
    assert_eq!(&text[..start.len()], start);
    assert!(
        text.ends_with(&format!(
            "escrow:\n  {RECIPIENT}: {{drilled: \"2026-11-25T09:00:00Z\", by: \"escrow import\"}}\nretired:\n  \
             {NAME}/cryptoKeyVersions/9: {{evidence: \"evidence/app 9.json\", at: \"2026-11-25T10:00:00Z\"}}\n"
        )),
        "{text}"
    );
    assert_eq!(parse(&Lock::default().encode()), Lock::default());
}

/// What the release before wrote.
const OLDER: &str = "\
version: 1
keys:
  embedded-kms://projects/local/locations/europe-west1/keyRings/secrets/cryptoKeys/app:
    created: \"2026-11-25T08:00:00Z\"
    rotation: 90d
    destroy_window: 30d
    primary: 1
    proven: {at: \"2026-11-25T08:00:01Z\", by: quickstart}
    versions:
      1: {state: ENABLED, created: \"2026-11-25T08:00:00Z\"}
";

#[test]
fn an_entry_of_an_older_release_is_read_and_stays_one() {
    let older = parse(OLDER);
    let key = &older.keys[&name()];
    assert_eq!(
        (&key.mark, &key.protection, key.primary),
        (&Mark::Missing, &None, Some(1))
    );
    assert_eq!(
        (&key.versions[&1].proven, &key.versions[&1].canary),
        (&None, &None)
    );
    assert_eq!(
        parse(&older.encode()),
        older,
        "a change of another key does not vouch for it"
    );
}

#[test]
fn an_edit_by_hand_is_seen_wherever_it_is_and_stays_seen() {
    let text = lock().encode();
    for (from, to) in [
        ("primary: 10", "primary: 9"),
        ("state: DISABLED", "state: ENABLED"),
        ("rotation: 90d", "rotation: 91d"),
        ("destroy_window: 30d", "destroy_window: 1d"),
        ("europe-west1", "europe-west4"),
        ("by: \"key create\"", "by: me"),
        ("//4gc2VhbGVk", "//4gc2VhbGVl"),
        ("protection: SOFTWARE", "protection: HSM"),
        ("check: \"", "check: \"0"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        let lock = parse(&edited);
        let marks: Vec<_> = lock.keys.values().map(|key| key.mark == Mark::Whole).collect();
        assert_eq!(marks, [false, true], "{from}");
        assert_eq!(parse(&lock.encode()), lock, "{from}");
    }
    let only_looks = text.replace("primary: 10", "primary: 10 # ten");
    assert_eq!(parse(&only_looks), lock(), "a comment changes nothing");
}

#[test]
fn a_merge_of_two_branches_that_proved_different_keys_is_whole() {
    let text = lock().encode();
    let second = text
        .find("  embedded-kms://projects/local/locations/us-central1")
        .unwrap();
    let third = text[second..].replace("us-central1", "us-east1");
    let other = parse(&format!(
        "{}{third}",
        &text[..text.find("  embedded-kms").unwrap()]
    ));
    assert!(
        matches!(other.keys.values().next().unwrap().mark, Mark::Edited(_)),
        "a copied entry is no proof"
    );
    let mut branch = lock();
    branch.keys.retain(|key, _| *key != name());
    let entry = branch.encode();
    let entry = &entry[entry.find("  embedded-kms").unwrap()..entry.find("escrow:").unwrap()];
    let merged = parse(&format!("{}{entry}", &text[..second]));
    assert!(merged.keys.values().all(|key| key.mark == Mark::Whole));
    assert_eq!(merged.keys, lock().keys);
}

#[test]
fn a_conflict_that_git_left_is_told_with_its_line() {
    let text = lock().encode();
    for mark in ["<<<<<<< ours", "||||||| base", "=======", ">>>>>>> theirs"] {
        let broken = text.replacen("    rotation: 90d\n", &format!("{mark}\n    rotation: 90d\n"), 1);
        assert!(Lock::is_conflicted(&broken));
        let error = Lock::parse(&broken, "keyward.lock").unwrap_err();
        assert_eq!(
            (error.kind(), error.resource()),
            (ErrorKind::Usage, Some("keyward.lock:8:1"))
        );
        assert!(error.to_string().contains("merge conflict"), "{error}");
        assert!(error.hints()[0].contains("keyward key adopt"), "{error}");
    }
    assert!(!Lock::is_conflicted(&text));
}

#[test]
fn a_change_of_one_version_changes_nothing_else() {
    let (mut lock, key) = (lock(), name());
    assert!(lock.set_state(&key.version(9), "ENABLED"));
    let mut wanted = self::lock();
    wanted
        .keys
        .get_mut(&key)
        .unwrap()
        .versions
        .get_mut(&9)
        .unwrap()
        .state = "ENABLED".into();
    assert_eq!(lock, wanted);
    assert_eq!(parse(&lock.encode()), lock);
    assert!(!lock.set_state(&key.version(8), "ENABLED"));
}

#[test]
fn a_canary_is_of_one_version_in_one_place() {
    let one = LockCanary::of(&name().version(1));
    let elsewhere: KeyRef = NAME.replace("europe-west1", "global").parse().unwrap();
    for other in [name().version(11), elsewhere.version(1)] {
        let other = LockCanary::of(&other);
        assert!(one.plaintext != other.plaintext && one.aad != other.aad);
    }
    // Computed apart: printf 'keyward canary, format 2\n%s' NAME/cryptoKeyVersions/1 | sha256sum
    let hex: String = one.plaintext.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "85149327eaafc3e6b62ca21e2a408b5a390b8c9c24ceff82b1fcfa4b0638fe99"
    );
    assert_eq!(
        one.aad,
        format!("keyward canary, format 2 {NAME}/cryptoKeyVersions/1").into_bytes()
    );
}

#[test]
fn a_damaged_lock_says_where() {
    let text = lock().encode();
    for (from, to, place) in [
        ("version: 1", "version: 2", "keyward.lock:3:10"),
        ("rotation: 90d", "rotation: often", "keyward.lock:8:15"),
        (
            "next_rotation: \"2027-02-23T08:00:00Z\"",
            "next_rotation: soon",
            "keyward.lock:9:20",
        ),
        (
            "embedded-kms://projects/local/locations/e",
            "embedded-kms://project/local/locations/e",
            "keyward.lock:5:3",
        ),
        ("      9:\n", "      0:\n", "keyward.lock:14:7"),
        ("      10:\n", "      \"9\":\n", "keyward.lock:17:7"),
        ("destroy_window", "destroy_windw", "keyward.lock:10:5"),
        ("\"2026-11-25T08:00:00Z\"", "yesterday", "keyward.lock:6:14"),
        ("\"//4gc2VhbGVk\"", "not base64", "keyward.lock:21:17"),
        (RECIPIENT, "nobody", "keyward.lock:31:3"),
        (
            "{drilled: \"2026-11-25T09:00:00Z\"",
            "{drilled: never",
            "keyward.lock:31:77",
        ),
        (
            "cryptoKeyVersions/9: {",
            "cryptoKeyVersions/nine: {",
            "keyward.lock:33:3",
        ),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        let error = Lock::parse(&edited, "keyward.lock").unwrap_err();
        assert_eq!(error.resource(), Some(place), "{error}");
    }
    for broken in [
        "",
        "keys",
        "version: 1\n",
        "version: 1\nkeys: {}\nkeys: {}\n",
        "\0",
    ] {
        assert!(Lock::parse(broken, "keyward.lock").is_err(), "{broken}");
    }
}
