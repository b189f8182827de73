//! Short names for people: `app/europe-west1@1` for what the manifest has. JSON, logs and errors keep full names.

use std::collections::BTreeMap;

use keyward::project::Project;
use keyward_core::manifest::{KeyringSpec, Manifest};

/// The keys and key rings of a manifest by their full names.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// The names of what `manifest` has.
    pub(crate) fn of_manifest(manifest: &Manifest) -> Self {
        Self::all(manifest.keyrings())
    }

    /// The names of `project`; none without one.
    pub(crate) fn of(project: Option<&Project>) -> Self {
        match project {
            Some(project) => Self::of_manifest(&project.manifest),
            None => Self(BTreeMap::new()),
        }
    }

    fn all<'a>(keyrings: impl Iterator<Item = &'a KeyringSpec>) -> Self {
        let mut names = BTreeMap::new();
        for keyring in keyrings {
            for key in keyring.keys() {
                let short = format!("{}/{}", keyring.name, key.name.location());
                names.insert(key.to_string(), short.clone());
                // A wrap names its key without the provider.
                names.entry(key.name.to_string()).or_insert_with(|| short.clone());
                // A ring goes by the name of its key, unless it has several.
                let ring = format!("{}://{}", key.provider, key.name.ring());
                names
                    .entry(ring.clone())
                    .and_modify(|known| *known = ring)
                    .or_insert(short);
            }
        }
        Self(names)
    }

    /// The short name of a key, a version or a ring, or `full` itself.
    pub(crate) fn short(&self, full: &str) -> String {
        let (name, version) = match full.split_once("/cryptoKeyVersions/") {
            Some((key, number)) => (key, Some(number)),
            None => (full, None),
        };
        match (self.0.get(name), version) {
            (None, _) => full.to_owned(),
            (Some(short), None) => short.clone(),
            (Some(short), Some(number)) => format!("{short}@{number}"),
        }
    }
}
