//! Filters: the language, and what they let pass.

use super::*;
use crate::interface::google::cloud::kms::v1::crypto_key::RotationSchedule;
use crate::interface::google::cloud::kms::v1::{CryptoKey, CryptoKeyVersion, ImportJob, KeyRing};
use tonic::Code;

fn key() -> CryptoKey {
    CryptoKey {
        name: "projects/p/locations/us/keyRings/r/cryptoKeys/Log-Export".to_owned(),
        purpose: 1,
        create_time: Some(prost_types::Timestamp {
            seconds: 1_577_836_800,
            nanos: 500_000_000,
        }),
        labels: [("team", "alpha"), ("cost-centre", "")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
        primary: Some(CryptoKeyVersion {
            state: 1,
            algorithm: 1,
            ..Default::default()
        }),
        rotation_schedule: Some(RotationSchedule::RotationPeriod(prost_types::Duration {
            seconds: 86_400,
            nanos: 0,
        })),
        ..Default::default()
    }
}

fn matches(filter: &str) -> bool {
    let parsed = Filter::parse::<CryptoKey>(filter);
    parsed
        .unwrap_or_else(|refusal| panic!("{filter}: {}", refusal.message))
        .unwrap()
        .matches(&key())
}

fn refused(filter: &str) -> String {
    let refusal = Filter::parse::<CryptoKey>(filter).expect_err(filter);
    assert_eq!(refusal.code, Code::InvalidArgument);
    refusal.message
}

#[test]
fn operators() {
    for filter in [
        "name:log-EXPORT",
        "name:\"keyRings/r/\"",
        "name=projects/p/locations/us/keyRings/r/cryptoKeys/Log-Export",
        "name != x",
        "-name=x",
        "NOT name = \"x\"",
        "name>projects/o",
        "purpose=ENCRYPT_DECRYPT",
        "purpose:encrypt",
        "purpose!=MAC",
        "primary.state=ENABLED",
        "primary.algorithm = GOOGLE_SYMMETRIC_ENCRYPTION",
        "labels.team=alpha",
        "labels.cost-centre=\"\"",
        "labels.other!=x",
        "create_time=2020-01-01T00:00:00.5Z",
        "createTime=2020-01-01T01:00:00.5+01:00",
        "create_time>2020-01-01T00:00:00Z",
        "create_time=>2020-01-01T00:00:00.5Z",
        "create_time >= \"2020-01-01T00:00:00.5Z\"",
        "create_time<=2020-01-01T00:00:00.5Z",
        "rotation_period=86400s",
        "rotation_period<86400.5s",
        "import_only=false",
        "import_only!=true",
    ] {
        assert!(matches(filter), "{filter}");
        assert!(!matches(&format!("-({filter})")), "not {filter}");
    }
}

#[test]
fn a_field_that_is_not_set_is_only_unequal() {
    for test in ["=", ">", "<", ">=", "<="] {
        assert!(!matches(&format!("next_rotation_time{test}2020-01-01T00:00:00Z")));
    }
    assert!(matches("next_rotation_time!=2020-01-01T00:00:00Z"));
    assert!(!matches("next_rotation_time:20") && !matches("labels.other:a") && !matches("labels.other=x"));
    let bare = CryptoKey::default();
    let filter = Filter::parse::<CryptoKey>("primary.state=ENABLED")
        .unwrap()
        .unwrap();
    assert!(!filter.matches(&bare), "a key without a primary");
}

#[test]
fn or_binds_tighter_than_and() {
    let (yes, no) = ("labels.team=alpha", "labels.team=beta");
    assert!(!matches(&format!("{yes} OR {yes} AND {no}")));
    assert!(!matches(&format!("{no} AND {yes} OR {yes}")));
    assert!(matches(&format!("({no} AND {yes}) OR {yes}")));
    assert!(!matches(&format!("{yes} {no}")), "a space is an AND");
    assert!(matches(&format!("{yes} ({no} OR {yes}) NOT {no}")));
    assert!(
        matches(&format!("({yes})({yes})")),
        "so is nothing between parentheses"
    );
    assert!(matches(&format!("NOT NOT {yes}")) && matches(&format!("--{yes}")));
    assert!(!matches(&format!("NOT {no} AND NOT {yes} OR {no}")));
}

#[test]
fn what_is_no_filter_is_refused_where_it_goes_wrong() {
    for (filter, at) in [
        ("name", 5),
        ("name=", 6),
        ("name = ", 8),
        ("=x", 1),
        ("(name=x", 8),
        ("name=x)", 7),
        ("()", 2),
        ("name=x AND", 11),
        ("name=x OR", 10),
        ("name=x OR OR name=x", 11),
        ("AND name=x", 1),
        ("NOT", 4),
        ("name=\"x", 6),
        ("name=x\"y\"", 10),
        ("nam=x", 1),
        ("name=x ägypten=1", 8),
        ("labels=x", 1),
        ("primary=x", 1),
        ("primary.primary.state=ENABLED", 1),
        ("primary.state=Enabled", 15),
        ("primary.state>ENABLED", 15),
        ("import_only=yes", 13),
        ("import_only<true", 13),
        ("create_time>yesterday", 13),
        ("rotation_period>1d", 17),
        ("rotation_period>-1s", 17),
        ("rotation_period>1e9s", 17),
    ] {
        let message = refused(filter);
        assert!(
            message.ends_with(&format!("at character {at}.")),
            "{filter}: {message}"
        );
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let nested = |depth| format!("{}name=x{}", "(".repeat(depth), ")".repeat(depth));
    assert!(!matches(&nested(32)));
    assert!(refused(&nested(33)).contains("too deep"));
    assert!(refused(&"(".repeat(4096)).contains("too deep"));
    assert!(refused(&"-".repeat(4096)).contains("too deep"));
    assert!(refused(&"x".repeat(100_000)).contains("4096"));
    let many = ["name:p"; 585].join(" ");
    assert!(matches(&many), "many terms are fine");
}

#[test]
fn nothing_filters_nothing() {
    assert_eq!(Filter::parse::<KeyRing>(""), Ok(None));
    assert_eq!(Filter::parse::<KeyRing>(" \t "), Ok(None));
}

#[test]
fn every_list_has_its_own_fields() {
    assert!(Filter::parse::<KeyRing>("create_time>2020-01-01T00:00:00Z").is_ok());
    assert!(Filter::parse::<KeyRing>("labels.team=x").is_err());
    assert!(
        Filter::parse::<CryptoKeyVersion>("state=DESTROY_SCHEDULED destroyTime<2030-01-01T00:00:00Z").is_ok()
    );
    assert!(Filter::parse::<ImportJob>("state=ACTIVE").is_ok());
}
