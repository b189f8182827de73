//! Places in a YAML file, and errors that name them.

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};

use super::document::Text;
use super::duration::shown;
use crate::error::{Error, Result, nearest};
use crate::limits;

/// Deepest nesting that either file needs, with room to spare.
const DEPTH: usize = 16;
/// Most nodes (scalars, sequences, mappings) of a manifest. One of a thousand keyrings has about 40,000.
const NODES: usize = 250_000;
/// Most nodes of a lock. One of 10,000 keys with 50,000 versions has about a million.
const LOCK_NODES: usize = 2_000_000;
/// Most aliases of one file.
const ALIASES: usize = 1000;
/// Most events that all aliases together may repeat: what a "billion laughs" file runs into.
const REPLAYED: usize = 100_000;

/// A YAML file by the name that messages use for it.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    file: &'a str,
    longest: usize,
    nodes: usize,
}

impl<'a> Source<'a> {
    /// A manifest.
    pub(super) fn new(file: &'a str) -> Self {
        Self {
            file,
            longest: limits::MANIFEST_LEN,
            nodes: NODES,
        }
    }

    /// A lock, which grows with the keys and their versions.
    pub(super) fn lock(file: &'a str) -> Self {
        Self {
            file,
            longest: limits::LOCK_LEN,
            nodes: LOCK_NODES,
        }
    }

    /// Reads `text` as one YAML document of type `T`.
    pub(super) fn read<T: DeserializeOwned>(self, text: &str) -> Result<T> {
        if text.len() > self.longest {
            return Err(too_long(text.len() as u64, self.longest).on(self.file));
        }
        serde_saphyr::from_str_with_options(text, self.options()).map_err(|error| self.syntax(&error))
    }

    /// `error`, at the start of line `line`.
    pub(super) fn at_line(self, line: usize, error: Error) -> Error {
        error.on(format!("{}:{line}:1", self.file))
    }

    /// `error`, at the place of `value`.
    pub(super) fn at<T>(self, value: &Spanned<T>, error: Error) -> Error {
        error.on(self.place(value.referenced))
    }

    /// The error for a name that stands in its mapping already: `1` and `"1"` are one name here, and two in YAML.
    pub(super) fn again(self, name: &Text) -> Error {
        self.at(name, twice(&name.value))
    }

    fn place(self, location: Location) -> String {
        format!("{}:{}:{}", self.file, location.line(), location.column())
    }

    /// An error of the YAML layer, in this program's words.
    fn syntax(self, error: &serde_saphyr::Error) -> Error {
        use serde_saphyr::Error as Yaml;
        let error = error.without_snippet();
        let ours = match error {
            Yaml::SerdeUnknownField { field, expected, .. } => unknown_key(field, expected),
            // The reader notices a missing key at the end of its mapping.
            Yaml::SerdeMissingField { field, .. } => Error::usage(format!(
                "`{field}` is missing in the mapping whose last key is here"
            )),
            Yaml::DuplicateMappingKey { key: Some(key), .. } => twice(key),
            Yaml::Unexpected {
                expected: "sequence start",
                ..
            } => Error::usage("a list is expected here").hint("write it in brackets: [one, two]"),
            Yaml::Unexpected {
                expected: "mapping start",
                ..
            } => Error::usage("a mapping is expected here"),
            Yaml::AliasError { error, locations, .. } => {
                return self.syntax(error).on(self.place(locations.reference_location));
            }
            other => Error::usage(without_secret(&without_place(other))),
        };
        match error.location() {
            Some(location) => ours.on(self.place(location)),
            None => ours.on(self.file),
        }
    }
}

/// The error for a file of `len` bytes.
fn too_long(len: u64, longest: usize) -> Error {
    Error::usage(format!("{len} bytes are too many: at most {longest} are read"))
}

fn twice(name: &str) -> Error {
    Error::usage(format!("`{}` is here a second time", shown(name)))
}

fn unknown_key(key: &str, expected: &[&str]) -> Error {
    let error = Error::usage(without_secret(&format!("unknown key `{}`", shown(key))));
    match nearest(key, expected.iter().copied()) {
        Some(word) => error.hint(format!("did you mean `{word}`?")),
        None => error.hint(format!("keys here: {}", expected.join(", "))),
    }
}

/// What the YAML layer says, without the place that it appends.
fn without_place(error: &serde_saphyr::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}

/// One line, cut, and never the secret key that somebody pasted into the wrong place.
fn without_secret(message: &str) -> String {
    if message.contains("AGE-SECRET-KEY-") {
        return "an age identity (secret key) stands where something else is expected".to_owned();
    }
    let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().filter(|c| !c.is_control()).take(300).collect()
}

impl Source<'_> {
    fn options(self) -> serde_saphyr::Options {
        serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_depth: DEPTH,
                max_nodes: self.nodes,
                max_events: 4 * self.nodes,
                max_aliases: ALIASES,
                max_anchors: ALIASES,
                max_recorded_anchor_events: REPLAYED,
                max_recorded_anchor_bytes: limits::MANIFEST_LEN,
                max_total_scalar_bytes: 2 * self.longest,
                max_documents: 1,
                max_merge_keys: ALIASES,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: REPLAYED,
                max_replay_stack_depth: DEPTH,
            },
            strict_booleans: true,
            reject_unsupported_tags: true,
            reject_tagged_field_names: true,
            with_snippet: false,
        }
    }
}
