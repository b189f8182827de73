//! The files of vectors as they are stored.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use serde::Deserialize;

/// Where a reader stops: the levels of docs/format.md, in the order in which they are reached.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Text,
    Prefix,
    Core,
    Wraps,
    Context,
    Unwrap,
    Commitment,
    Mac,
    Chunk,
    Truncated,
    Valid,
}

impl Level {
    pub(crate) const ALL: [Self; 11] = [
        Self::Text,
        Self::Prefix,
        Self::Core,
        Self::Wraps,
        Self::Context,
        Self::Unwrap,
        Self::Commitment,
        Self::Mac,
        Self::Chunk,
        Self::Truncated,
        Self::Valid,
    ];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[expect(dead_code, reason = "read by people")]
    format: u8,
    pub(crate) level: Level,
    pub(crate) vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) name: String,
    #[expect(dead_code, reason = "the test of docs/format.md reads it")]
    musts: Vec<String>,
    #[expect(dead_code, reason = "read by people")]
    about: String,
    #[serde(default)]
    pub(crate) expected_context: BTreeMap<String, String>,
    pub(crate) permitted: Vec<String>,
    pub(crate) kms: Vec<Answer>,
    pub(crate) identities: Vec<String>,
    pub(crate) max_text: Option<usize>,
    pub(crate) detached: Option<Bytes>,
    pub(crate) opens: Option<Opens>,
    pub(crate) envelope: Option<Bytes>,
    pub(crate) text: Option<String>,
}

/// What the KMS answers to this ciphertext with this additional authenticated data, and to nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) key: String,
    pub(crate) wrapped: Bytes,
    pub(crate) aad: Bytes,
    pub(crate) plaintext: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opens {
    wraps: String,
    index: usize,
    content_len: usize,
    content_sha512: Bytes,
}

/// Bytes in base64.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

/// What a reader made of a vector.
pub(crate) struct Opened {
    pub(crate) wraps: &'static str,
    pub(crate) index: usize,
    pub(crate) content: Vec<u8>,
}

pub(crate) fn all() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

pub(crate) fn compare(level: Level, vector: &Vector, reached: &Result<Opened, Level>) -> Result<(), String> {
    let opened = match reached {
        Ok(opened) => opened,
        Err(stopped) if *stopped == level => return Ok(()),
        Err(stopped) => return Err(format!("stopped at {stopped:?}")),
    };
    let wanted = vector.opens.as_ref().ok_or("opened")?;
    let hash = digest::digest(&digest::SHA512, &opened.content);
    let same = (wanted.wraps.as_str(), wanted.index) == (opened.wraps, opened.index)
        && wanted.content_len == opened.content.len()
        && wanted.content_sha512.0 == hash.as_ref();
    if same && level == Level::Valid {
        Ok(())
    } else {
        Err(format!("opened by {} wrap {}", opened.wraps, opened.index))
    }
}
