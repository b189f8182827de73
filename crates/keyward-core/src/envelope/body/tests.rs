//! What a body must and must not do, chunk by chunk.

#![allow(clippy::cast_possible_truncation, reason = "the lengths are small")]

use super::*;

const CONTEXT: &[u8] = b"a context";

fn key(byte: u8) -> DataKey {
    DataKey::from_unwrapped(&crate::secret::SecretBytes::new(vec![byte; DATA_KEY_LEN])).unwrap()
}

fn sealer() -> BodySealer {
    BodySealer::new(&key(7), CONTEXT, [9; SALT_LEN])
}

fn opener() -> BodyOpener {
    BodyOpener::new(&key(7), CONTEXT, &sealer().head()).unwrap()
}

/// Seals `plain` in runs of `count` chunks and returns the chunks.
fn seal(plain: &[u8], count: usize) -> Vec<u8> {
    let sealer = sealer();
    let mut body = Vec::new();
    loop {
        let run = sealer.claim(count).unwrap();
        assert_eq!(run.sealed_offset(), (BODY_HEAD_LEN + body.len()) as u64);
        let offset = (run.plain_offset() as usize).min(plain.len());
        let part = &plain[offset..plain.len().min(offset + count * CHUNK_LEN)];
        let mut buffer = vec![0; count * SEALED_CHUNK_LEN];
        for (slot, chunk) in plain_slots(&mut buffer).zip(part.chunks(CHUNK_LEN)) {
            slot[..chunk.len()].copy_from_slice(chunk);
        }
        let sealed = run.seal(&mut buffer, part.len()).unwrap();
        body.extend_from_slice(&buffer[..sealed]);
        if part.len() < count * CHUNK_LEN {
            return body;
        }
    }
}

fn open(body: &[u8]) -> Vec<u8> {
    let opener = opener();
    let mut plain = Vec::new();
    for (number, chunk) in (0..).zip(body.chunks(SEALED_CHUNK_LEN)) {
        let mut chunk = chunk.to_vec();
        let len = opener.open_chunk(number, &mut chunk).unwrap();
        plain.extend_from_slice(&chunk[..len]);
    }
    plain
}

#[test]
fn every_length_around_a_border_comes_back_whatever_the_runs() {
    for len in [
        0,
        1,
        CHUNK_LEN - 1,
        CHUNK_LEN,
        CHUNK_LEN + 1,
        3 * CHUNK_LEN,
        3 * CHUNK_LEN + 5,
    ] {
        let plain: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let body = seal(&plain, 1);
        assert_eq!(body.len() + BODY_HEAD_LEN, sealed_len(len as u64) as usize);
        assert_eq!(plain_len(sealed_len(len as u64)).unwrap(), len as u64);
        assert!(open(&body) == plain, "{len}");
        for count in [2, 3, 4, 5] {
            assert!(seal(&plain, count) == body, "{len} in runs of {count}");
        }
    }
}

#[test]
fn lengths_that_no_message_gives_are_damaged() {
    let head = BODY_HEAD_LEN as u64;
    let stride = SEALED_CHUNK_LEN as u64;
    for len in [
        0,
        head - 1,
        head,
        head + 15,
        head + stride,
        head + stride + 15,
        u64::MAX,
    ] {
        assert_eq!(plain_len(len).unwrap_err().kind().exit_code(), 4, "{len}");
    }
    assert_eq!(plain_len(head + 16).unwrap(), 0);
    assert_eq!(plain_len(head + stride + 16).unwrap(), CHUNK_LEN as u64);
}

#[test]
fn another_key_context_or_head_fails_at_the_commitment() {
    let head = sealer().head();
    assert!(BodyOpener::new(&key(8), CONTEXT, &head).is_err());
    assert!(BodyOpener::new(&key(7), b"another", &head).is_err());
    for byte in 0..BODY_HEAD_LEN {
        let mut head = head;
        head[byte] ^= 1;
        assert!(BodyOpener::new(&key(7), CONTEXT, &head).is_err(), "byte {byte}");
    }
}

#[test]
fn a_chunk_opens_at_its_own_place_only_and_a_failure_leaves_zeros() {
    let body = seal(&[b'x'; 2 * CHUNK_LEN + 100], 3);
    let first = &body[..SEALED_CHUNK_LEN];
    let mut chunk = first.to_vec();
    assert_eq!(opener().open_chunk(0, &mut chunk).unwrap(), CHUNK_LEN);
    assert!(chunk[..CHUNK_LEN].iter().all(|byte| *byte == b'x'));

    let mut flipped = first.to_vec();
    flipped[SEALED_CHUNK_LEN / 2] ^= 1;
    let cut = first[..SEALED_CHUNK_LEN - 1].to_vec();
    let extended = body[..SEALED_CHUNK_LEN + 1].to_vec();
    let tiny = first[..TAG_LEN - 1].to_vec();
    for (number, mut bad) in [
        (1, first.to_vec()),
        (0, flipped),
        (0, cut),
        (0, extended),
        (0, tiny),
    ] {
        let error = opener().open_chunk(number, &mut bad).unwrap_err();
        assert_eq!(error.kind().exit_code(), 4);
        assert!(bad.iter().all(|byte| *byte == 0));
    }
}

#[test]
fn a_message_ends_once() {
    let sealer = sealer();
    let mut buffer = vec![0; SEALED_CHUNK_LEN];
    sealer.claim(1).unwrap().seal(&mut buffer, 5).unwrap();
    assert!(sealer.claim(1).unwrap().seal(&mut buffer, 5).is_err());
}

#[test]
fn a_run_takes_no_more_than_it_holds() {
    let mut buffer = vec![0; 2 * SEALED_CHUNK_LEN];
    assert!(
        sealer()
            .claim(1)
            .unwrap()
            .seal(&mut buffer, CHUNK_LEN + 1)
            .is_err()
    );
    assert!(sealer().claim(2).unwrap().seal(&mut buffer[..20], 5).is_err());
    assert!(sealer().claim(2).unwrap().seal(&mut buffer[..20], 4).is_ok());
}

#[test]
fn the_counter_stops_at_the_format_limit() {
    let sealer = sealer();
    sealer.next.store(limits::CHUNKS - 1, Ordering::Relaxed);
    assert_eq!(sealer.claim(2).err().map(|e| e.kind().exit_code()), Some(1));
    assert_eq!(sealer.claim(1).unwrap().first(), limits::CHUNKS - 1);
    assert!(sealer.claim(1).is_err());
    assert!(opener().open_chunk(limits::CHUNKS, &mut [0; TAG_LEN]).is_err());
}
