//! The store of a server: what it keeps, what it wipes, and what it shares with the embedded KMS.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::fs;

use keyward_core::clock::{Clock, later};
use keyward_core::key::{DestroyWindow, KeySpec, KeyUpdate, ProtectionLevel, RotationSchedule, VersionState};
use keyward_core::kms::{EncryptWith, Encrypted, KmsAdmin, KmsCode, KmsError, KmsRead, Observed};
use keyward_embedded::{Page, Resident};
use support::{Bench, DAY, key, refused, ring, version, wait};

fn with_key(store: &Resident, spec: KeySpec) {
    store.create_ring(&ring()).unwrap();
    store
        .change(&key(), |machine, now| machine.create_key(&key(), spec, now))
        .unwrap();
}

fn seal(store: &Resident) -> Encrypted {
    store.encrypt(EncryptWith::Key(&key()), b"plain", b"aad").unwrap()
}

fn open(store: &Resident, sealed: &Encrypted) -> Result<Vec<u8>, KmsError> {
    let opened = store.decrypt(&key(), &sealed.ciphertext, b"aad")?;
    assert_eq!(opened.version, sealed.version);
    Ok(opened.plaintext.expose().to_vec())
}

fn add_version(store: &Resident) -> u64 {
    let made = store.change(&key(), |machine, now| machine.create_version(&key(), now));
    made.unwrap().name.number()
}

fn order_destruction(store: &Resident, number: u64) {
    store
        .change(&key(), |machine, now| {
            machine.schedule_destruction(&version(number), now)
        })
        .unwrap();
}

fn two_days() -> KeySpec {
    KeySpec {
        destroy_window: DestroyWindow::new(DAY * 2).unwrap(),
        ..KeySpec::default()
    }
}

#[test]
fn a_restart_keeps_everything() {
    let bench = Bench::new();
    let store = bench.serve();
    assert!(store.is_persisted() && !bench.in_memory().is_persisted());
    refused(store.ring(&ring()), KmsCode::NotFound, "not found");
    with_key(
        &store,
        KeySpec {
            protection: ProtectionLevel::Hsm,
            rotation: Some(RotationSchedule::once(later(bench.clock.now(), DAY))),
            ..two_days()
        },
    );
    let sealed = seal(&store);
    add_version(&store);
    let before = (store.key(&key()), store.versions(&key(), Page::whole()));
    drop(store);
    let store = bench.serve();
    assert_eq!((store.key(&key()), store.versions(&key(), Page::whole())), before);
    assert_eq!(store.ring(&ring()).unwrap().name, ring());
    assert_eq!(open(&store, &sealed).unwrap(), b"plain");
}

#[test]
fn either_opens_what_the_other_wrote() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    let store = bench.serve();
    assert_eq!(open(&store, &sealed).unwrap(), b"plain");
    add_version(&store);
    store
        .change(&key(), |machine, now| machine.set_primary(&version(2), now))
        .unwrap();
    let resealed = seal(&store);
    drop(store);
    assert_eq!(
        support::decrypt(&bench.kms, &resealed).unwrap().expose(),
        b"plain"
    );
    assert_eq!(bench.encrypt().version, version(2));
}

#[test]
fn a_folder_has_one_server() {
    let bench = Bench::new();
    let store = bench.serve();
    let other = bench.try_to_serve().err().expect("it was opened twice");
    assert_eq!(other.code, KmsCode::Unavailable);
    assert!(other.message.contains("another process serves"), "{other}");
    assert!(other.hint.is_some());
    let handle = store.clone();
    drop(store);
    assert!(bench.try_to_serve().is_err(), "a handle is left");
    drop(handle);
    bench.serve();
}

#[test]
fn what_is_destroyed_is_gone_at_once_and_for_good() {
    let bench = Bench::new();
    let store = bench.serve();
    with_key(&store, two_days());
    let sealed = seal(&store);
    add_version(&store);
    order_destruction(&store, 1);
    let blob = bench.material(1).unwrap();
    let is_in_file = || {
        let file = fs::read(bench.db()).unwrap();
        file.windows(blob.len()).any(|window| window == blob)
    };
    assert!(is_in_file());
    assert_eq!(store.settle(), Some(later(bench.clock.now(), DAY * 2)));

    bench.clock.advance(DAY * 2);
    assert_eq!(store.settle(), None);
    assert_eq!(bench.material(1), None);
    assert!(!is_in_file());
    for store in [store, bench_again(&bench)] {
        let gone = store.version(&version(1)).unwrap();
        assert_eq!(gone.state, VersionState::Destroyed);
        let refusals = [
            open(&store, &sealed).unwrap_err(),
            store
                .decrypt_unchecked(&key(), &sealed.ciphertext, b"aad")
                .err()
                .unwrap(),
            store
                .encrypt_unchecked(EncryptWith::Version(&version(1)), b"", b"")
                .unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.code, KmsCode::FailedPrecondition);
            assert_eq!(refusal.violation.unwrap().kind, "KEY_DESTROYED");
        }
    }
}

/// The store of the same folder in another server, which reads a copy: the first one still serves.
fn bench_again(bench: &Bench) -> Resident {
    let copy = bench.path().join("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(bench.db(), copy.join("europe-west1.db")).unwrap();
    let root = keyward_embedded::RootKeySource::File(bench.root());
    Resident::open(&copy, root, bench.clock.clone(), support::rng()).unwrap()
}

#[test]
fn looking_carries_out_what_is_due_and_keeps_it() {
    let bench = Bench::new();
    let store = bench.serve();
    let rotation = RotationSchedule::new(DAY, later(bench.clock.now(), DAY)).unwrap();
    with_key(
        &store,
        KeySpec {
            rotation: Some(rotation),
            ..two_days()
        },
    );
    let sealed = seal(&store);
    bench.clock.advance(DAY);
    let (seen, primary) = store.key(&key()).unwrap();
    assert_eq!((seen.primary, primary.unwrap().name), (Some(2), version(2)));
    assert!(bench.material(2).is_some(), "on disk before it is seen");
    bench.clock.advance(DAY);
    let page = store.keys(&ring(), Page::whole()).unwrap();
    assert_eq!(page[0].0.primary, Some(3));
    bench.clock.advance(DAY);
    assert_eq!(seal(&store).version, version(4));
    assert_eq!(open(&store, &sealed).unwrap(), b"plain");
    drop(store);
    assert_eq!(bench.serve().count_versions(&key()), Ok(4));
}

#[test]
fn an_update_by_field_is_kept() {
    let bench = Bench::new();
    let store = bench.serve();
    let labels = |value: &str| [("team".to_owned(), value.to_owned())].into();
    with_key(
        &store,
        KeySpec {
            labels: labels("one"),
            ..two_days()
        },
    );
    let update = |labels, rotation| {
        let update = KeyUpdate { labels, rotation };
        store.change(&key(), |machine, now| machine.update_key(&key(), update, now))
    };
    let next = RotationSchedule::once(later(bench.clock.now(), DAY));
    update(None, Some(Some(next))).unwrap();
    update(Some(labels("two")), None).unwrap();
    let past = RotationSchedule::once(bench.clock.now());
    refused(
        update(Some(labels("three")), Some(Some(past))),
        KmsCode::InvalidArgument,
        "in the future",
    );
    for seen in [store.key(&key()).unwrap().0, {
        let Observed::Present(seen) = wait(bench.kms.get_key(&key())) else {
            panic!("the key is there");
        };
        seen
    }] {
        assert_eq!((seen.labels, seen.rotation), (labels("two"), Some(next)));
    }
    update(Some([].into()), Some(None)).unwrap();
    let seen = wait(bench.kms.get_key(&key())).present().unwrap();
    assert_eq!((seen.labels.len(), seen.rotation), (0, None));
}

#[test]
fn a_failed_write_changes_nothing_and_the_disk_decides_afterwards() {
    let bench = Bench::new();
    let store = bench.serve();
    with_key(&store, two_days());
    let away = bench.path().join("away.db");
    fs::rename(bench.db(), &away).unwrap();
    refused(
        store.change(&key(), |machine, now| machine.create_version(&key(), now)),
        KmsCode::Unavailable,
        "does not exist",
    );
    // Nobody knows how the key is now, and that is what is said.
    let unseen = store.versions(&key(), Page::whole());
    refused(unseen, KmsCode::Unavailable, "does not exist");
    // As if another write that was not acknowledged had reached the disk.
    fs::rename(&away, bench.db()).unwrap();
    bench.sql("UPDATE version SET state = 'DISABLED'");
    assert_eq!(store.version(&version(1)).unwrap().state, VersionState::Disabled);
    assert_eq!(add_version(&store), 2);
    let missing = store.change(&ring().key("other").unwrap(), |machine, now| {
        machine.create_version(&ring().key("other").unwrap(), now)
    });
    refused(missing, KmsCode::NotFound, "not found");
}

#[test]
fn what_is_due_and_cannot_be_written_is_not_shown() {
    let bench = Bench::new();
    let store = bench.serve();
    with_key(&store, two_days());
    order_destruction(&store, 1);
    bench.clock.advance(DAY * 2);
    let away = bench.path().join("away.db");
    fs::rename(bench.db(), &away).unwrap();
    refused(store.version(&version(1)), KmsCode::Unavailable, "does not exist");
    refused(store.settle_now(), KmsCode::Unavailable, "does not exist");
    let again = store.settle().unwrap();
    assert!(again > bench.clock.now(), "tried again, but not in circles");
    fs::rename(&away, bench.db()).unwrap();
    assert_eq!(store.version(&version(1)).unwrap().state, VersionState::Destroyed);
}

#[test]
fn a_ring_that_is_there_already_is_refused_and_a_location_gets_its_file() {
    let bench = Bench::new();
    let store = bench.serve();
    assert!(!bench.db().exists());
    store.create_ring(&ring()).unwrap();
    assert!(bench.db().exists());
    for store in [store, bench.in_memory()] {
        let _ = store.create_ring(&ring());
        refused(
            store.create_ring(&ring()),
            KmsCode::AlreadyExists,
            "already exists",
        );
        let rings = store.rings("local", ring().location(), Page::whole());
        assert_eq!(rings.len(), 1);
    }
}

#[test]
fn a_snapshot_stands_still_and_only_shows() {
    let bench = Bench::new();
    for store in [bench.serve(), bench.in_memory()] {
        with_key(
            &store,
            KeySpec {
                rotation: Some(RotationSchedule::once(later(bench.clock.now(), DAY))),
                ..two_days()
            },
        );
        let snapshot = store.snapshot();
        add_version(&store);
        bench.clock.advance(DAY * 3);
        assert_eq!(store.key(&key()).unwrap().0.primary, Some(3));
        assert_eq!(snapshot.key(&key()).unwrap().0.primary, Some(1));
        assert_eq!(snapshot.count_versions(&key()), Ok(1));
        assert!(snapshot.encrypt(EncryptWith::Key(&key()), b"", b"").is_err());
        assert!(snapshot.change(&key(), |_, _| Ok(())).is_err());
        assert!(snapshot.create_ring(&ring()).is_err());
    }
}

#[test]
fn without_care_a_disabled_version_is_used() {
    let bench = Bench::new();
    let store = bench.in_memory();
    with_key(&store, two_days());
    let sealed = seal(&store);
    store
        .change(&key(), |machine, now| machine.disable(&version(1), now))
        .unwrap();
    refused(open(&store, &sealed), KmsCode::FailedPrecondition, "DISABLED");
    let opened = store
        .decrypt_unchecked(&key(), &sealed.ciphertext, b"aad")
        .unwrap();
    assert_eq!(opened.plaintext.expose(), b"plain");
    let with = EncryptWith::Key(&key());
    assert!(store.encrypt_unchecked(with, b"plain", b"aad").is_ok());
    order_destruction(&store, 1);
    assert!(store.encrypt_unchecked(with, b"plain", b"aad").is_ok());
}

#[test]
fn a_key_in_hardware_takes_less() {
    let bench = Bench::new();
    let store = bench.in_memory();
    with_key(
        &store,
        KeySpec {
            protection: ProtectionLevel::Hsm,
            ..two_days()
        },
    );
    let with = EncryptWith::Key(&key());
    assert!(store.encrypt(with, &[0; 8000], &[0; 192]).is_ok());
    refused(
        store.encrypt(with, &[0; 8000], &[0; 193]),
        KmsCode::InvalidArgument,
        "at most 8192",
    );
}

#[test]
fn a_panic_inside_a_change_loses_no_key() {
    let bench = Bench::new();
    let store = bench.in_memory();
    with_key(&store, two_days());
    let handle = store.clone();
    let thread = std::thread::spawn(move || {
        handle.change(&key(), |_, _| -> Result<(), KmsError> { panic!("on purpose") })
    });
    assert!(thread.join().is_err());
    assert_eq!(seal(&store).version, version(1));
}

#[test]
fn a_software_store_makes_no_key_in_hardware() {
    let bench = Bench::with_key();
    let spec = KeySpec {
        protection: ProtectionLevel::Hsm,
        ..KeySpec::default()
    };
    let other = ring().key("other").unwrap();
    refused(
        wait(bench.kms.create_key(&other, spec)),
        KmsCode::InvalidArgument,
        "in software",
    );
}
