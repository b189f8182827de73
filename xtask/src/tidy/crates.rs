//! Which crate may stand on which: core on nothing, library and hands on core, faces on everything.

use std::process::{Command, Output};

use keyward_core::error::{Error, Result};
use serde_json::Value;

use super::Complaint;
use crate::repository::Repository;

/// Crates of the workspace, each with the crates of the workspace that it may use. Development dependencies are free:
/// a test wires what it needs.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("keyward-core", &[]),
    ("keyward", &["keyward-core"]),
    ("keyward-age", &["keyward-core"]),
    ("keyward-embedded", &["keyward-core"]),
    ("keyward-gcp", &["keyward-core"]),
    ("keyward-emulator", &["keyward-core", "keyward-embedded"]),
    (
        "keyward-cli",
        &[
            "keyward",
            "keyward-age",
            "keyward-core",
            "keyward-embedded",
            "keyward-gcp",
        ],
    ),
    (
        "keyward-tests",
        &[
            "keyward",
            "keyward-age",
            "keyward-core",
            "keyward-embedded",
            "keyward-emulator",
            "keyward-gcp",
        ],
    ),
    (
        "xtask",
        &[
            "keyward",
            "keyward-age",
            "keyward-cli",
            "keyward-core",
            "keyward-embedded",
            "keyward-emulator",
            "keyward-gcp",
        ],
    ),
];

/// Crates that touch the world or bring a runtime, which core does without.
const NOT_IN_CORE: [&str; 7] = [
    "getrandom",
    "hyper",
    "rand",
    "rusqlite",
    "rustix",
    "tempfile",
    "tokio",
];

/// Complains about edges between crates that the architecture does not have.
pub fn check(repository: &Repository) -> Result<Vec<Complaint>> {
    let metadata = metadata(repository)?;
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if packages.is_empty() {
        return Err(Error::bug("cargo metadata lists no packages"));
    }
    Ok(packages.iter().flat_map(check_package).collect())
}

fn metadata(repository: &Repository) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repository.root())
        .output()
        .map_err(|cause| Error::unavailable("cargo metadata does not start").because(cause))?;
    parse(output)
}

fn parse(output: Output) -> Result<Value> {
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Error::unavailable(format!(
            "cargo metadata failed: {}",
            why.trim()
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|cause| Error::unavailable("cargo metadata answered no JSON").because(cause))
}

fn check_package(package: &Value) -> Vec<Complaint> {
    let name = package["name"].as_str().unwrap_or_default();
    let dependencies = package["dependencies"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
        return vec![Complaint::file(
            name,
            "a crate that docs/architecture.md and xtask/src/tidy/crates.rs lack",
        )];
    };
    let used = dependencies
        .iter()
        .filter(|dependency| dependency["kind"].as_str() != Some("dev"));
    let forbidden = used
        .filter_map(|dependency| dependency["name"].as_str())
        .filter(|used| {
            let is_ours = MAY_USE.iter().any(|(known, _)| known == used);
            let is_impure = name == "keyward-core" && NOT_IN_CORE.contains(used);
            is_impure || (is_ours && !allowed.contains(used))
        });
    forbidden
        .map(|used| Complaint::file(name, format!("must not depend on {used}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(name: &str, dependencies: Value) -> usize {
        check_package(&serde_json::json!({"name": name, "dependencies": dependencies})).len()
    }

    #[test]
    fn a_failure_of_cargo_is_not_an_answer() {
        let script = "echo '{\"packages\": []}'; echo no manifest >&2; exit 101";
        let output = Command::new("sh").args(["-c", script]).output().unwrap();
        let error = parse(output).unwrap_err();
        assert!(error.to_string().contains("no manifest"), "{error}");
    }

    #[test]
    fn library_and_hands_do_not_know_each_other() {
        let on = |name: &str, kind: Option<&str>| serde_json::json!([{"name": name, "kind": kind}]);
        assert_eq!(complaints("keyward", on("keyward-embedded", None)), 1);
        assert_eq!(complaints("keyward", on("keyward-embedded", Some("dev"))), 0);
        assert_eq!(complaints("keyward-age", on("keyward", None)), 1);
        assert_eq!(complaints("keyward-core", on("keyward", Some("build"))), 1);
        assert_eq!(complaints("keyward-core", on("tokio", None)), 1);
        assert_eq!(complaints("keyward", on("tokio", None)), 0);
        assert_eq!(complaints("keyward-new", on("serde", None)), 1);
    }
}
