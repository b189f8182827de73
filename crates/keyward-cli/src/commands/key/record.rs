//! Bringing the lock up to what was just proven about a key.

use keyward::lock_file::LockFile;
use keyward::project::Project;
use keyward_core::clock::Timestamp;
use keyward_core::error::Result;
use keyward_core::key::{CryptoKey, KeyVersion};
use keyward_core::manifest::{LockedKey, LockedVersion};
use keyward_core::name::KeyRef;

/// A key as it was seen when it was proven.
pub(super) struct Proven {
    pub(super) name: KeyRef,
    pub(super) key: CryptoKey,
    pub(super) versions: Vec<KeyVersion>,
}

/// Writes what is `proven` into the lock of `project`; `by` is the command that proved it.
///
/// # Errors
/// The lock cannot be read or written, or changed meanwhile.
pub(super) fn record(project: &Project, proven: Vec<Proven>, by: &str, now: Timestamp) -> Result<()> {
    let mut file = LockFile::read_or_new(&project.lock_file())?;
    for Proven { name, key, versions } in proven {
        file.lock.keys.insert(name, locked(&key, &versions, by, now));
    }
    file.write()
}

fn locked(key: &CryptoKey, versions: &[KeyVersion], by: &str, now: Timestamp) -> LockedKey {
    let version = |seen: &KeyVersion| {
        let locked = LockedVersion {
            state: seen.state.id().to_owned(),
            created: seen.created,
        };
        (seen.name.number(), locked)
    };
    LockedKey {
        created: key.created,
        rotation: key.rotation.map(|rotation| rotation.period()),
        destroy_window: key.destroy_window.length(),
        primary: key.primary,
        versions: versions.iter().map(version).collect(),
        proven_at: now,
        proven_by: by.to_owned(),
    }
}
