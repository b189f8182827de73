//! Vectors whose body was cut, extended or changed.

use keyward_core::error::Result;

use super::keys::WEST1;
use super::vector::Vector;

const SEALED: usize = 16 * 1024 + 16;
const HEAD: usize = 56;

/// Vectors whose body ends too early.
pub fn truncated() -> Result<Vec<Vector>> {
    let cut =
        |name, about, len: usize, left: usize| body(name, &["M41"], about, len, |body| body.truncate(left));
    Ok(vec![
        cut("no-body", "the file ends behind the header", 14, 0)?,
        cut("cut-in-commitment", "55 bytes of body", 14, HEAD - 1)?,
        cut("no-chunk", "salt and commitment, and no chunk", 14, HEAD)?,
        cut("cut-in-the-only-tag", "15 bytes of the only chunk", 14, HEAD + 15)?,
        cut(
            "empty-last-chunk-cut",
            "a full chunk, and the empty one behind it is gone",
            16384,
            HEAD + SEALED,
        )?,
        cut(
            "last-chunk-cut",
            "a full chunk, and the short one behind it is gone",
            20000,
            HEAD + SEALED,
        )?,
        cut(
            "last-chunk-cut-in-tag",
            "a full chunk, and 15 bytes",
            16384,
            HEAD + SEALED + 15,
        )?,
    ])
}

/// Vectors with a chunk that does not authenticate.
pub fn chunk() -> Result<Vec<Vector>> {
    let changed = |name, about, edit: fn(&mut Vec<u8>)| body(name, &["M40"], about, 17000, edit);
    Ok(vec![
        body(
            "content-flipped",
            &["M40"],
            "one bit of the content",
            14,
            |body| body[HEAD] ^= 1,
        )?,
        body("tag-flipped", &["M40"], "one bit of the tag", 14, |body| {
            body[HEAD + 14 + 15] ^= 1
        })?,
        body("byte-cut", &["M40"], "the last byte is gone", 14, |body| {
            body.truncate(HEAD + 14 + 15)
        })?,
        body("byte-added", &["M40"], "a byte behind the end", 14, |body| {
            body.push(0)
        })?,
        changed(
            "first-chunk-removed",
            "the body starts with its second chunk",
            |body| {
                body.drain(HEAD..HEAD + SEALED);
            },
        )?,
        changed("last-chunk-twice", "the last chunk was appended again", |body| {
            body.extend_from_within(HEAD + SEALED..);
        })?,
        changed("first-chunk-twice", "the first chunk stands twice", |body| {
            let first = body[HEAD..HEAD + SEALED].to_vec();
            body.splice(HEAD + SEALED..HEAD + SEALED, first);
        })?,
        changed("first-chunk-cut", "a byte inside is gone", |body| {
            body.drain(HEAD + 100..HEAD + 101);
        })?,
        body(
            "chunks-exchanged",
            &["M40"],
            "two full chunks in the other order",
            2 * 16384,
            |body| {
                body[HEAD..HEAD + 2 * SEALED].rotate_left(SEALED);
            },
        )?,
    ])
}

fn body(
    name: &'static str,
    musts: &'static [&'static str],
    about: &'static str,
    len: usize,
    edit: impl FnOnce(&mut Vec<u8>),
) -> Result<Vector> {
    Vector::new(name, musts, about)
        .content(len)
        .wrap(&WEST1)
        .edit(|sections| edit(&mut sections.body))
}
