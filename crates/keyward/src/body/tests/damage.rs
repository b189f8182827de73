//! A body that is not what was sealed is damaged, in every engine.

use keyward_core::envelope::{SEALED_CHUNK_LEN, TAG_LEN};
use keyward_core::error::ErrorKind;

use super::*;

fn is_damaged_everywhere(body: &[u8], what: &str) {
    for (engine, opened) in open_everywhere(body).into_iter().enumerate() {
        let error = opened
            .err()
            .unwrap_or_else(|| panic!("{what}: engine {engine} opened it"));
        assert_eq!(
            error.kind(),
            ErrorKind::Damaged,
            "{what}: engine {engine}: {error}"
        );
    }
}

#[test]
fn truncation() {
    let chunks = 2 * group::CHUNKS + 3;
    let body = sealed(&message(chunks * CHUNK_LEN + 50));
    for chunk in [0, 1, group::CHUNKS - 1, group::CHUNKS, 2 * group::CHUNKS, chunks] {
        let border = BODY_HEAD_LEN + chunk * SEALED_CHUNK_LEN;
        for len in [
            border,
            border + 1,
            border + TAG_LEN - 1,
            border + TAG_LEN,
            border + 20,
        ] {
            is_damaged_everywhere(&body[..len], &format!("cut to {len} of {}", body.len()));
        }
    }
    is_damaged_everywhere(&body[..body.len() - 1], "one byte short");
}

#[test]
fn truncation_of_a_message_that_ends_with_an_empty_chunk() {
    let body = sealed(&message(GROUP));
    is_damaged_everywhere(&body[..body.len() - TAG_LEN], "without its empty last chunk");
}

#[test]
fn extension() {
    for len in [10, CHUNK_LEN, GROUP, GROUP + 10] {
        let body = sealed(&message(len));
        let again = body[BODY_HEAD_LEN..].iter().copied();
        is_damaged_everywhere(&[&body[..], &[0]].concat(), "one byte more");
        is_damaged_everywhere(
            &body.iter().copied().chain(again).collect::<Vec<_>>(),
            "its chunks twice",
        );
    }
}

#[test]
fn reordering() {
    let body = sealed(&message(3 * GROUP + 50));
    let chunk = |number: usize| BODY_HEAD_LEN + number * SEALED_CHUNK_LEN;
    for (one, other) in [(0, 1), (1, group::CHUNKS), (group::CHUNKS, 2 * group::CHUNKS)] {
        let mut swapped = body.clone();
        let (front, back) = swapped.split_at_mut(chunk(other));
        front[chunk(one)..chunk(one + 1)].swap_with_slice(&mut back[..SEALED_CHUNK_LEN]);
        is_damaged_everywhere(&swapped, "two chunks swapped");
    }
    let without = [&body[..chunk(4)], &body[chunk(5)..]].concat();
    is_damaged_everywhere(&without, "a chunk left out");
}

#[test]
fn flipped_bits() {
    let body = sealed(&message(GROUP + CHUNK_LEN + 50));
    for place in (BODY_HEAD_LEN..body.len()).step_by(9973).chain([body.len() - 1]) {
        let mut flipped = body.clone();
        flipped[place] ^= 1 << (place % 8);
        is_damaged_everywhere(&flipped, &format!("a bit of byte {place} flipped"));
    }
}

#[test]
fn what_a_stream_released_before_the_damage_is_a_true_beginning() {
    let plain = message(4 * GROUP);
    let mut body = sealed(&plain);
    body[BODY_HEAD_LEN + 3 * group::SEALED_LEN] ^= 1;
    for threads in [1, 2, 3] {
        let mut target = Vec::new();
        let chunks = &mut &body[BODY_HEAD_LEN..];
        open_stream(chunks, &mut target, &opener(), workers(threads), &|_| ()).unwrap_err();
        assert!(target.len() <= 3 * GROUP);
        assert!(plain.starts_with(&target));
    }
}

#[test]
fn a_cut_file_is_refused_before_anything_is_written() {
    let body = sealed(&message(2 * GROUP + 50));
    let target = tempfile::tempfile().unwrap();
    open_file(
        &file(&body[..body.len() - 9]),
        0,
        &target,
        &opener(),
        workers(2),
        &|_| (),
    )
    .unwrap_err();
    assert_eq!(target.metadata().unwrap().len(), 0);
}
