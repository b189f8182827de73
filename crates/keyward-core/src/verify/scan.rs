//! What a scan of the manifest's folder found, as far as the checks ask about it.

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::{Files, Uses};
use crate::name::KeyRef;

/// What a scan of every file under the manifest's rules found. Files are named by their path from the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Files that were looked at.
    pub files: u64,
    /// Envelopes among them.
    pub envelopes: u64,
    /// The uses of each key.
    pub uses: BTreeMap<KeyRef, Uses>,
    /// By keyring: envelopes that its rules cover and that name a key which it does not have, each with that key.
    pub foreign: BTreeMap<String, Files>,
    /// Folders with a manifest of their own: the names inside their files are judged by that one, not by this.
    pub nested: BTreeSet<String>,
    /// Files and folders that could not be looked into, each with the reason: any of them may need any version.
    pub unread: Files,
    /// Besides files, what could not be looked at and may need any version: buckets, logs.
    pub elsewhere: Files,
}

impl Scan {
    /// Everything of which it is not known what it needs.
    pub fn in_doubt(&self) -> Files {
        let mut all = self.unread.clone();
        all.add_all(&self.elsewhere);
        all
    }
}
