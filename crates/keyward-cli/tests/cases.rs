//! Command lines and what they print, exactly: every page in tests/cases/, each in an empty folder of its own.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::thread;

mod transcript;

#[test]
fn every_case_does_what_it_says() {
    let pages = pages();
    assert!(pages.len() >= 10, "only {} cases", pages.len());
    thread::scope(|scope| {
        for page in &pages {
            scope.spawn(|| transcript::check(page));
        }
    });
}

/// Every file there: one that is no page fails, so that none is forgotten.
fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let pages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for page in &pages {
        assert!(
            page.extension().is_some_and(|extension| extension == "md"),
            "{} is no case",
            page.display()
        );
    }
    pages
}
