//! Whole, private, and nothing of anybody else's lost.

use std::os::unix::fs::MetadataExt;

use super::*;
use keyward_core::error::ErrorKind;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

#[test]
fn an_existing_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    write(&target, b"one", Access::Private, Existing::Refuse).unwrap();
    let error = write(&target, b"two", Access::Private, Existing::Refuse).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        (std::fs::read(&target).unwrap(), mode(&target)),
        (b"one".to_vec(), 0o600)
    );
}

#[test]
fn a_file_that_appears_meanwhile_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    let new = NewFile::create(&target, Access::Private, Existing::Refuse).unwrap();
    std::fs::write(&target, "theirs").unwrap();
    assert!(new.commit().is_err());
    assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_replaced_file_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    std::fs::write(&target, "old").unwrap();
    std::fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
    let snapshot = Snapshot::of(&File::open(&target).unwrap(), &target).unwrap();
    write(&target, b"new", Access::Shared, Existing::Replace(snapshot)).unwrap();
    assert_eq!(
        (std::fs::read(&target).unwrap(), mode(&target)),
        (b"new".to_vec(), 0o640)
    );
}

#[test]
fn a_file_that_changed_since_it_was_read_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    std::fs::write(&target, "old").unwrap();
    let snapshot = Snapshot::of(&File::open(&target).unwrap(), &target).unwrap();
    std::fs::write(&target, "edited by another").unwrap();
    let error = write(&target, b"new", Access::Private, Existing::Replace(snapshot)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(std::fs::read(&target).unwrap(), b"edited by another");
}

#[test]
fn a_change_that_put_length_and_time_back_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    std::fs::write(&target, "one").unwrap();
    let file = File::options().read(true).write(true).open(&target).unwrap();
    let (snapshot, then) = (
        Snapshot::of(&file, &target).unwrap(),
        file.metadata().unwrap().modified().unwrap(),
    );
    // The clock of a file system is coarse: wait until it tells another time.
    let changed = || {
        (
            file.metadata().unwrap().ctime(),
            file.metadata().unwrap().ctime_nsec(),
        )
    };
    let before = changed();
    while changed() == before {
        std::fs::write(&target, "two").unwrap();
        file.set_modified(then).unwrap();
    }
    assert_eq!(file.metadata().unwrap().modified().unwrap(), then);
    assert!(write(&target, b"new", Access::Private, Existing::Replace(snapshot)).is_err());
}

#[test]
fn a_message_does_not_tell_the_temporary_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = NewFile::create(&folder.path().join("no/a"), Access::Private, Existing::Refuse).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(!error.to_string().contains(".tmp\""), "{error}");
}

#[test]
fn dropped_without_a_commit_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(NewFile::create(&folder.path().join("a"), Access::Shared, Existing::Refuse).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn until_it_is_whole_it_has_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    let new = NewFile::create(&target, Access::Private, Existing::Refuse).unwrap();
    new.file().write_all(b"secret").unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(std::fs::read(new.path()).unwrap(), b"secret");
    new.commit().unwrap();
    assert_eq!(
        (std::fs::read(&target).unwrap(), mode(&target)),
        (b"secret".to_vec(), 0o600)
    );
}

#[test]
fn where_every_file_has_a_name_it_is_a_temporary_one() {
    let folder = tempfile::tempdir().unwrap();
    let named = || Temporary::named(folder.path(), 0o600).unwrap();
    drop(named());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let target = folder.path().join("a");
    named().become_new(&target).unwrap();
    assert!(named().become_new(&target).is_err());
    let old = Snapshot::at(&target).unwrap();
    let new = named();
    new.file().write_all(b"new").unwrap();
    swap::replace(new.into_named(folder.path()).unwrap(), &target, &old).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"new");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn plaintext_that_replaces_a_file_is_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    for (before, after) in [(0o644, 0o600), (0o755, 0o700), (0o440, 0o400)] {
        let _ = std::fs::remove_file(&target);
        std::fs::write(&target, "sealed").unwrap();
        std::fs::set_permissions(&target, Permissions::from_mode(before)).unwrap();
        let snapshot = Snapshot::at(&target).unwrap();
        assert!(!snapshot.is_private());
        let new = NewFile::create(&target, Access::Private, Existing::Replace(snapshot)).unwrap();
        assert_eq!(mode(new.path()), 0o600);
        new.commit().unwrap();
        assert_eq!(mode(&target), after);
        assert!(Snapshot::at(&target).unwrap().is_private());
    }
}

#[test]
fn what_came_between_looking_and_moving_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    std::fs::write(&target, "old").unwrap();
    let old = Snapshot::at(&target).unwrap();
    let theirs = folder.path().join("theirs");
    std::fs::write(&theirs, "new").unwrap();
    std::fs::rename(&theirs, &target).unwrap();
    let ours = Temporary::create(folder.path(), 0o600).unwrap();
    let error = swap::exchange(ours.into_named(folder.path()).unwrap(), &target, &old).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(std::fs::read(&target).unwrap(), b"new");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn of_two_that_replace_one_file_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    for _ in 0..50 {
        std::fs::write(&target, "old").unwrap();
        let old = Snapshot::at(&target).unwrap();
        let start = std::sync::Barrier::new(2);
        let replace = |content: &'static [u8]| {
            let new = NewFile::create(&target, Access::Shared, Existing::Replace(old)).unwrap();
            new.file().write_all(content).unwrap();
            start.wait();
            new.commit().is_ok()
        };
        let done = std::thread::scope(|scope| {
            let one = scope.spawn(|| replace(b"one"));
            (replace(b"two"), one.join().unwrap())
        });
        let now = std::fs::read(&target).unwrap();
        assert_ne!(done, (true, true));
        assert!(!done.0 || now == b"two");
        assert!(!done.1 || now == b"one");
    }
}
