//! The engines against each other, and against damage.

#![allow(clippy::cast_possible_truncation, reason = "the lengths are small")]

mod agreement;
mod change;
mod damage;
mod random_access;
mod trouble;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, BodySealer, CHUNK_LEN};
use keyward_core::error::Result;
use keyward_core::secret::DataKey;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const GROUP: usize = group::PLAIN_LEN;

/// Key and sealer, the same every time: what two engines make of one message can be compared.
fn sealer() -> (DataKey, BodySealer) {
    let mut rng = StdRng::seed_from_u64(3);
    let key = DataKey::generate(&mut rng);
    let sealer = BodySealer::draw(&key, b"context", &mut rng);
    (key, sealer)
}

fn opener() -> BodyOpener {
    let (key, sealer) = sealer();
    BodyOpener::new(&key, b"context", &sealer.head()).unwrap()
}

/// Bytes that differ from chunk to chunk.
fn message(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i % 251) as u8 ^ (i / CHUNK_LEN) as u8)
        .collect()
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    seal_bytes(plain, sealer().1).unwrap()
}

fn file(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

fn content(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn workers(threads: usize) -> Workers {
    Workers { threads }
}

/// Opens a body with every engine, and returns what they agree on.
fn open_everywhere(body: &[u8]) -> Vec<Result<Vec<u8>>> {
    let mut results = vec![open_bytes(body, &opener()).map(|plain| plain.expose().to_vec())];
    for threads in [1, 2, 3] {
        let target = tempfile::tempfile().unwrap();
        let opened = open_file(&file(body), 0, &target, &opener(), workers(threads), &|_| ());
        results.push(opened.map(|_| content(&target)));
        let mut target = Vec::new();
        let chunks = &mut body.get(BODY_HEAD_LEN..).unwrap_or_default();
        let opened = open_stream(chunks, &mut target, &opener(), workers(threads), &|_| ());
        results.push(opened.map(|_| target));
    }
    results
}
