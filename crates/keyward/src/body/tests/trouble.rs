//! Full disks, closed pipes, failing sources and panics: an error, and nobody waits for ever.

use std::error::Error as _;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use keyward_core::error::{Error, ErrorKind};

use super::*;

/// A device on which every write finds the disk full.
fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn cause(error: &Error) -> io::ErrorKind {
    let source = error.source().unwrap();
    source.downcast_ref::<io::Error>().unwrap().kind()
}

#[test]
fn a_full_disk_may_be_tried_again() {
    let plain = message(3 * GROUP);
    let chunks = &sealed(&plain)[BODY_HEAD_LEN..];
    for threads in [1, 3] {
        let workers = workers(threads);
        let failures = [
            seal_file(&file(&plain), &full_disk(), 0, sealer().1, workers, &|_| ()),
            open_file(
                &file(&sealed(&plain)),
                0,
                &full_disk(),
                &opener(),
                workers,
                &|_| (),
            ),
            seal_stream(
                &mut plain.as_slice(),
                &mut full_disk(),
                sealer().1,
                workers,
                &|_| (),
            ),
            open_stream(&mut { chunks }, &mut full_disk(), &opener(), workers, &|_| ()),
        ];
        for failure in failures {
            let error = failure.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert_eq!(cause(&error), io::ErrorKind::StorageFull);
            assert_eq!(error.hints().len(), 1);
        }
    }
}

#[test]
fn a_closed_pipe_is_told_by_its_cause() {
    let plain = message(5 * GROUP);
    let (reader, mut writer) = io::pipe().unwrap();
    drop(reader);
    let chunks = &mut &sealed(&plain)[BODY_HEAD_LEN..];
    let error = open_stream(chunks, &mut writer, &opener(), workers(3), &|_| ()).unwrap_err();
    assert_eq!(cause(&error), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_source_that_fails_ends_it() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::TimedOut)?;
            Ok(buffer.len())
        }
    }
    for reads in [0, 5, 100] {
        let source = &mut Failing(reads);
        let error = seal_stream(source, &mut io::sink(), sealer().1, workers(3), &|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(cause(&error), io::ErrorKind::TimedOut);
    }
}

#[test]
fn a_panic_in_one_worker_reaches_the_caller() {
    let plain = message(8 * GROUP);
    let source = file(&plain);
    let target = tempfile::tempfile().unwrap();
    let bomb = |_| panic!("in a worker");
    for threads in [1, 3] {
        let stream = || {
            seal_stream(
                &mut plain.as_slice(),
                &mut io::sink(),
                sealer().1,
                workers(threads),
                &bomb,
            )
        };
        assert!(catch_unwind(AssertUnwindSafe(stream)).is_err());
        let file = || seal_file(&source, &target, 0, sealer().1, workers(threads), &bomb);
        assert!(catch_unwind(AssertUnwindSafe(file)).is_err());
    }
}

#[test]
fn a_pipe_is_not_sealed_as_a_file() {
    let device = File::open("/dev/zero").unwrap();
    let target = tempfile::tempfile().unwrap();
    let error = seal_file(&device, &target, 0, sealer().1, workers(1), &|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}
