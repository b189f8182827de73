//! A report as SARIF 2.1.0 (OASIS), which code hosts show beside the manifest's lines.

use keyward_core::manifest::{FILE_NAME, KeyringSpec, Manifest};
use keyward_core::verify::{Check, CheckId, Report, Severity, Verdict};
use serde_json::{Value, json};

/// The schema that the form follows.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What failed and what could not be decided, each as a result on the keyring's line of the manifest.
pub(crate) fn sarif(report: &Report, manifest: &Manifest) -> Value {
    let results = report.failures().into_iter().chain(report.unknowns());
    let results: Vec<_> = results.map(|check| result(check, manifest)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "keyward",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules(report),
            }},
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": report.at.to_string(),
            }],
            "results": results,
        }],
    })
}

/// The checks that the report has, once each.
fn rules(report: &Report) -> Vec<Value> {
    let ids: std::collections::BTreeSet<CheckId> = report.checks.iter().map(|check| check.id).collect();
    ids.into_iter()
        .map(|id| {
            json!({
                "id": id.to_string(),
                "shortDescription": {"text": id.title()},
                "defaultConfiguration": {"level": level(id.severity())},
                "properties": {"gate": id.is_gate(), "severity": id.severity().id()},
            })
        })
        .collect()
}

fn result(check: &Check, manifest: &Manifest) -> Value {
    let level = match check.verdict {
        Verdict::Fail(_) => level(check.id.severity()),
        _ => "warning",
    };
    json!({
        "ruleId": check.id.to_string(),
        "level": level,
        "kind": if matches!(check.verdict, Verdict::Fail(_)) { "fail" } else { "open" },
        "message": {"text": message(check)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": FILE_NAME},
                "region": {"startLine": line(check, manifest)},
            },
            "logicalLocations": [{"fullyQualifiedName": check.resource, "kind": "resource"}],
        }],
        "partialFingerprints": {"resource/v1": format!("{} {}", check.id, check.resource)},
        "properties": {"verdict": check.verdict.id(), "next": check.next},
    })
}

fn message(check: &Check) -> String {
    let what = format!("{}: {}", check.verdict.id(), check.id.title());
    let why = check.verdict.reason().map(|why| format!(": {why}"));
    let next = check.next.as_ref().map(|next| format!(" Next: {next}"));
    [Some(format!("{what} ({})", check.resource)), why, next]
        .into_iter()
        .flatten()
        .collect()
}

/// The line of the keyring that has the resource, else the first.
fn line(check: &Check, manifest: &Manifest) -> u64 {
    let owner = manifest.keyrings().find(|keyring| concerns(check, keyring));
    owner.and_then(|keyring| keyring.line_of("keyring")).unwrap_or(1)
}

fn concerns(check: &Check, keyring: &KeyringSpec) -> bool {
    let of_key = |key: &keyward_core::name::KeyRef| {
        let name = key.to_string();
        let ring = format!("{}://{}", key.provider, key.name.ring());
        check.resource == ring || check.resource == name || check.resource.starts_with(&format!("{name}/"))
    };
    check.resource == format!("keyring {}", keyring.name) || keyring.keys().iter().any(of_key)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        _ => "warning",
    }
}
