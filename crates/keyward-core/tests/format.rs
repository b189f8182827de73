//! docs/format.md and docs/escrow-drills.md: their requirements are numbered without a gap, and each is cited by a test
//! or a vector.
//!
//! A citation is a comment of numbers only (`// M12, M13`, `// E1`) in a Rust file that holds tests, or an entry of
//! `musts` in a file of vectors.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[test]
fn every_requirement_is_cited_and_no_citation_is_unknown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let by_vectors = cited_by_vectors(&root.join("tests/vectors"));
    for (document, letter, by_vectors) in [
        ("docs/format.md", 'M', by_vectors),
        ("docs/escrow-drills.md", 'E', BTreeSet::new()),
    ] {
        check(root.as_path(), document, letter, by_vectors);
    }
}

fn check(root: &Path, document: &str, letter: char, mut cited: BTreeSet<u32>) {
    let defined = defined(&fs::read_to_string(root.join(document)).unwrap(), letter);
    for folder in ["crates", "tests", "xtask"] {
        for file in rust_files(&root.join(folder)) {
            cited.extend(cited_by_tests(&fs::read_to_string(file).unwrap(), letter));
        }
    }
    let uncited: Vec<_> = defined.difference(&cited).collect();
    assert!(
        uncited.is_empty(),
        "required by {document}, but cited by no test and no vector: {uncited:?}"
    );
    let unknown: Vec<_> = cited.difference(&defined).collect();
    assert!(unknown.is_empty(), "cited, but not in {document}: {unknown:?}");
}

#[test]
fn citations_are_found() {
    assert_eq!(
        cited_by_tests(
            "// M1, M22\n#[test]\n    // M3\nlet m = \"// M4\"; // see M5\n// E6\n",
            'M'
        ),
        [1, 22, 3].into()
    );
    assert_eq!(defined("- **M1** a\n- **M2** b\n", 'M'), [1, 2].into());
}

/// The numbers that the document defines.
fn defined(document: &str, letter: char) -> BTreeSet<u32> {
    let numbers: Vec<u32> = document
        .split(&format!("**{letter}"))
        .skip(1)
        .filter_map(leading_number)
        .collect();
    let expected: Vec<u32> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "numbers are given once, in order");
    assert!(!numbers.is_empty());
    numbers.into_iter().collect()
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn cited_by_tests(source: &str, letter: char) -> BTreeSet<u32> {
    let comments = source
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("// "));
    let numbers = |comment| numbers_only(comment, letter);
    comments.filter_map(numbers).flatten().collect()
}

/// The numbers of `M12, M13`, and of nothing else.
fn numbers_only(comment: &str, letter: char) -> Option<Vec<u32>> {
    comment
        .split(", ")
        .map(|word| word.trim().strip_prefix(letter)?.parse().ok())
        .collect()
}

fn cited_by_vectors(folder: &Path) -> BTreeSet<u32> {
    let mut cited = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let document: Value =
            serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for vector in document["vectors"].as_array().unwrap() {
            let musts = vector["musts"].as_array().unwrap();
            assert!(!musts.is_empty(), "{} cites nothing", vector["name"]);
            cited.extend(
                musts
                    .iter()
                    .map(|must| must.as_str().unwrap()[1..].parse::<u32>().unwrap()),
            );
        }
    }
    cited
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => rust_files(&path),
            Some(extension) if extension == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}
