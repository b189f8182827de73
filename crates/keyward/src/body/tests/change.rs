//! A source that changes while it is sealed is an error: what was read may never have been its content.

use std::time::{Duration, SystemTime};

use keyward_core::error::ErrorKind;

use super::*;

/// Seals a file of four groups to which `change` happens after each group.
fn seal_while(change: impl Fn(&File) + Sync) -> Result<u64> {
    let source = file(&message(4 * GROUP));
    let target = tempfile::tempfile().unwrap();
    seal_file(&source, &target, 0, sealer().1, workers(1), &|_| change(&source))
}

#[test]
fn it_may_not_shrink_grow_or_be_written_to() {
    type Change = (&'static str, fn(&File));
    let changes: [Change; 3] = [
        ("shrinks", |source| source.set_len(2 * GROUP as u64).unwrap()),
        ("grows", |source| source.set_len(5 * GROUP as u64).unwrap()),
        ("is written to", |source| {
            let another = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
            source.set_modified(another).unwrap();
        }),
    ];
    for (what, change) in changes {
        let error = seal_while(change)
            .err()
            .unwrap_or_else(|| panic!("a source that {what}"));
        assert_eq!(error.kind(), ErrorKind::Unavailable, "a source that {what}");
    }
    assert_eq!(seal_while(|_| ()).unwrap(), 4 * GROUP as u64);
}

#[test]
fn it_may_not_hold_more_than_its_length_says() {
    let source = File::open("/proc/self/status").unwrap();
    assert_eq!(source.metadata().unwrap().len(), 0);
    let target = tempfile::tempfile().unwrap();
    let error = seal_file(&source, &target, 0, sealer().1, workers(1), &|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
