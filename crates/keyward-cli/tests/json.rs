//! docs/json.md names every field that the cases of `--json` show, under the verb that prints it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[test]
fn every_field_that_is_shown_is_documented() {
    let documented = documented(&page("docs/json.md"));
    let shown = shown(&page("tests/cases/json.md"));
    assert!(shown.len() > 15, "only {} verbs are shown", shown.len());
    let shared = &documented["errors"] | &documented["wraps"];
    for (verb, fields) in &shown {
        let own = documented
            .get(verb)
            .unwrap_or_else(|| panic!("no section for {verb}"));
        let missing: Vec<_> = fields
            .iter()
            .filter(|name| !own.contains(*name) && !shared.contains(*name))
            .collect();
        assert!(missing.is_empty(), "{verb}: {missing:?} are not in docs/json.md");
    }
    for verb in documented.keys().filter(|title| title.starts_with("keyward ")) {
        assert!(
            shown.contains_key(verb),
            "tests/cases/json.md does not show {verb}"
        );
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// Section title (each of several) to the fields of its table's first column.
fn documented(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sections = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let (titles, table) = section.split_once('\n').unwrap();
        let cells = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
        let names = cells.flat_map(|cell| cell.split(", "));
        let fields: BTreeSet<_> = names.map(|name| name.trim_matches('`').to_owned()).collect();
        for title in titles.split(", ") {
            sections.insert(title.to_owned(), fields.clone());
        }
    }
    sections
}

/// Verb to the fields of the objects that it prints. The names in a context are whatever its writer chose.
fn shown(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut verbs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut verb, mut in_context) = (None, false);
    for line in page.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            verb = verb_of(command);
        } else if line == "  \"error\": {" {
            verb = Some("errors".to_owned());
        } else if in_context {
            in_context = line.trim_start() != "}" && line.trim_start() != "},";
        } else if let (Some(verb), Some((name, value))) = (&verb, line.trim_start().split_once("\": ")) {
            let fields = verbs.entry(String::clone(verb)).or_default();
            fields.extend(name.strip_prefix('"').map(ToOwned::to_owned));
            in_context = name == "\"context" && value == "{";
        }
    }
    verbs
}

/// `keyward VERB`, or `keyward NOUN VERB`, of a line that asks for an object.
fn verb_of(command: &str) -> Option<String> {
    let words = command.split("keyward --json ").nth(1)?;
    let mut words = words.split_whitespace();
    let verb = words.next()?;
    match verb {
        "key" | "escrow" | "credential" | "audit" => Some(format!("keyward {verb} {}", words.next()?)),
        _ => Some(format!("keyward {verb}")),
    }
}
