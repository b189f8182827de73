//! What a client says of an object beside its content.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::storage::refusal::Refusal;

/// Longest custom metadata: names and values together, in bytes.
const LONGEST_METADATA: usize = 8 << 10;
/// Longest other field, in bytes.
const LONGEST_FIELD: usize = 2 << 10;

/// What is said of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Described {
    /// By the JSON API's names: content type, cache control and the like.
    fields: BTreeMap<String, String>,
    /// Custom metadata.
    metadata: Option<BTreeMap<String, String>>,
}

/// The fields, with the headers that carry them.
pub(crate) const FIELDS: [(&str, &str); 5] = [
    ("contentType", "content-type"),
    ("contentEncoding", "content-encoding"),
    ("contentDisposition", "content-disposition"),
    ("contentLanguage", "content-language"),
    ("cacheControl", "cache-control"),
];

/// Fields that no header carries.
const OTHERS: [&str; 2] = ["customTime", "storageClass"];

impl Described {
    /// One field.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|value| &**value)
    }

    /// Sets one field, where it is not set.
    pub(crate) fn or(&mut self, field: &str, value: Option<&str>) {
        if let (None, Some(value)) = (self.get(field), value) {
            self.fields.insert(field.to_owned(), value.to_owned());
        }
    }

    /// Custom metadata, by name.
    pub(crate) fn metadata(&self) -> impl Iterator<Item = (&String, &String)> {
        self.metadata.iter().flatten()
    }

    /// Sets one name of custom metadata.
    pub(crate) fn note(&mut self, name: &str, value: &str) {
        let metadata = self.metadata.get_or_insert_default();
        metadata.insert(name.to_owned(), value.to_owned());
    }

    /// Takes over what `said` says: a `null` takes away. With `whole`, what it does not say is taken away too.
    ///
    /// # Errors
    /// 400 for a field of the wrong type or length.
    pub(crate) fn apply(&mut self, said: &Map<String, Value>, whole: bool) -> Result<(), Refusal> {
        for name in FIELDS.iter().map(|(name, _)| *name).chain(OTHERS) {
            match said.get(name) {
                Some(Value::String(value)) => drop(self.fields.insert(name.to_owned(), value.clone())),
                Some(Value::Null) => drop(self.fields.remove(name)),
                None if whole && name != "storageClass" => drop(self.fields.remove(name)),
                None => {}
                Some(_) => return Err(wrong(name)),
            }
        }
        self.apply_metadata(said.get("metadata"), whole)?;
        self.check()
    }

    fn apply_metadata(&mut self, said: Option<&Value>, whole: bool) -> Result<(), Refusal> {
        match said {
            None if !whole => {}
            None | Some(Value::Null) => self.metadata = None,
            Some(Value::Object(said)) => {
                if whole {
                    self.metadata = None;
                }
                let metadata = self.metadata.get_or_insert_default();
                for (name, value) in said {
                    match value {
                        Value::Null => drop(metadata.remove(name)),
                        Value::String(value) => drop(metadata.insert(name.clone(), value.clone())),
                        _ => return Err(wrong("metadata")),
                    }
                }
            }
            Some(_) => return Err(wrong("metadata")),
        }
        Ok(())
    }

    /// Whether it is within its limits.
    ///
    /// # Errors
    /// 400.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let custom: usize = self
            .metadata()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if custom > LONGEST_METADATA {
            let message = format!("Custom metadata has at most {LONGEST_METADATA} bytes.");
            return Err(Refusal::invalid(message));
        }
        match self.fields.iter().find(|(_, value)| value.len() > LONGEST_FIELD) {
            Some((name, _)) => Err(Refusal::invalid(format!(
                "{name} has at most {LONGEST_FIELD} bytes."
            ))),
            None => Ok(()),
        }
    }

    /// Adds what is said to a document.
    pub(crate) fn show(&self, document: &mut Map<String, Value>) {
        for (name, value) in &self.fields {
            document.insert(name.clone(), value.clone().into());
        }
        if let Some(metadata) = &self.metadata {
            document.insert("metadata".into(), json!(metadata));
        }
    }
}

fn wrong(field: &str) -> Refusal {
    Refusal::invalid(format!("Invalid value for field {field}")).at("parameter", field)
}
