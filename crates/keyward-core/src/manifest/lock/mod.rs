//! The lock `keyward.lock`: which keys were last proven to exist, where, in which state, and with what proof.
//!
//! Every key is an entry of its own with a checksum of its own, so that a merge of two branches that proved different
//! keys is a good lock, and an edit by hand is seen. The checksum is no protection: whoever can commit can compute it.

mod canary;
mod document;
mod encode;

use std::collections::BTreeMap;
use std::time::Duration;

use super::source::Source;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::name::{AgeRecipient, KeyRef, VersionRef};

pub use canary::LockCanary;

/// What was last proven to exist. It is committed to git beside the manifest, so its text is stable and sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Keys by their full name.
    pub keys: BTreeMap<KeyRef, LockedKey>,
    /// Escrow recipients with their last drill.
    pub escrow: BTreeMap<AgeRecipient, Drill>,
    /// Versions that nothing needs any more, with the evidence of it.
    pub retired: BTreeMap<VersionRef, Retirement>,
}

/// One key, as it was when it was last proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedKey {
    /// When the key was created.
    pub created: Timestamp,
    /// The provider's word for where its material is (`SOFTWARE`, `HSM`, …); `None` in an entry of an older release.
    pub protection: Option<String>,
    /// Its rotation period, if any.
    pub rotation: Option<Duration>,
    /// When it was to rotate next, if at all.
    pub next_rotation: Option<Timestamp>,
    /// Its destroy window.
    pub destroy_window: Duration,
    /// The number of its primary version, if any.
    pub primary: Option<u64>,
    /// Its versions by number.
    pub versions: BTreeMap<u64, LockedVersion>,
    /// When it was proven.
    pub proven_at: Timestamp,
    /// The command that proved it: `quickstart`, `key create`.
    pub proven_by: String,
    /// Whether the entry is as keyward wrote it.
    pub mark: Mark,
}

/// One key version, as it was when its key was last proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedVersion {
    /// The provider's word for its state (`ENABLED`, `DISABLED`, …).
    pub state: String,
    /// When it was created.
    pub created: Timestamp,
    /// When a canary last opened under it, and by which command; `None` when none ever did.
    pub proven: Option<Proof>,
    /// The ciphertext of that canary, as the provider gave it: [`LockCanary`] says what it opens to.
    pub canary: Option<Vec<u8>>,
}

/// That something was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When.
    pub at: Timestamp,
    /// The command that proved it.
    pub by: String,
}

/// Whether an entry is as keyward wrote it. It goes with the entry: only a new proof makes it [`Mark::Whole`] again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// It is.
    #[default]
    Whole,
    /// It has no checksum: an older release wrote it.
    Missing,
    /// Its checksum, which this is, is that of another text: somebody edited it.
    Edited(String),
}

/// That an escrow recipient's identity opened what it has to, on the machine that keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// When.
    pub drilled: Timestamp,
    /// Who, or which command, says so.
    pub by: String,
}

/// That a version was retired: nothing that is known needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// The evidence file, as a path from the manifest.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

impl Lock {
    /// Reads a lock. `file` is the name that messages use.
    ///
    /// # Errors
    /// A usage error on `file:line:column`.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let source = Source::lock(file);
        if let Some(line) = conflict(text) {
            let error = Error::usage("git left a merge conflict here");
            return Err(source.at_line(line, error).hint(
                "every key is an entry of its own: keep the entries of both sides and take out the marks; of one that \
                 both sides have keep either, and bring it up with `keyward key adopt KEY`",
            ));
        }
        document::lock(text, source)
    }

    /// Whether `text` is a lock that git could not merge.
    pub fn is_conflicted(text: &str) -> bool {
        conflict(text).is_some()
    }

    /// Records that one version changed its state, and nothing else about its key, so that a change which somebody
    /// else made meanwhile is still seen. Answers whether the lock knows the version.
    pub fn set_state(&mut self, version: &VersionRef, state: &str) -> bool {
        let key = self.keys.get_mut(&version.key());
        let version = key.and_then(|key| key.versions.get_mut(&version.name.number()));
        version.map(|version| version.state = state.to_owned()).is_some()
    }

    /// The lock as YAML: sorted by name and number, one line a value, so that `git diff` shows what changed.
    pub fn encode(&self) -> String {
        encode::lock(self)
    }
}

/// The line of the first mark that git leaves where it could not merge. No line of a lock begins like this.
fn conflict(text: &str) -> Option<usize> {
    let marks = ["<<<<<<< ", "||||||| ", ">>>>>>> "];
    let is_mark = |line: &str| marks.iter().any(|mark| line.starts_with(mark)) || line == "=======";
    text.lines().position(is_mark).map(|line| line + 1)
}

#[cfg(test)]
mod tests;
