//! Attestation: the identity that may decrypt says which versions it saw open, for a pipeline that may only look.
//!
//! The record is JSON, short-lived, bound to one manifest, and signed with an SSH key. Everything about it is checked before
//! anything in it is believed; what it does not say is unknown.

mod ssh;

use std::collections::BTreeSet;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::clock::{Timestamp, later};
use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::name::VersionRef;

pub use ssh::{Attester, signer};

/// What the signature is made for: `ssh-keygen -Y sign -n` takes it.
pub const NAMESPACE: &str = "keyward-attestation";
/// How long a record may be believed, at most.
pub const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How far into the future a record may have been made: clocks differ.
const SKEW: Duration = Duration::from_secs(5 * 60);
const FORM: u64 = 1;

/// What was seen to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// When the canaries were opened.
    pub at: Timestamp,
    /// Until when that may be believed.
    pub expires: Timestamp,
    /// The digest of the manifest that it was made for ([`manifest_digest`]).
    pub manifest: String,
    /// Versions under which a canary opened.
    pub opened: BTreeSet<VersionRef>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u64,
    at: String,
    expires: String,
    manifest: String,
    opened: Vec<String>,
}

impl Attestation {
    /// The record of what opened `at` that time, under the keys of `manifest`.
    pub fn new(manifest: &Manifest, at: Timestamp, opened: BTreeSet<VersionRef>) -> Self {
        Self {
            at,
            expires: later(at, LONGEST_LIFE),
            manifest: manifest_digest(manifest),
            opened,
        }
    }

    /// Its text, which is what is signed.
    pub fn encode(&self) -> String {
        let document = Document {
            version: FORM,
            at: self.at.to_string(),
            expires: self.expires.to_string(),
            manifest: self.manifest.clone(),
            opened: self.opened.iter().map(ToString::to_string).collect(),
        };
        // Strings and numbers alone: it cannot fail.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        format!("{text}\n")
    }

    /// The record in `text`, if `signature` is by one of the manifest's attesters and it holds `now` for this manifest.
    ///
    /// # Errors
    /// Why it is not to be believed.
    pub fn believed(
        text: &str,
        signature: &str,
        manifest: &Manifest,
        now: Timestamp,
    ) -> Result<Self, String> {
        if manifest.attesters().is_empty() {
            return Err(
                "the manifest names nobody who may attest: `attesters: [ssh-ed25519 AAAA…]`".to_owned(),
            );
        }
        signer(text.as_bytes(), NAMESPACE, signature, manifest.attesters())?;
        let record = Self::parse(text).map_err(|error| format!("it cannot be read: {error}"))?;
        if record.manifest != manifest_digest(manifest) {
            return Err("it was made for another manifest, or for this one before it was changed".to_owned());
        }
        if later(now, SKEW) < record.at {
            return Err(format!(
                "it says that it was made at {}, which is still to come",
                record.at
            ));
        }
        if record.expires > later(record.at, LONGEST_LIFE) {
            return Err("it claims to hold for longer than a day".to_owned());
        }
        if now >= record.expires {
            return Err(format!("it held until {}", record.expires));
        }
        Ok(record)
    }

    fn parse(text: &str) -> Result<Self> {
        let document: Document =
            serde_json::from_str(text).map_err(|error| Error::usage(error.to_string()))?;
        if document.version != FORM {
            return Err(Error::usage(format!(
                "its form is {}, which is not known",
                document.version
            )));
        }
        let time = |text: &str| {
            let time: std::result::Result<Timestamp, _> = text.parse();
            time.map_err(|error| Error::usage(format!("not a time: {error}")))
        };
        Ok(Self {
            at: time(&document.at)?,
            expires: time(&document.expires)?,
            manifest: document.manifest,
            opened: document
                .opened
                .iter()
                .map(|name| name.parse())
                .collect::<Result<_>>()?,
        })
    }
}

/// SHA-256 of what a manifest says, whatever its comments, in hexadecimal.
pub fn manifest_digest(manifest: &Manifest) -> String {
    let digest = digest(&SHA256, manifest.encode().as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
