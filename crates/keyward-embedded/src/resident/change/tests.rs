//! What is shown of a key when nobody knows whether its last write is on the disk.

use std::path::Path;

use keyward_core::clock::{Clock, ManualClock};
use keyward_core::key::{KeySpec, VersionState};
use keyward_core::limits::DESTROY_WINDOW_DEFAULT;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::super::Page;
use super::*;
use crate::root::RootKeySource;

fn opened(folder: &Path, clock: &Arc<ManualClock>) -> Resident {
    let root = RootKeySource::File(folder.join("root.key"));
    let rng = Box::new(StdRng::seed_from_u64(1));
    Resident::open(folder, root, Arc::clone(clock) as Arc<dyn Clock>, rng).unwrap()
}

fn with_key(folder: &Path, clock: &Arc<ManualClock>) -> (Resident, CryptoKeyName) {
    let store = opened(folder, clock);
    let key: CryptoKeyName = "projects/p/locations/us/keyRings/r/cryptoKeys/k".parse().unwrap();
    store.create_ring(key.ring()).unwrap();
    let create = |machine: &mut Machine, now| machine.create_key(&key, KeySpec::default(), now);
    store.change(&key, create).unwrap();
    (store, key)
}

fn end(key: &CryptoKeyName) -> impl FnOnce(&mut Machine, Timestamp) -> Result<()> {
    let version = key.version(1);
    move |machine, now| machine.schedule_destruction(&version, now).map(drop)
}

/// Writes an end of the first version, of which nobody hears whether it arrived.
fn written_unheard(store: &Resident, key: &CryptoKeyName) {
    let Place::Disk(disk) = &store.0.place else {
        panic!("a folder");
    };
    let (mut machine, before) = store.copy(key);
    end(key)(&mut machine, store.now()).unwrap();
    let changes = store.changes(machine.take_effects());
    let after = machine.unload_key(key).unwrap();
    let sealed = disk.seal(key, &changes, &mut **store.rng()).unwrap();
    disk.write(before.as_deref(), &after, sealed).unwrap();
    disk.doubt(&mut disk.turn(), key, true);
}

#[test]
fn who_looks_at_a_doubtful_key_sees_what_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
    let (store, key) = with_key(folder.path(), &clock);
    written_unheard(&store, &key);
    assert!(store.may_wait());
    let seen = store.version(&key.version(1)).unwrap().state;
    assert_eq!(seen, VersionState::DestroyScheduled);
    let (_, primary) = store.keys(key.ring(), Page::whole()).unwrap().remove(0);
    assert_eq!(primary.unwrap().state, VersionState::DestroyScheduled);
}

#[test]
fn while_the_disk_does_not_say_nothing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
    let (store, key) = with_key(folder.path(), &clock);
    written_unheard(&store, &key);
    let (file, aside) = (folder.path().join("us.db"), folder.path().join("aside"));
    std::fs::rename(&file, &aside).unwrap();
    assert!(store.version(&key.version(1)).is_err());
    assert!(store.keys(key.ring(), Page::whole()).is_err());
    std::fs::rename(&aside, &file).unwrap();
    let seen = store.version(&key.version(1)).unwrap().state;
    assert_eq!(seen, VersionState::DestroyScheduled);
}

#[test]
fn who_looks_may_wait_only_once_something_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
    let (store, key) = with_key(folder.path(), &clock);
    store.settle();
    assert!(!store.may_wait());
    store.change(&key, end(&key)).unwrap();
    assert!(!store.may_wait());
    clock.advance(DESTROY_WINDOW_DEFAULT);
    assert!(store.may_wait());
    store.settle();
    assert!(!store.may_wait());
}
