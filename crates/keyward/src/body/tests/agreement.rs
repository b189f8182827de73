//! Whatever engine and however many threads: the same bytes.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use keyward_core::envelope::sealed_len;

use super::*;

const LENGTHS: [usize; 14] = [
    0,
    1,
    CHUNK_LEN - 1,
    CHUNK_LEN,
    CHUNK_LEN + 1,
    2 * CHUNK_LEN,
    GROUP - CHUNK_LEN,
    GROUP - 1,
    GROUP,
    GROUP + 1,
    GROUP + CHUNK_LEN,
    2 * GROUP,
    4 * GROUP + 5 * CHUNK_LEN + 7,
    5 * GROUP,
];

#[test]
fn all_engines_make_the_same_body() {
    for len in LENGTHS {
        let plain = message(len);
        let expected = sealed(&plain);
        assert_eq!(expected.len() as u64, sealed_len(len as u64));
        for threads in [0, 1, 2, 3] {
            let target = tempfile::tempfile().unwrap();
            let done = seal_file(&file(&plain), &target, 0, sealer().1, workers(threads), &|_| ()).unwrap();
            assert_eq!(done, len as u64);
            assert!(content(&target) == expected, "file of {len}, {threads} threads");

            let mut target = Vec::new();
            let source = &mut plain.as_slice();
            let done = seal_stream(source, &mut target, sealer().1, workers(threads), &|_| ()).unwrap();
            assert_eq!(done, len as u64);
            assert!(target == expected, "stream of {len}, {threads} threads");
        }
    }
}

#[test]
fn all_engines_open_it() {
    for len in LENGTHS {
        let plain = message(len);
        for opened in open_everywhere(&sealed(&plain)) {
            assert!(opened.unwrap() == plain, "{len}");
        }
    }
}

#[test]
fn a_body_stands_behind_a_header() {
    let plain = message(GROUP + 9);
    let target = file(b"the header");
    seal_file(&file(&plain), &target, 10, sealer().1, workers(2), &|_| ()).unwrap();
    assert!(content(&target).starts_with(b"the header"));
    assert!(content(&target)[10..] == sealed(&plain));
    let back = tempfile::tempfile().unwrap();
    open_file(&target, 10, &back, &opener(), workers(2), &|_| ()).unwrap();
    assert!(content(&back) == plain);
}

#[test]
fn progress_adds_up_to_the_message() {
    let plain = message(3 * GROUP + 100);
    let body = sealed(&plain);
    let sum = AtomicU64::new(0);
    let add = |bytes| {
        sum.fetch_add(bytes, Ordering::Relaxed);
    };
    let target = tempfile::tempfile().unwrap();
    seal_file(&file(&plain), &target, 0, sealer().1, workers(2), &add).unwrap();
    open_file(&file(&body), 0, &target, &opener(), workers(2), &add).unwrap();
    seal_stream(
        &mut plain.as_slice(),
        &mut Vec::new(),
        sealer().1,
        workers(2),
        &add,
    )
    .unwrap();
    open_stream(
        &mut &body[BODY_HEAD_LEN..],
        &mut Vec::new(),
        &opener(),
        workers(2),
        &add,
    )
    .unwrap();
    assert_eq!(sum.into_inner(), 4 * plain.len() as u64);
}

#[test]
fn a_source_may_give_one_byte_at_a_time() {
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }
    let plain = message(GROUP + 3);
    let mut body = Vec::new();
    seal_stream(&mut Drip(&plain), &mut body, sealer().1, workers(2), &|_| ()).unwrap();
    assert!(body == sealed(&plain));
    let mut back = Vec::new();
    let chunks = &mut Drip(&body[BODY_HEAD_LEN..]);
    open_stream(chunks, &mut back, &opener(), workers(2), &|_| ()).unwrap();
    assert!(back == plain);
}

#[test]
fn pipes_carry_a_body_from_one_end_to_the_other() {
    let plain = message(6 * GROUP + 1);
    let (mut sealed_end, mut seals_to) = io::pipe().unwrap();
    let mut back = Vec::new();
    thread::scope(|scope| {
        let source = plain.as_slice();
        scope.spawn(move || {
            seal_stream(&mut { source }, &mut seals_to, sealer().1, workers(2), &|_| ()).unwrap();
        });
        sealed_end.read_exact(&mut [0; BODY_HEAD_LEN]).unwrap();
        open_stream(&mut sealed_end, &mut back, &opener(), workers(2), &|_| ()).unwrap();
    });
    assert!(back == plain);
}

#[test]
fn a_hole_in_the_source_is_zeros() {
    let source = tempfile::tempfile().unwrap();
    source.set_len(3 * GROUP as u64).unwrap();
    source.write_all_at(b"end", 3 * GROUP as u64).unwrap();
    let target = tempfile::tempfile().unwrap();
    seal_file(&source, &target, 0, sealer().1, workers(2), &|_| ()).unwrap();
    assert!(content(&target) == sealed(&content(&source)));
}

#[test]
fn a_stream_holds_no_more_than_a_group_for_each_thread() {
    struct Counted<'a>(io::Take<io::Repeat>, &'a AtomicU64);
    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(buffer)?;
            self.1.fetch_add(read as u64, Ordering::SeqCst);
            Ok(read)
        }
    }
    struct Bounded<'a>(u64, &'a AtomicU64);
    impl Write for Bounded<'_> {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            let held = self.1.load(Ordering::SeqCst).saturating_sub(self.0);
            assert!(held <= 3 * GROUP as u64, "{held} bytes are held");
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let read = AtomicU64::new(0);
    let mut source = Counted(io::repeat(b'r').take(40 * GROUP as u64), &read);
    let mut target = Bounded(0, &read);
    seal_stream(&mut source, &mut target, sealer().1, workers(3), &|_| ()).unwrap();
    assert_eq!(target.0, sealed_len(40 * GROUP as u64));
}
