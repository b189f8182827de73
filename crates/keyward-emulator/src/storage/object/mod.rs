//! An object: one generation of a name in a bucket.

mod calls;
mod fields;
mod name;
mod store;

use keyward_core::clock::Timestamp;
use keyward_core::name::KeyVersionName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use calls::{delete, get, patch, update};
pub(crate) use fields::{Described, FIELDS};
pub(crate) use name::check_name;
pub(crate) use store::{any, live, live_after, load, noncurrent_after, place, remove};

use super::etag;
use super::hash::Hashes;

/// What is not encoded in a link.
const IN_LINKS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An object, as the shelf keeps it. Its content is kept in parts of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Object {
    /// The bucket.
    pub(crate) bucket: String,
    /// The name.
    pub(crate) name: String,
    /// Which content of the name: unique in the emulator, and growing.
    pub(crate) generation: i64,
    /// How often its metadata was changed, from 1.
    pub(crate) metageneration: i64,
    /// What the client says of it.
    pub(crate) described: Described,
    /// Length of the content in bytes.
    pub(crate) size: u64,
    /// Where the content is.
    pub(crate) content: String,
    /// How it is protected.
    pub(crate) protection: Protection,
    /// When it was written.
    pub(crate) created: Timestamp,
    /// When its metadata was changed last.
    pub(crate) updated: Timestamp,
    /// When it stopped being the live one.
    pub(crate) deleted: Option<Timestamp>,
}

/// How a content is protected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Protection {
    /// It is kept as it is.
    Plain(Hashes),
    /// It is sealed under a data key; that and the checksums are wrapped by a key version.
    Key {
        /// Full name of the version.
        version: String,
        /// What it wrapped, in base64.
        wrapped: String,
    },
}

impl Object {
    /// The version that wrapped the data key.
    pub(crate) fn key_version(&self) -> Option<KeyVersionName> {
        match &self.protection {
            Protection::Plain(_) => None,
            Protection::Key { version, .. } => version.parse().ok(),
        }
    }

    /// As the JSON API shows it. `hashes` are left out where no key tells them.
    pub(crate) fn show(&self, base: &str, hashes: Option<Hashes>) -> Value {
        let name = utf8_percent_encode(&self.name, IN_LINKS);
        let at = format!("storage/v1/b/{}/o/{name}", self.bucket);
        let mut shown = json!({
            "kind": "storage#object",
            "id": format!("{}/{}/{}", self.bucket, self.name, self.generation),
            "selfLink": format!("{base}/{at}"),
            "mediaLink": format!("{base}/download/{at}?generation={}&alt=media", self.generation),
            "name": self.name,
            "bucket": self.bucket,
            "generation": self.generation.to_string(),
            "metageneration": self.metageneration.to_string(),
            "size": self.size.to_string(),
            "etag": etag::of_object(self.generation, self.metageneration),
            "timeCreated": format!("{:.3}", self.created),
            "updated": format!("{:.3}", self.updated),
            "timeStorageClassUpdated": format!("{:.3}", self.created),
        });
        if let Some(fields) = shown.as_object_mut() {
            self.described.show(fields);
            self.show_protection(fields, hashes);
        }
        shown
    }

    fn show_protection(&self, fields: &mut Map<String, Value>, hashes: Option<Hashes>) {
        if let Some(hashes) = hashes {
            fields.insert("md5Hash".into(), hashes.md5_text().into());
            fields.insert("crc32c".into(), hashes.crc32c_text().into());
        }
        if let Protection::Key { version, .. } = &self.protection {
            fields.insert("kmsKeyName".into(), version.clone().into());
        }
        if let Some(deleted) = self.deleted {
            fields.insert("timeDeleted".into(), format!("{deleted:.3}").into());
        }
    }
}
