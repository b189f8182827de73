//! Pages of lists, over elements that come and go.

use std::cell::Cell;

use super::*;
use crate::interface::google::cloud::kms::v1::KeyRing;

fn listing<'a>(page_size: i32, page_token: &'a str, filter: &'a str, order_by: &'a str) -> Listing<'a> {
    Listing {
        method: "ListKeyRings",
        parent: "projects/p/locations/us",
        page_size,
        page_token,
        filter,
        order_by,
    }
}

/// Rings with these ids, in the way a store answers slices.
fn slice(ids: &[String], slice: &Slice<'_>) -> Vec<KeyRing> {
    let mut ids = ids.to_vec();
    ids.sort();
    if slice.descending {
        ids.reverse();
    }
    let is_next = |id: &&String| match slice.after {
        None => true,
        Some(after) if slice.descending => id.as_str() < after,
        Some(after) => id.as_str() > after,
    };
    let ring = |id: &String| KeyRing {
        name: format!("projects/p/locations/us/keyRings/{id}"),
        create_time: None,
    };
    ids.iter().filter(is_next).take(slice.limit).map(ring).collect()
}

fn ids(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|i| format!("r{i:05}")).collect()
}

fn page(all: &[String], listing: &Listing<'_>) -> Found<KeyRing> {
    list(listing, |asked| Ok(slice(all, asked)), || Ok(all.len())).unwrap()
}

/// Every id of every page.
fn walk(all: &[String], size: i32, filter: &str, order_by: &str) -> (Vec<String>, usize) {
    let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = page(all, &listing(size, &token, filter, order_by));
        pages += 1;
        found.extend(page.items.iter().map(|ring| ring.id().to_owned()));
        if page.next_page_token.is_empty() {
            return (found, pages);
        }
        token = page.next_page_token;
    }
}

#[test]
fn pages_add_up() {
    let all = ids(0, 2500);
    assert_eq!(walk(&all, 1000, "", ""), (all.clone(), 3));
    assert_eq!(walk(&all, 0, "", "name").1, 25);
    assert_eq!(walk(&all, i32::MAX, "", "").1, 3, "capped");
    assert_eq!(
        walk(&all[..100], 100, "", "").1,
        1,
        "an even end needs no empty page"
    );
    let reversed: Vec<String> = all.iter().rev().cloned().collect();
    assert_eq!(walk(&all, 999, "", "name desc").0, reversed);
    assert_eq!(walk(&[], 0, "", ""), (vec![], 1));
}

#[test]
fn what_comes_and_goes_between_pages_moves_nothing_else() {
    let before = ids(0, 10);
    let first = page(&before, &listing(4, "", "", ""));
    let mut after: Vec<String> = before
        .iter()
        .filter(|id| *id != "r00003" && *id != "r00001")
        .cloned()
        .collect();
    after.push("r00000x".to_owned());
    let second = page(&after, &listing(4, &first.next_page_token, "", ""));
    let second: Vec<&str> = second.items.iter().map(Listed::id).collect();
    assert_eq!(second, ["r00004", "r00005", "r00006", "r00007"]);
}

#[test]
fn a_filtered_page_looks_at_a_bounded_number_of_elements() {
    let all = ids(0, 20_000);
    let fetched = Cell::new(0);
    let fetch = |asked: &Slice<'_>| {
        let rings = slice(&all, asked);
        fetched.set(fetched.get() + rings.len());
        Ok(rings)
    };
    let found = list(&listing(10, "", "name:r19999", ""), fetch, || {
        panic!("not counted")
    })
    .unwrap();
    assert!(found.items.is_empty() && !found.next_page_token.is_empty());
    assert!(fetched.get() < 6_000, "{}", fetched.get());
    assert_eq!(walk(&all, 1000, "name:r1999", "").0, ids(19_990, 20_000));
}

#[test]
fn a_total_comes_without_a_filter_only() {
    let all = ids(0, 30);
    assert_eq!(page(&all, &listing(10, "", "", "")).total_size, 30);
    let filtered = page(&all, &listing(10, "", "name:r0000", ""));
    assert_eq!((filtered.total_size, filtered.items.len()), (0, 10));
    assert_eq!(filtered.next_page_token, "", "exactly one page of matches");
}

#[test]
fn orders() {
    for bad in [
        "Name",
        "name asc",
        "name  desc",
        "create_time",
        "name desc, name",
        " name",
    ] {
        assert!(is_descending(bad).is_err(), "{bad}");
    }
}
