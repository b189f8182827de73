//! Looking and using write nothing, and one location does not wait for another.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use keyward_core::key::{KeySpec, Permission};
use keyward_core::kms::{KmsAdmin, KmsRead, Observed};
use keyward_core::name::KeyRingName;
use rusqlite::Connection;
use support::{Bench, DAY, decrypt, key, ring, version, wait};

/// Every file below: content, time of change, inode.
fn snapshot(folder: &Path) -> BTreeMap<String, (Vec<u8>, i64, i64, u64)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(snapshot(&path));
        } else {
            let meta = path.metadata().unwrap();
            let state = (
                fs::read(&path).unwrap(),
                meta.mtime(),
                meta.mtime_nsec(),
                meta.ino(),
            );
            all.insert(path.display().to_string(), state);
        }
    }
    all
}

#[test]
fn looking_and_using_write_nothing() {
    let bench = Bench::with_rotating_key();
    let sealed = bench.encrypt();
    let before = snapshot(bench.path());
    bench.encrypt();
    bench.clock.advance(DAY * 3);
    let kms = bench.again();
    let project = ring().project().to_owned();
    wait(kms.list_rings(&project, ring().location()))
        .present()
        .unwrap();
    wait(kms.list_keys(&ring())).present().unwrap();
    assert_eq!(wait(kms.get_key(&key())).present().unwrap().primary, Some(4));
    assert_eq!(wait(kms.list_versions(&key())).present().unwrap().len(), 4);
    wait(kms.test_permissions(&key(), &[Permission::Encrypt]))
        .present()
        .unwrap();
    decrypt(&kms, &sealed).unwrap();
    assert_eq!(snapshot(bench.path()), before);
}

#[test]
fn what_reading_shows_is_what_encrypting_then_makes() {
    let bench = Bench::with_rotating_key();
    bench.clock.advance(DAY * 3);
    let shown = wait(bench.kms.list_versions(&key()));
    assert_eq!(bench.encrypt().version, version(4));
    assert!(bench.material(4).is_some());
    assert_eq!(wait(bench.kms.list_versions(&key())), shown);
}

#[test]
fn files_are_private() {
    let bench = Bench::with_key();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.db()), 0o600);
    assert_eq!(mode(&bench.root()), 0o600);
    assert_eq!(mode(&bench.kms_folder()), 0o700);
    let files: Vec<_> = fs::read_dir(bench.kms_folder()).unwrap().collect();
    assert_eq!(files.len(), 1, "one file a location");
}

#[test]
fn an_absent_file_is_unknown_and_a_file_without_the_key_is_missing() {
    let bench = Bench::with_key();
    let other = ring().key("other").unwrap();
    assert_eq!(wait(bench.kms.get_key(&other)), Observed::Absent);
    let away = bench.path().join("away");
    fs::rename(bench.db(), &away).unwrap();
    let Observed::Unknown(why) = wait(bench.kms.get_key(&key())) else {
        panic!("a file that is away says nothing");
    };
    assert!(why.contains("europe-west1.db"), "{why}");
    support::refused(
        wait(bench.kms.create_version(&key())),
        keyward_core::kms::KmsCode::Unavailable,
        "europe-west1.db",
    );
    fs::rename(&away, bench.db()).unwrap();
    assert!(matches!(wait(bench.kms.get_key(&key())), Observed::Present(_)));
}

#[test]
fn a_busy_location_does_not_hold_up_another() {
    let bench = Bench::with_key();
    let elsewhere: KeyRingName = "projects/local/locations/us-central1/keyRings/secrets"
        .parse()
        .unwrap();
    wait(bench.kms.create_ring(&elsewhere)).unwrap();
    let other = elsewhere.key("app").unwrap();
    wait(bench.kms.create_key(&other, KeySpec::default())).unwrap();

    let lock = Connection::open(bench.db()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    wait(async {
        let kms = bench.kms.clone();
        let busy = tokio::spawn(async move { kms.get_key(&key()).await });
        tokio::task::yield_now().await;
        assert!(matches!(bench.kms.get_key(&other).await, Observed::Present(_)));
        // Had the busy one stopped this thread, it would have given up by now.
        assert!(!busy.is_finished());
        lock.execute_batch("COMMIT").unwrap();
        assert!(matches!(busy.await.unwrap(), Observed::Present(_)));
    });
}

#[test]
fn whoever_gives_up_goes_on_at_once() {
    let bench = Bench::with_key();
    let lock = Connection::open(bench.db()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let name = key();
    let looking = bench.kms.get_key(&name);
    let given_up = runtime.block_on(async { tokio::time::timeout(Duration::from_millis(20), looking).await });
    drop(runtime);
    assert!(given_up.is_err());
    // The lock is waited for 5 seconds, by a thread that holds up nobody.
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_lock_that_is_never_released_is_unknown_in_the_end() {
    let bench = Bench::with_key();
    let lock = Connection::open(bench.db()).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let Observed::Unknown(why) = wait(bench.kms.get_key(&key())) else {
        panic!("nothing can be seen behind a lock");
    };
    assert!(why.starts_with("UNAVAILABLE") && why.contains("lock"), "{why}");
}
