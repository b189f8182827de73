//! The published Cobblestone-256 vectors of C2SP, on the reader of bodies.
//!
//! They are not part of the project; where they lie beside it, every one must give the stated result.

use std::io::ErrorKind;
use std::path::Path;

use keyward_core::envelope::{BODY_HEAD_LEN, BodyOpener, SEALED_CHUNK_LEN, plain_len};
use keyward_core::error::{Error, Result};
use keyward_core::secret::{DataKey, SecretBytes};
use ring::digest;
use serde_json::Value;

use crate::repository::Repository;

const FILE: &str = "../shared/data/wycheproof/c2sp_chunked_encryption_aes_256_gcm_test.json";
const COUNT: usize = 35;

/// What a reader made of one vector.
struct Outcome {
    /// Whether it rejected before any chunk.
    head_failed: bool,
    /// Content of the chunks before the first failure.
    content: Vec<u8>,
    whole: bool,
}

/// Runs all vectors, or says that they are not there.
pub fn run(repository: &Repository) -> Result<()> {
    let Some(text) = read(&repository.root().join(FILE))? else {
        println!("wycheproof: NOT RUN, no {FILE}");
        return Ok(());
    };
    let document: Value = serde_json::from_slice(&text).map_err(|error| malformed().because(error))?;
    let groups = document["testGroups"].as_array().ok_or_else(malformed)?;
    let tests: Vec<&Value> = groups
        .iter()
        .filter_map(|group| group["tests"].as_array())
        .flatten()
        .collect();
    for test in &tests {
        check(test)?;
    }
    if tests.len() != COUNT {
        return Err(Error::refused(format!("{} vectors, {COUNT} are published", tests.len())).on(FILE));
    }
    println!("wycheproof: {COUNT} of {COUNT} vectors give the published result");
    Ok(())
}

/// The file, or `None` where there is none. One that is there and cannot be read is an error.
fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::unavailable("cannot be read").on(FILE).because(cause)),
    }
}

fn check(test: &Value) -> Result<()> {
    let flagged = |flag: &str| {
        test["flags"]
            .as_array()
            .is_some_and(|flags| flags.iter().any(|f| f == flag))
    };
    let outcome = open(
        &bytes(test, "key")?,
        &bytes(test, "ctx")?,
        &inflate(&bytes(test, "ct")?)?,
    );
    let valid = test["result"] == "valid";
    let agrees = outcome.whole == valid
        && outcome.head_failed == flagged("HeaderFailure")
        && (!(valid || flagged("PartialPlaintext")) || content_is(test, &outcome.content));
    if agrees {
        return Ok(());
    }
    Err(Error::refused(format!("vector {} ({}) differs", test["tcId"], test["comment"])).on(FILE))
}

fn content_is(test: &Value, content: &[u8]) -> bool {
    let hash: String = digest::digest(&digest::SHA512, content)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    test["msgLength"] == content.len() && test["msgSha512"] == hash.as_str()
}

fn open(key: &[u8], context: &[u8], body: &[u8]) -> Outcome {
    let mut outcome = Outcome {
        head_failed: true,
        content: Vec::new(),
        whole: false,
    };
    let Some((head, chunks)) = body.split_first_chunk::<BODY_HEAD_LEN>() else {
        return outcome;
    };
    let Some(key) = DataKey::from_unwrapped(&SecretBytes::new(key.to_vec())) else {
        return outcome;
    };
    let Ok(opener) = BodyOpener::new(&key, context, head) else {
        return outcome;
    };
    outcome.head_failed = false;
    let opened = open_chunks(&opener, chunks, &mut outcome.content);
    outcome.whole =
        opened && plain_len(body.len() as u64).is_ok_and(|len| len == outcome.content.len() as u64);
    outcome
}

/// Whether every chunk opens; `content` takes what did before the first that does not.
fn open_chunks(opener: &BodyOpener, chunks: &[u8], content: &mut Vec<u8>) -> bool {
    (0..).zip(chunks.chunks(SEALED_CHUNK_LEN)).all(|(number, chunk)| {
        let mut chunk = chunk.to_vec();
        let opened = opener.open_chunk(number, &mut chunk);
        content.extend_from_slice(&chunk[..*opened.as_ref().unwrap_or(&0)]);
        opened.is_ok()
    })
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>> {
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(bytes, 16 << 20).map_err(|_| malformed())
}

fn bytes(test: &Value, field: &str) -> Result<Vec<u8>> {
    let hex = test[field].as_str().ok_or_else(malformed)?;
    (0..hex.len())
        .step_by(2)
        .map(|at| {
            hex.get(at..at + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(malformed)
        })
        .collect()
}

fn malformed() -> Error {
    Error::damaged("not a file of vectors").on(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_absent() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(&folder.path().join("none.json")), Ok(None)));
        assert!(read(folder.path()).is_err(), "a folder is no file, and is there");
    }
}
