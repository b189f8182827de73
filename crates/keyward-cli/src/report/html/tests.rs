//! The page of a fleet, and of a hostile one.

use keyward_core::verify::{Check, CheckId, Event, EventKind};

use super::*;

const MANIFEST: &str = "\
version: 1
environments: {prod: {protected: true}, dev: {}}
keyrings:
  app: {env: prod, provider: gcp, project: acme, locations: [europe-west1, us-central1], ring: r, key: k}
  logs: {env: dev, provider: gcp, project: acme, locations: [global], ring: r, key: logs}
";
const KEY: &str = "gcp-kms://projects/acme/locations/europe-west1/keyRings/r/cryptoKeys/k";

fn page(report: &Report) -> String {
    let manifest = Manifest::parse(MANIFEST, "keyward.yaml").unwrap();
    html(&Page {
        report,
        names: Names::of_manifest(&manifest),
        manifest: &manifest,
        matrix: Some(Matrix {
            kinds: vec![(
                "location".into(),
                vec![Standing {
                    lost: "<global>".into(),
                    verdict: "FAIL",
                    what: "3 envelopes".into(),
                }],
            )],
        }),
        strict: false,
    })
}

fn report(why: &str) -> Report {
    let at: Timestamp = "2026-11-25T08:00:00Z".parse().unwrap();
    Report {
        at,
        checks: vec![Check {
            id: CheckId::V07,
            resource: KEY.into(),
            verdict: Verdict::Fail(why.into()),
            next: Some(format!("keyward key restore {KEY}/cryptoKeyVersions/1")),
        }],
        events: vec![Event {
            at: "2026-11-25T17:00:00Z".parse().unwrap(),
            kind: EventKind::Destruction,
            keyring: "app".into(),
            resource: format!("{KEY}/cryptoKeyVersions/1"),
        }],
        notes: vec![why.into()],
    }
}

#[test]
fn a_page_says_what_is_lost_when_and_what_to_do() {
    let page = page(&report("needed by secrets/a.kw"));
    for text in [
        "keyward verify: FAIL",
        "destroyed in 9 h",
        "2026-11-25 17:00:00 UTC",
        "needed by secrets/a.kw",
        "app/europe-west1@1",
        "keyward key restore gcp-kms://projects/acme/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
        "3 envelopes",
        "prod (protected)",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
}

#[test]
fn nothing_in_a_report_becomes_part_of_the_page() {
    let page = page(&report("</style><script>alert(1)</script>\" onload=\"x"));
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
    assert!(!page.contains("\" onload"));
    assert!(!page.contains("<global>"));
}

#[test]
fn a_page_loads_nothing() {
    let page = page(&report("why"));
    assert!(page.contains("default-src 'none'"));
    for word in ["src=", "href=", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
}
