//! How keys are reached: what a manifest may say about it, and what is refused, with its place.

use super::*;
use crate::location::Location;

/// The fields stand from line 9, column 5.
fn with(fields: &str) -> Result<Manifest> {
    let text = format!(
        "\
version: 1
environments: {{prod: {{}}}}
keyrings:
  app:
    env: prod
    provider: gcp
    project: p
    locations: [europe-west1, us-central1]
    {fields}
    ring: r
    key: k
"
    );
    Manifest::parse(&text, "m")
}

fn access(fields: &str) -> Access {
    with(fields).unwrap().keyring("app").unwrap().access.clone()
}

fn in_location(access: &Access, location: &str) -> Option<String> {
    access.endpoint_in(&Location::parse(location).unwrap())
}

#[test]
fn a_location_has_its_own_endpoint_else_the_one_of_all() {
    let both = access(
        "endpoint: \"https://cloudkms.{location}.rep.googleapis.com\"\n    endpoints: {us-central1: \"http://127.0.0.1:9\"}",
    );
    assert_eq!(
        in_location(&both, "europe-west1").as_deref(),
        Some("https://cloudkms.europe-west1.rep.googleapis.com")
    );
    assert_eq!(
        in_location(&both, "us-central1").as_deref(),
        Some("http://127.0.0.1:9")
    );
    assert_eq!(in_location(&access("within: any"), "us-central1"), None);
}

#[test]
fn endpoints_keep_data_keys_on_encrypted_ways() {
    for good in [
        "https://kms.example.com",
        "https://{location}.example.com",
        "http://127.0.0.1:9010",
        "http://localhost:1",
        "http://[::1]:80/",
    ] {
        assert!(with(&format!("endpoint: \"{good}\"")).is_ok(), "{good}");
    }
    for bad in [
        "http://example.com",
        "http://{location}",
        "http://{location}.localhost",
        "http://127.0.0.1.example.com",
        "https://{loc}.example.com",
        "https://{location",
        "https://example.com/{location}",
        "https://u:p@h",
        "https://h ",
        "https://h\\t.example",
        "https://h$x",
        "https://h/path",
        "https://h/?q",
        "ftp://h",
        "h:1",
        "",
        "file:///",
    ] {
        for fields in [
            format!("endpoint: \"{bad}\""),
            format!("endpoints: {{us-central1: \"{bad}\"}}"),
        ] {
            let error = with(&fields).expect_err(&fields);
            let place = if fields.starts_with("endpoint:") {
                "m:9:15"
            } else {
                "m:9:30"
            };
            assert_eq!(error.resource(), Some(place), "{fields}: {error}");
        }
    }
    for (address, is_here) in [
        ("http://127.0.0.1:9010", true),
        ("https://[::1]", true),
        ("https://cloudkms.{location}.rep.googleapis.com", false),
        ("https://127.0.0.1.example.com", false),
        ("nonsense", false),
    ] {
        assert_eq!(is_on_this_machine(address), is_here, "{address}");
    }
}

#[test]
fn an_endpoint_that_is_almost_one_is_offered_as_it_should_be() {
    for (given, hint) in [
        ("127.0.0.1:9010", "write http://127.0.0.1:9010"),
        ("localhost:9010", "write http://localhost:9010"),
        ("kms.example.com", "write https://kms.example.com"),
        ("http://127.0.0.1:9010/v1", "write http://127.0.0.1:9010"),
        (
            "https://user:geheim@kms.example.com",
            "write https://kms.example.com",
        ),
        ("user:geheim@kms.example.com", "write https://HOST:PORT"),
        ("https://{location}.example.com/v1", "write https://HOST:PORT"),
        ("", "write https://HOST:PORT"),
    ] {
        assert_eq!(check_endpoint(given).unwrap_err().hints(), [hint], "{given}");
    }
}

#[test]
fn every_mistake_has_its_place() {
    for (fields, place, says) in [
        (
            "endpoints: {us-cental1: \"https://h\"}",
            "9:17",
            "did you mean `us-central1`?",
        ),
        (
            "endpoints: {asia-east1: \"https://h\"}",
            "9:17",
            "has no location asia-east1",
        ),
        (
            "endpoints: {us-central1: \"https://h\", \"us-central1\": \"https://h\"}",
            "9:43",
            "a second time",
        ),
        ("endpoints: https://h", "9:16", "a mapping is expected"),
        (
            "impersonate: {who: a@b.c}",
            "9:19",
            "keys here: read, crypt, rescue, admin",
        ),
        (
            "impersonate: {read: somebody}",
            "9:25",
            "NAME@PROJECT.iam.gserviceaccount.com",
        ),
        (
            "impersonate: {read: \"a@b.c/../x\"}",
            "9:25",
            "is not a service account",
        ),
        (
            "impersonate: {read: \"a@b@c.d\"}",
            "9:25",
            "is not a service account",
        ),
        ("quota: {reads: 0}", "9:20", "at least 1"),
        ("quota: {in_flight: 1001}", "9:24", "at most 1000"),
        ("quota: {crypto: 99999999999}", "9:21", "at most"),
        ("quota: {reads: -1}", "9:20", ""),
        ("quota: {read: 1}", "9:13", "did you mean `reads`?"),
        ("quota_project: \"P/x\"", "9:20", "is not a project id"),
        ("protection: sofware", "9:17", "did you mean `software`?"),
        ("protection: external", "9:17", "values: software, hsm"),
    ] {
        let error = with(fields).expect_err(fields);
        let shown = format!("{error} {:?}", error.hints());
        assert_eq!(
            error.resource(),
            Some(format!("m:{place}").as_str()),
            "{fields}: {shown}"
        );
        assert!(shown.contains(says), "{fields}: {shown}");
    }
}

#[test]
fn what_is_not_declared_is_the_providers_own() {
    let bare = with("within: any").unwrap();
    let app = bare.keyring("app").unwrap();
    assert_eq!(app.access, Access::default());
    assert_eq!(app.protection, Protection::Software);
    let full = with("quota: {writes: 5}\n    protection: hsm\n    impersonate: {admin: a@b.c}").unwrap();
    let app = full.keyring("app").unwrap();
    assert_eq!((app.access.quota.writes, app.access.quota.reads), (Some(5), None));
    assert_eq!(app.access.impersonate.admin.as_deref(), Some("a@b.c"));
    assert_eq!(app.protection, Protection::Hsm);
    assert_eq!(app.line_of("impersonate"), Some(11));
}

#[test]
fn one_ring_is_reached_in_one_way() {
    let two = |first: &str, second: &str| {
        let text = format!(
            "\
version: 1
environments: {{prod: {{}}}}
keyrings:
  a: {{env: prod, provider: gcp, project: p, locations: [us, europe], ring: r, key: a, {first}}}
  b: {{env: prod, provider: gcp, project: p, locations: [us], ring: r, key: b, {second}}}
"
        );
        Manifest::parse(&text, "m")
    };
    assert!(two("quota: {reads: 1}", "quota: {reads: 1}").is_ok());
    // It differs only where the other has no key.
    assert!(two("endpoints: {europe: \"https://h\"}", "quota: {}").is_ok());
    assert!(two("endpoint: \"https://us.h\"", "endpoint: \"https://{location}.h\"").is_ok());
    for (first, second) in [
        ("quota: {reads: 1}", "quota: {reads: 2}"),
        ("endpoint: \"https://h\"", "quota: {}"),
        ("quota: {}", "endpoints: {us: \"https://h\"}"),
        ("quota: {}", "impersonate: {read: a@b.c}"),
        ("quota_project: p", "quota_project: q"),
    ] {
        let error = two(first, second).expect_err(first);
        assert!(
            error.to_string().contains("reaches them in another way"),
            "{error}"
        );
        assert!(
            error.resource().is_some_and(|place| place.starts_with("m:5:")),
            "{error}"
        );
    }
}
