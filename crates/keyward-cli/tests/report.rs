//! The forms of a report: JSON by its published schema, SARIF, and the page.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;

use boon::{Compiler, Schemas};
use demo::Demo;
use serde_json::Value;

mod demo;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify.schema.json");

/// Whether `report` is as the schema says, and if not why.
fn conforms(report: &Value) -> Result<(), String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = serde_json::from_str(&fs::read_to_string(SCHEMA).unwrap()).unwrap();
    compiler.enable_format_assertions();
    compiler.add_resource("verify.schema.json", schema).unwrap();
    let index = compiler.compile("verify.schema.json", &mut schemas).unwrap();
    schemas.validate(report, index).map_err(|error| error.to_string())
}

fn verified(demo: &Demo) -> Value {
    let ran = demo.run(&["verify", "--json"]);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn what_json_prints_is_as_the_schema_says() {
    let demo = Demo::sealed();
    let report = verified(&demo);
    conforms(&report).unwrap();
    demo.ok(&["key", "disable", "app/us-central1@1", "--even-if-needed"]);
    fs::remove_file(demo.location("europe-west1")).unwrap();
    let report = verified(&demo);
    assert!(report["failed"].as_u64() > Some(0) && report["unknown"].as_u64() > Some(0));
    conforms(&report).unwrap();
    let mut wrong = report.clone();
    wrong["checks"][0]["verdict"] = "FINE".into();
    assert!(conforms(&wrong).is_err(), "the schema says something");
}

#[test]
fn sarif_points_at_the_keyring_in_the_manifest() {
    let demo = Demo::sealed();
    demo.ok(&["key", "disable", "app/us-central1@1", "--even-if-needed"]);
    let ran = demo.run(&["verify", "--sarif", "report.sarif"]);
    assert_eq!(ran.code, 1);
    let sarif: Value = serde_json::from_str(&fs::read_to_string(demo.path("report.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    let rule = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["id"] == result["ruleId"]);
    assert!(rule.is_some(), "every result has its rule");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "keyward.yaml");
    let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
    let manifest = fs::read_to_string(demo.path("keyward.yaml")).unwrap();
    assert!(manifest.lines().nth(line - 1).unwrap().contains("app:"), "{line}");
    assert!(
        result["message"]["text"]
            .as_str()
            .unwrap()
            .contains("keyward key enable")
    );
}

#[test]
fn the_page_is_written_again_and_over_nothing_else() {
    let demo = Demo::sealed();
    demo.ok(&["verify", "--html", "report.html"]);
    demo.ok(&["verify", "--html", "report.html"]);
    let page = fs::read_to_string(demo.path("report.html")).unwrap();
    assert!(page.contains("<title>keyward verify: PASS</title>"), "{page}");
    assert!(page.contains("app/us-central1"));
    let ran = demo.run(&["verify", "--html", "keyward.yaml"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    demo.ok(&["key", "list"]);
}
