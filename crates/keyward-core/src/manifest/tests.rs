//! Manifests that are read, and manifests that are refused with their place.

use super::*;
use crate::error::ErrorKind;

mod access;

const DEMO: &str = "\
version: 1
environments:
  demo: {protected: false}
keyrings:
  app:
    env: demo
    provider: embedded
    locations: [europe-west1, us-central1]
    within: any
    ring: secrets
    key: app
    rotation: 90d
    destroy_after: 30d
    escrow: [age1qqq]
rules:
  - {path: \"secrets/**\", keyring: app}
  - {path: \"**\", keyring: app}
";

fn demo() -> Manifest {
    Manifest::parse(DEMO, "keyward.yaml").unwrap()
}

#[test]
fn the_shape_of_the_contract_is_read() {
    let manifest = demo();
    let app = manifest.keyring("app").unwrap();
    let names: Vec<_> = app.keys().iter().map(ToString::to_string).collect();
    assert_eq!(
        names[0],
        "embedded-kms://projects/local/locations/europe-west1/keyRings/secrets/cryptoKeys/app"
    );
    assert_eq!(names.len(), 2);
    assert_eq!(app.rotation.unwrap().as_secs(), 90 * 86_400);
    assert_eq!(app.escrow[0].as_str(), "age1qqq");
    assert_eq!(
        (app.line_of("keyring"), app.line_of("rotation")),
        (Some(5), Some(12))
    );
    assert_eq!(app.line_of("endpoint"), None);
    let rule = manifest.rule_for("secrets/a/b.txt.kw").unwrap();
    assert_eq!((rule.pattern.as_str(), rule.line()), ("secrets/**", Some(16)));
    assert_eq!(
        (manifest.canary(), manifest.audit()),
        (CanaryMode::Here, AuditMode::File)
    );
}

#[test]
fn a_manifest_equals_its_re_encoded_form() {
    let full = "\
version: 1
canary: attested
audit: stderr
environments: {prod: {protected: true}, \"null\": {}, \"12\": {}}
keyrings:
  yes:
    env: prod
    provider: gcp
    project: example.com:p
    endpoint: \"https://kms.{location}.example.com:8443\"
    endpoints: {eur4: \"http://127.0.0.1:9\"}
    impersonate: {read: looker@p.iam.gserviceaccount.com, rescue: r@p.iam.gserviceaccount.com}
    quota: {reads: 10, crypto: 60000000, in_flight: 1000}
    quota_project: billed
    protection: hsm
    locations: [eur4]
    within: eu
    ring: R
    key: \"0x1F\"
rules:
  - {path: \"a b/\\\"q\\\"/\\u00e9/*\", keyring: yes}
";
    let bare = "version: 1\nenvironments: {}\nkeyrings: {}\n";
    for text in [DEMO, full, bare] {
        let manifest = Manifest::parse(text, "a").unwrap();
        let encoded = manifest.encode();
        assert_eq!(Manifest::parse(&encoded, "b").unwrap(), manifest, "{encoded}");
        assert_eq!(Manifest::parse(&encoded, "b").unwrap().encode(), encoded);
    }
}

/// What each line of [`DEMO`] may be wrongly replaced by: from, to, place, part of the message or of the hint.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("version: 1", "version: 2", "1:10", "version 2 is not known"),
    ("version: 1\n", "", "14:1", "`version` is missing"),
    (
        "version: 1",
        "version: 1\nkeyring: {}",
        "2:1",
        "did you mean `keyrings`?",
    ),
    ("rotation", "rotaton", "12:5", "did you mean `rotation`?"),
    (
        "destroy_after: 30d",
        "rotation: 30d",
        "13:5",
        "`rotation` is here a second time",
    ),
    (
        "rotation: 90d",
        "rotation: 90 days",
        "12:15",
        "did you mean `90d`?",
    ),
    ("rotation: 90d", "rotation: 1h", "12:15", "the nearest is `1d`"),
    (
        "destroy_after: 30d",
        "destroy_after: 121d",
        "13:20",
        "the nearest is `120d`",
    ),
    ("us-central1", "us-centrl1", "8:31", "did you mean `us-central1`?"),
    ("us-central1", "europe-west1", "8:31", "a second time"),
    ("[europe-west1, us-central1]", "[]", "8:16", "no location"),
    (
        "    locations: [europe-west1, us-central1]\n",
        "",
        "13:5",
        "`locations` is missing",
    ),
    (
        "within: any",
        "within: eu",
        "8:31",
        "us-central1 is not inside `within: eu`",
    ),
    ("within: any", "within: europa", "9:13", "did you mean `europe`?"),
    ("env: demo", "env: dmeo", "6:10", "did you mean `demo`?"),
    (
        "provider: embedded",
        "provider: embeded",
        "7:15",
        "did you mean `embedded`?",
    ),
    ("provider: embedded", "provider: gcp", "7:15", "needs a project"),
    ("    within: any", "    project: p", "9:14", "has no project"),
    (
        "    within: any",
        "    endpoint: https://x",
        "9:15",
        "has no endpoint",
    ),
    (
        "    within: any",
        "    endpoints: {us-central1: https://x}",
        "9:16",
        "has no endpoints",
    ),
    (
        "    within: any",
        "    impersonate: {read: a@b.c}",
        "9:18",
        "has no impersonate",
    ),
    ("    within: any", "    quota: {}", "9:12", "has no quota"),
    (
        "    within: any",
        "    quota_project: p",
        "9:20",
        "has no quota_project",
    ),
    (
        "    within: any",
        "    protection: software",
        "9:17",
        "has no protection",
    ),
    ("ring: secrets", "ring: \"../x\"", "10:11", "is not a key ring id"),
    ("key: app", "key: \"a/b\"", "11:10", "is not a crypto key id"),
    ("[age1qqq]", "[age1qqq, age1qqq]", "14:23", "a second time"),
    (
        "[age1qqq]",
        "[aeg1qqq]",
        "14:14",
        "a recipient starts with `age1`",
    ),
    ("[age1qqq]", "[AGE-SECRET-KEY-1QQQ]", "14:14", "secret key"),
    ("[age1qqq]", "AGE-SECRET-KEY-1QQQ", "14:13", "a list is expected"),
    (
        "\"**\", keyring: app",
        "\"**\", keyring: ap",
        "17:27",
        "did you mean `app`?",
    ),
    ("\"**\"", "\"/**\"", "17:12", "did you mean `**`?"),
    ("\"**\"", "\"secrets/**\"", "17:12", "already"),
    ("\"**\"", "\"a[\"", "17:12", "not a path pattern"),
    (
        "  demo: {protected: false}",
        "  1: {protected: true}\n  \"1\": {}",
        "4:3",
        "`1` is here a second time",
    ),
    ("  app:", "  a/b:", "5:3", "cannot name"),
    ("  demo:", "  a@1:", "3:3", "cannot name"),
    ("protected: false", "protected: no", "3:21", ""),
    (
        "version: 1",
        "canary: her\nversion: 1",
        "1:9",
        "did you mean `here`?",
    ),
    (
        "version: 1",
        "audit: fil\nversion: 1",
        "1:8",
        "did you mean `file`?",
    ),
    ("version: 1", "version: !secret 1", "1:18", "unsupported tag"),
    ("version: 1", "version: *x", "1:10", ""),
];

#[test]
fn every_mistake_is_a_usage_error_with_its_place() {
    for (from, to, place, says) in WRONG {
        let text = DEMO.replacen(from, to, 1);
        assert_ne!(text, DEMO, "{from}");
        let error = Manifest::parse(&text, "keyward.yaml").expect_err(to);
        let shown = format!("{error} {:?}", error.hints());
        assert_eq!(error.kind(), ErrorKind::Usage, "{to}: {shown}");
        assert_eq!(
            error.resource(),
            Some(format!("keyward.yaml:{place}").as_str()),
            "{to}: {shown}"
        );
        assert!(shown.contains(says), "{to}: {shown}");
        assert!(!shown.contains("KEY-1QQQ"), "{shown}");
    }
}

#[test]
fn a_keyring_fits_into_an_envelope() {
    let with = |count: usize| {
        let recipients: Vec<_> = (0..count).map(|i| format!("age1{i}")).collect();
        Manifest::parse(&DEMO.replace("age1qqq", &recipients.join(", ")), "m")
    };
    assert!(with(253).is_ok());
    assert!(with(254).unwrap_err().to_string().contains("at most 255 wraps"));
}

#[test]
fn line_ends_of_either_kind_are_read() {
    assert_eq!(Manifest::parse(&DEMO.replace('\n', "\r\n"), "m").unwrap(), demo());
}

#[test]
fn two_keyrings_do_not_share_a_key() {
    let twin = DEMO.replace(
        "rules:",
        "  twin: {env: demo, provider: embedded, locations: [us-central1], ring: secrets, key: app}\nrules:",
    );
    let error = Manifest::parse(&twin, "m").unwrap_err();
    assert!(
        error.to_string().contains("the key of keyring `app` already"),
        "{error}"
    );
}

#[test]
fn hostile_documents_are_refused_in_bounded_time() {
    let laughs = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, i| {
        let before = format!("*a{}", i - 1);
        text + &format!("a{i}: &a{i} [{}]\n", vec![before; 9].join(", "))
    });
    let many = (0..2000)
        .map(|i| format!("  - {{path: \"{i}\", keyring: app}}\n"))
        .collect::<String>();
    // Each is in order by itself; together they would take gigabytes to compile.
    let wild = (0..1000)
        .map(|i| format!("  - {{path: \"{i}{}\", keyring: app}}\n", "**/*a*".repeat(8)))
        .collect::<String>();
    for text in [
        String::new(),
        "x".repeat(crate::limits::MANIFEST_LEN + 1),
        format!("{DEMO}---\n{DEMO}"),
        laughs,
        format!("{DEMO}{many}"),
        format!("{DEMO}{wild}"),
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "? ".repeat(10_000),
        "version: 1\nkeyrings: &k {<<: *k}\nenvironments: {}\n".to_owned(),
        "\u{feff}".to_owned(),
        "version: 1\0".to_owned(),
    ] {
        let error = Manifest::parse(&text, "m").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(error.to_string().len() < 500, "{error}");
    }
}

#[test]
fn a_protected_environment_is_typed_in_full() {
    let text = DEMO.replace(
        "  demo: {protected: false}",
        "  demo: {}\n  staging: {}\n  prod: {protected: true}",
    );
    let manifest = Manifest::parse(&text, "m").unwrap();
    let name = |requested| manifest.environment(requested).map(|env| env.name.clone()).ok();
    assert_eq!(name(Some("prod")).as_deref(), Some("prod"));
    assert_eq!(name(Some("st")).as_deref(), Some("staging"));
    for refused in [None, Some("pro"), Some(""), Some("x")] {
        assert_eq!(name(refused), None, "{refused:?}");
    }
    assert!(manifest.environment_from_variable("prod").is_err());
    assert!(manifest.environment_from_variable("demo").is_ok());
    assert_eq!(demo().environment(None).unwrap().name, "demo");
}

/// Pieces of YAML that change how what follows is read.
const PIECES: [&str; 24] = [
    "&a ", "*a", "<<: ", "!!str ", "\"", "'", "\\", "|\n", "? ", "- ", "{", "}", "[", "]", ": ", "#", "\t",
    "\n", "null", "0x1F", "**", ".kw", "\u{e9}", "\u{2028}",
];

proptest::proptest! {
    #[test]
    fn mutilated_manifests_are_refused_or_equal_their_re_encoded_form(
        cuts in proptest::collection::vec((0..DEMO.len(), 0..6_usize, 0..PIECES.len()), 1..5),
    ) {
        let mut text: Vec<char> = DEMO.chars().collect();
        for (at, len, piece) in cuts {
            let at = at.min(text.len());
            let end = (at + len).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(manifest) = Manifest::parse(&text, "m") {
            let encoded = manifest.encode();
            proptest::prop_assert_eq!(Manifest::parse(&encoded, "m").unwrap(), manifest);
        }
    }
}
