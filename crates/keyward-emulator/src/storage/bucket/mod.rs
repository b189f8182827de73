//! A bucket: a place for objects, with a default key.

mod calls;
mod fields;
mod name;

use std::collections::BTreeMap;

use keyward_core::clock::Timestamp;
use keyward_core::kms::{KmsCode, KmsError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use calls::{delete, document, get, insert, list, patch, update};
pub(crate) use name::is_name;

use super::refusal::Refusal;
use super::{agent, etag};
use crate::shelf::Shelved;

const NAMESPACE: &str = "storage.bucket";

/// A bucket, as the shelf keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// Its name, unique in the emulator.
    pub(crate) name: String,
    /// The project that it belongs to, as the client named it.
    pub(crate) project: String,
    /// Where it is, in capitals.
    pub(crate) location: String,
    /// The key of objects that name none.
    pub(crate) key: Option<String>,
    /// Whether what is written over or deleted is kept as a noncurrent generation.
    pub(crate) versioning: bool,
    /// Labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// The class of objects that name none.
    pub(crate) storage_class: String,
    /// What is shown as it was given and means nothing here.
    pub(crate) shown: Map<String, Value>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it was changed last.
    pub(crate) updated: Timestamp,
    /// How often it was changed, from 1.
    pub(crate) metageneration: i64,
}

impl Bucket {
    /// The bucket of that name.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn load(shelved: &Shelved<'_>, name: &str) -> Result<Self, Refusal> {
        Self::find(shelved, name)?.ok_or_else(Refusal::no_bucket)
    }

    fn find(shelved: &Shelved<'_>, name: &str) -> Result<Option<Self>, KmsError> {
        let bytes = shelved.get(NAMESPACE, name)?;
        bytes.map(|bytes| Self::decode(name, &bytes)).transpose()
    }

    fn decode(name: &str, bytes: &[u8]) -> Result<Self, KmsError> {
        serde_json::from_slice(bytes).map_err(|error| damaged("bucket", name, &error))
    }

    fn store(&self, shelved: &Shelved<'_>) -> Result<(), KmsError> {
        let bytes = serde_json::to_vec(self).map_err(|error| damaged("bucket", &self.name, &error))?;
        shelved.put(NAMESPACE, &self.name, &bytes)
    }

    /// As the JSON API shows it.
    pub(crate) fn show(&self, base: &str) -> Value {
        let mut shown = json!({
            "kind": "storage#bucket",
            "id": self.name,
            "selfLink": format!("{base}/storage/v1/b/{}", self.name),
            "name": self.name,
            "projectNumber": agent::project_number(&self.project).to_string(),
            "metageneration": self.metageneration.to_string(),
            "location": self.location,
            "locationType": self.location_type(),
            "storageClass": self.storage_class,
            "etag": etag::of_bucket(self.metageneration),
            "timeCreated": format!("{:.3}", self.created),
            "updated": format!("{:.3}", self.updated),
        });
        let Some(fields) = shown.as_object_mut() else {
            return shown;
        };
        fields.extend(self.shown.clone());
        if self.versioning {
            fields.insert("versioning".into(), json!({ "enabled": true }));
        }
        if let Some(key) = &self.key {
            fields.insert("encryption".into(), json!({ "defaultKmsKeyName": key }));
        }
        if !self.labels.is_empty() {
            fields.insert("labels".into(), json!(self.labels));
        }
        shown
    }

    fn location_type(&self) -> &'static str {
        match &*self.location {
            "US" | "EU" | "ASIA" => "multi-region",
            location if location.contains('-') => "region",
            _ => "dual-region",
        }
    }
}

/// The error of a record that does not read back, or cannot be written.
pub(crate) fn damaged(kind: &str, name: &str, error: &serde_json::Error) -> KmsError {
    KmsError::new(
        KmsCode::Internal,
        format!("The record of {kind} {name} is damaged: {error}"),
    )
}
