//! Listing objects.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bench::{Bench, logs};

const LIST: &str = "/storage/v1/b/logs/o";

fn names(listed: &Value) -> Vec<String> {
    let items = listed["items"].as_array().into_iter().flatten();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

fn prefixes(listed: &Value) -> Vec<String> {
    let prefixes = listed["prefixes"].as_array().into_iter().flatten();
    prefixes
        .map(|prefix| prefix.as_str().unwrap().to_owned())
        .collect()
}

fn filled(names: &[&str]) -> Bench {
    let bench = Bench::with_bucket(&logs());
    for name in names {
        bench.upload(&name.replace('/', "%2F"), "x", "").ok();
    }
    bench
}

#[test]
fn objects_are_listed_in_order_of_their_bytes() {
    let bench = filled(&["b", "a/2", "a/1", "ä", "B"]);
    assert_eq!(names(&bench.get(LIST).ok()), ["B", "a/1", "a/2", "b", "ä"]);
    assert_eq!(
        names(&bench.get(&format!("{LIST}?prefix=a%2F")).ok()),
        ["a/1", "a/2"]
    );
    assert_eq!(
        names(&bench.get(&format!("{LIST}?startOffset=a%2F2&endOffset=b")).ok()),
        ["a/2"]
    );
    assert_eq!(bench.get("/storage/v1/b/nothing/o").refused().0, 404);
}

#[test]
fn names_are_folded_at_a_delimiter() {
    let bench = filled(&["a/", "a/1", "a/b/1", "a/b/2", "b", "c/1"]);
    let top = bench.get(&format!("{LIST}?delimiter=%2F")).ok();
    assert_eq!(
        (names(&top), prefixes(&top)),
        (vec!["b".to_owned()], vec!["a/".to_owned(), "c/".to_owned()])
    );
    let under = bench.get(&format!("{LIST}?delimiter=%2F&prefix=a%2F")).ok();
    assert_eq!(
        (names(&under), prefixes(&under)),
        (vec!["a/".to_owned(), "a/1".to_owned()], vec!["a/b/".to_owned()])
    );
    let trailing = bench
        .get(&format!("{LIST}?delimiter=%2F&includeTrailingDelimiter=true"))
        .ok();
    assert_eq!(names(&trailing), ["a/", "b"]);
}

#[test]
fn versions_are_listed_by_name_and_generation() {
    let bench = Bench::with_bucket(&json!({ "name": "logs", "versioning": { "enabled": true } }));
    for name in ["a", "a%01", "a", "b", "a"] {
        bench.upload(name, "x", "").ok();
    }
    bench.delete("/storage/v1/b/logs/o/b");
    let all = bench.get(&format!("{LIST}?versions=true")).ok();
    assert_eq!(names(&all), ["a", "a", "a", "a\u{1}", "b"]);
    let gone: Vec<bool> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["timeDeleted"].is_string())
        .collect();
    assert_eq!(gone, [true, true, false, false, true]);
    assert_eq!(names(&bench.get(LIST).ok()), ["a", "a\u{1}"]);
    assert_eq!(paged(&bench, "versions=true", 1).0.len(), 5);
}

#[test]
fn foreign_tokens_and_parameters_are_refused() {
    let bench = filled(&["a"]);
    for query in [
        "pageToken=x",
        "pageToken=%00",
        "pageToken=YWJj",
        "maxResults=-1",
        "maxResults=x",
        "versions=maybe",
    ] {
        assert_eq!(
            bench.get(&format!("{LIST}?{query}")).refused(),
            (400, "invalidParameter".to_owned()),
            "{query}"
        );
    }
    assert_eq!(bench.get(&format!("{LIST}?matchGlob=a*")).refused().0, 501);
    assert_eq!(
        names(&bench.get(&format!("{LIST}?maxResults=9223372036854775807")).ok()),
        ["a"]
    );
}

/// All pages of a list, joined.
fn paged(bench: &Bench, query: &str, size: usize) -> (Vec<String>, Vec<String>) {
    let (mut all, mut folded, mut token) = (Vec::new(), Vec::new(), String::new());
    for _ in 0..500 {
        let page = bench
            .get(&format!("{LIST}?{query}&maxResults={size}{token}"))
            .ok();
        let (listed, prefixes) = (names(&page), prefixes(&page));
        assert!(listed.len() + prefixes.len() <= size);
        all.extend(listed);
        folded.extend(prefixes);
        match page["nextPageToken"].as_str() {
            Some(next) => token = format!("&pageToken={next}"),
            None => return (all, folded),
        }
    }
    panic!("the list does not end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_of_any_size_make_one_list(
        made in vec("[ab/]{1,4}", 1..24),
        prefix in "[ab/]{0,2}",
        folds in any::<bool>(),
        size in 1_usize..5,
    ) {
        let made: Vec<&str> = made.iter().map(|name| &**name).collect();
        let bench = filled(&made);
        let mut expected: Vec<String> = Vec::new();
        let mut folded: Vec<String> = Vec::new();
        for name in made.iter().filter(|name| name.starts_with(&prefix)) {
            match name[prefix.len()..].find('/').filter(|_| folds) {
                Some(at) => folded.push(name[..=prefix.len() + at].to_owned()),
                None => expected.push((*name).to_owned()),
            }
        }
        for list in [&mut expected, &mut folded] {
            list.sort();
            list.dedup();
        }
        let delimiter = if folds { "&delimiter=%2F" } else { "" };
        let query = format!("prefix={}{delimiter}", prefix.replace('/', "%2F"));
        prop_assert_eq!(paged(&bench, &query, size), (expected, folded));
    }
}
