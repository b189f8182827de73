//! Lists of a server's store: in order, page by page, and complete while others write.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use keyward_core::key::KeySpec;
use keyward_core::kms::{EncryptWith, KmsCode};
use keyward_core::name::{CryptoKeyName, KeyRingName};
use keyward_embedded::{Page, Resident};
use support::{Bench, key, refused, ring};

fn make(store: &Resident, id: &str) -> CryptoKeyName {
    let name = ring().key(id).unwrap();
    let made = store.change(&name, |machine, now| {
        machine.create_key(&name, KeySpec::default(), now)
    });
    made.unwrap();
    name
}

fn page<K>(after: Option<K>, descending: bool, limit: usize) -> Page<K> {
    Page {
        after,
        descending,
        limit,
    }
}

#[test]
fn keys_come_in_order_and_in_pages() {
    let store = Bench::new().in_memory();
    refused(store.keys(&ring(), Page::whole()), KmsCode::NotFound, "KeyRing");
    store.create_ring(&ring()).unwrap();
    for id in ["b", "B", "a", "_", "-", "10", "9"] {
        make(&store, id);
    }
    let ids = |page| -> Vec<String> {
        let keys = store.keys(&ring(), page).unwrap();
        keys.into_iter()
            .map(|(key, _)| key.name.id().to_owned())
            .collect()
    };
    assert_eq!(ids(Page::whole()), ["-", "10", "9", "B", "_", "a", "b"]);
    assert_eq!(ids(page(None, false, 2)), ["-", "10"]);
    assert_eq!(ids(page(Some("10"), false, 2)), ["9", "B"]);
    assert_eq!(ids(page(Some("5"), false, 1)), ["9"], "a key that does not exist");
    assert_eq!(ids(page(None, true, 2)), ["b", "a"]);
    assert_eq!(ids(page(Some("9"), true, 9)), ["10", "-"]);
    assert_eq!(ids(page(Some("b"), false, 9)), [""; 0]);
    assert_eq!(store.count_keys(&ring()), Ok(7));
}

#[test]
fn rings_are_those_of_one_project_and_location() {
    let store = Bench::new().in_memory();
    let name = |project: &str, location: &str, id: &str| -> KeyRingName {
        format!("projects/{project}/locations/{location}/keyRings/{id}")
            .parse()
            .unwrap()
    };
    let longest = "z".repeat(63);
    for id in ["-", "m", &longest] {
        store.create_ring(&name("p", "us", id)).unwrap();
        store.create_ring(&name("p", "us1", id)).unwrap();
        store.create_ring(&name("q", "us", id)).unwrap();
    }
    let location = name("p", "us", "m").location().clone();
    let ids = |page| -> Vec<String> {
        let rings = store.rings("p", &location, page);
        rings.iter().map(|ring| ring.name.id().to_owned()).collect()
    };
    assert_eq!(ids(Page::whole()), ["-", "m", &longest]);
    assert_eq!(ids(page(Some("-"), false, 1)), ["m"]);
    assert_eq!(ids(page(None, true, 2)), [&longest, "m"]);
    assert_eq!(ids(page(Some("no id!"), false, 2)), [""; 0]);
    assert_eq!(store.count_rings("p", &location), 3);
    assert_eq!(store.count_rings("nobody", &location), 0);
    assert_eq!(store.count_rings("Not A Project", &location), 0);
}

#[test]
fn versions_come_by_number() {
    let store = Bench::new().in_memory();
    store.create_ring(&ring()).unwrap();
    let name = make(&store, "app");
    for _ in 1..12 {
        store
            .change(&name, |machine, now| machine.create_version(&name, now))
            .unwrap();
    }
    let numbers = |page| -> Vec<u64> {
        let versions = store.versions(&name, page).unwrap();
        versions.iter().map(|version| version.name.number()).collect()
    };
    assert_eq!(numbers(page(Some(8), false, 3)), [9, 10, 11]);
    assert_eq!(numbers(page(None, true, 2)), [12, 11]);
    assert_eq!(numbers(page(Some(u64::MAX), false, 2)), [0; 0]);
    assert_eq!(numbers(page(Some(2), true, 0)), [0; 0]);
}

/// Every version that was there when a reader began is in its pages, whatever writers do meanwhile.
fn read_while_written(store: &Resident) {
    let done = AtomicBool::new(false);
    let walk = || {
        let before = store.count_versions(&key()).unwrap();
        let (mut seen, mut last) = (BTreeSet::new(), None);
        loop {
            let page = store.versions(&key(), page(last, false, 7)).unwrap();
            let Some(end) = page.last() else { break };
            last = Some(end.name.number());
            seen.extend(page.iter().map(|version| version.name.number()));
        }
        let complete = (1..=before as u64).all(|number| seen.contains(&number));
        assert!(complete, "{before} versions, and {seen:?}");
    };
    let write = |turn: u64| {
        let made = store.change(&key(), |machine, now| machine.create_version(&key(), now));
        let made = made.unwrap().name;
        let step = store.change(&key(), |machine, now| match turn % 3 {
            0 => machine.disable(&made, now).map(|_| ()),
            1 => machine.schedule_destruction(&made, now).map(|_| ()),
            _ => machine.set_primary(&made, now).map(|_| ()),
        });
        step.unwrap();
    };
    let using = || {
        let sealed = store.encrypt(EncryptWith::Key(&key()), b"plain", b"").unwrap();
        let opened = store.decrypt(&key(), &sealed.ciphertext, b"").unwrap();
        assert_eq!(opened.plaintext.expose(), b"plain");
    };
    thread::scope(|scope| {
        let writers = [0, 1].map(|_| scope.spawn(|| (0..30).for_each(write)));
        for read in [&walk as &(dyn Fn() + Sync), &using, &walk, &using] {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    read();
                }
            });
        }
        let ended = writers.map(thread::ScopedJoinHandle::join);
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
    });
    assert_eq!(store.count_versions(&key()), Ok(61));
}

#[test]
fn readers_see_whole_lists_while_others_write_in_memory() {
    let store = Bench::new().in_memory();
    store.create_ring(&ring()).unwrap();
    make(&store, "app");
    read_while_written(&store);
}

#[test]
fn readers_see_whole_lists_while_others_write_to_disk() {
    let bench = Bench::with_key();
    read_while_written(&bench.serve());
    assert_eq!(bench.serve().count_versions(&key()), Ok(61));
}
