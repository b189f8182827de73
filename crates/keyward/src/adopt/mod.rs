//! Adopting a key: it is there, whoever made it or changed it, and joins the lock after a proof.
//!
//! Nothing is changed at the provider. A canary is sealed and opened under every enabled version by its full name; where the
//! lock knows the key, the canaries that it keeps are opened too, so that a key of other material under an old name is not
//! taken for the old one.

mod changes;

use std::path::Path;

use keyward_core::error::{Error, Result};
use keyward_core::key::{CryptoKey, KeyVersion, ProtectionLevel, Purpose, VersionState};
use keyward_core::kms::Observed;
use keyward_core::limits;
use keyward_core::location::Location;
use keyward_core::manifest::{
    KeyringSpec, LockedKey, Manifest, NewKeyring, Protection, with_keyring, with_location,
};
use keyward_core::name::KeyRef;

use crate::atomic_file::{self, Access, Existing};
use crate::lock_file;
use crate::text_file::read_text;
use crate::verify::{Prover, in_time};

/// What adopting a key comes to: nothing is written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The key.
    pub key: KeyRef,
    /// What the lock had about it when it was looked at.
    pub was: Option<LockedKey>,
    /// What it is to have.
    pub now: LockedKey,
    /// What is another in the latter, one sentence each; empty when only the time of the proof is.
    pub changes: Vec<String>,
}

/// Looks at `key` and proves it. `recorded` is what the lock has about it; one that was replaced since, or lost versions, is
/// taken only when the caller says that this is known.
///
/// # Errors
/// Unavailable when anything could not be seen; a refusal when there is no such key, it is of another purpose, has no enabled
/// primary, was replaced, or a canary does not open.
pub async fn look(
    prover: &Prover<'_>,
    key: &KeyRef,
    recorded: Option<&LockedKey>,
    even_if_replaced: bool,
) -> Result<Adoption> {
    let (live, versions) = seen(prover, key).await?;
    is_fit(&live, &versions).map_err(|error| error.on(key))?;
    if let (Some(was), false) = (recorded, even_if_replaced) {
        is_the_same(was, &live, &versions).map_err(|error| error.on(key))?;
        for (number, canary) in kept_canaries(was, &versions) {
            prover.open_recorded(&key.version(number), canary).await?;
        }
    }
    let mut now = prover.prove_seen(key, &live, &versions).await?;
    if let Some(was) = recorded {
        keep_old_proofs(was, &mut now);
    }
    Ok(Adoption {
        key: key.clone(),
        changes: changes::between(recorded, &now),
        was: recorded.cloned(),
        now,
    })
}

/// Writes `adoption` into the lock at `path`.
///
/// # Errors
/// The lock cannot be read or written, or has something else about the key than when it was looked at.
pub fn record(path: &Path, adoption: &Adoption) -> Result<()> {
    lock_file::update(path, |lock| {
        if lock.keys.get(&adoption.key) != adoption.was.as_ref() {
            let what = "the lock was changed while the key was proven";
            return Err(Error::unavailable(what)
                .on(&adoption.key)
                .hint("run the command again"));
        }
        lock.keys.insert(adoption.key.clone(), adoption.now.clone());
        Ok(())
    })
}

/// What a manifest needs to say so that a key is one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// Nothing: keyring `.0` has it.
    There(String),
    /// One location more of keyring `.0`.
    Location(String, Location),
    /// A keyring.
    Keyring(NewKeyring),
}

impl Declaration {
    /// How `manifest` comes to have the key of `adoption`: it has it; a keyring of the same project, ring and key id gets its
    /// location; else a keyring with the name `keyring` in `env`.
    ///
    /// # Errors
    /// A usage error when the names are needed and absent, when several keyrings fit, and when a manifest cannot declare a
    /// key like this.
    pub fn of(
        manifest: &Manifest,
        adoption: &Adoption,
        keyring: Option<&str>,
        env: impl FnOnce() -> Result<String>,
    ) -> Result<Self> {
        let key = &adoption.key;
        if let Some(has) = manifest.keyring_of(key) {
            return Ok(Self::There(has.name.clone()));
        }
        let fits =
            |spec: &&KeyringSpec| keyring.is_none_or(|name| name == spec.name) && has_it_elsewhere(spec, key);
        let mut fitting = manifest.keyrings().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => {
                return Ok(Self::Location(one.name.clone(), key.name.location().clone()));
            }
            (Some(_), Some(_)) => {
                return Err(Error::usage("several keyrings have a key of this name elsewhere")
                    .on(key)
                    .hint("say which one gets its location: --keyring NAME"));
            }
            (None, _) => {}
        }
        let name = keyring.ok_or_else(|| {
            Error::usage("no keyring of the manifest has it, or a key of the same name elsewhere")
                .on(key)
                .hint("name a new keyring for it, and its environment: --keyring NAME --env ENV")
        })?;
        Ok(Self::Keyring(NewKeyring {
            name: name.to_owned(),
            env: env()?,
            key: key.clone(),
            protection: protection(&adoption.now).map_err(|error| error.on(key))?,
            rotation: adoption.now.rotation,
            destroy_after: adoption.now.destroy_window,
        }))
    }

    /// Writes it into the manifest at `path`. Answers whether there was anything to write.
    ///
    /// # Errors
    /// The manifest cannot be read or written, or is of a form that cannot be added to.
    pub fn write(&self, path: &Path) -> Result<bool> {
        let (text, snapshot) = read_text(path, limits::MANIFEST_LEN)?;
        let Some(edited) = self.edited(&text)? else {
            return Ok(false);
        };
        let existing = Existing::Replace(snapshot);
        atomic_file::write(path, edited.as_bytes(), Access::Shared, existing)?;
        Ok(true)
    }

    /// The manifest with it, when that is another.
    ///
    /// # Errors
    /// It is of a form that cannot be added to.
    pub fn edited(&self, text: &str) -> Result<Option<String>> {
        match self {
            Self::There(_) => Ok(None),
            Self::Location(keyring, location) => with_location(text, keyring, location).map(Some),
            Self::Keyring(new) => with_keyring(text, new).map(Some),
        }
    }

    /// The keyring that has the key then.
    pub fn keyring(&self) -> &str {
        match self {
            Self::There(name) | Self::Location(name, _) => name,
            Self::Keyring(new) => &new.name,
        }
    }
}

fn has_it_elsewhere(spec: &KeyringSpec, key: &KeyRef) -> bool {
    let ring = key.name.ring();
    spec.provider == key.provider
        && spec.project == ring.project()
        && spec.ring == ring.id()
        && spec.key == key.name.id()
}

fn protection(now: &LockedKey) -> Result<Protection> {
    let level = now.protection.as_deref().unwrap_or_default();
    match ProtectionLevel::from_id(level) {
        ProtectionLevel::Software => Ok(Protection::Software),
        ProtectionLevel::Hsm => Ok(Protection::Hsm),
        _ => Err(Error::usage(format!(
            "its protection level is {level}, which a manifest of this release cannot declare"
        ))),
    }
}

async fn seen(prover: &Prover<'_>, key: &KeyRef) -> Result<(CryptoKey, Vec<KeyVersion>)> {
    let reader = prover.readers.get(key.provider)?;
    let live = in_time(prover.deadline, reader.get_key(&key.name)).await;
    let versions = in_time(prover.deadline, reader.list_versions(&key.name)).await;
    match (live, versions) {
        (Observed::Absent, _) => Err(Error::refused("it does not exist").on(key)),
        (Observed::Present(live), Observed::Present(versions)) => Ok((live, versions)),
        (Observed::Unknown(why), _) | (_, Observed::Unknown(why)) => {
            Err(Error::unavailable(format!("it cannot be seen: {why}")).on(key))
        }
        (Observed::Present(_), Observed::Absent) => {
            Err(Error::unavailable("it is there, but its versions are not").on(key))
        }
    }
}

/// Whether it can do what a keyring's key is for.
fn is_fit(live: &CryptoKey, versions: &[KeyVersion]) -> Result<()> {
    if live.purpose != Purpose::EncryptDecrypt {
        return Err(Error::refused(
            "it is not for encryption (ENCRYPT_DECRYPT): its purpose is another one",
        ));
    }
    let Some(number) = live.primary else {
        return Err(
            Error::refused("it has no primary version: nothing can be encrypted under it")
                .hint("make a version primary where the key was made, and run the command again"),
        );
    };
    let primary = versions.iter().find(|version| version.name.number() == number);
    match primary.map(|version| version.state) {
        Some(VersionState::Enabled) => Ok(()),
        Some(state) => Err(
            Error::refused(format!("its primary version {number} is {state}")).hint(format!(
                "`keyward key restore VERSION` brings version {number} back"
            )),
        ),
        None => Err(Error::unavailable(format!(
            "its primary version {number} is not in the list of its versions"
        ))),
    }
}

/// Whether the key, and every version that the lock has, are still those that were recorded.
fn is_the_same(was: &LockedKey, live: &CryptoKey, versions: &[KeyVersion]) -> Result<()> {
    let hint = "if that is known and meant: --even-if-replaced";
    if was.created != live.created {
        return Err(Error::refused(format!(
            "it was created at {}, and the one in the lock at {}: it is another key, and opens nothing that the old one \
             sealed",
            live.created, was.created
        ))
        .hint(hint));
    }
    for (number, was) in &was.versions {
        let what = match versions.iter().find(|live| live.name.number() == *number) {
            None => "does not exist any more",
            Some(live) if live.created != was.created => "was created at another time: it is another version",
            Some(_) => continue,
        };
        return Err(Error::refused(format!("version {number}, which the lock has, {what}")).hint(hint));
    }
    Ok(())
}

/// The canaries that the lock keeps of versions which are enabled.
fn kept_canaries<'a>(
    was: &'a LockedKey,
    versions: &'a [KeyVersion],
) -> impl Iterator<Item = (u64, &'a [u8])> {
    let enabled = versions
        .iter()
        .filter(|version| version.state == VersionState::Enabled);
    enabled.filter_map(|version| {
        let number = version.name.number();
        Some((number, was.versions.get(&number)?.canary.as_deref()?))
    })
}

/// A version that cannot be proven now keeps the proof that it has.
fn keep_old_proofs(was: &LockedKey, now: &mut LockedKey) {
    for (number, version) in &mut now.versions {
        let old = was
            .versions
            .get(number)
            .filter(|old| old.created == version.created);
        if let (None, Some(old)) = (&version.canary, old) {
            version.proven.clone_from(&old.proven);
            version.canary.clone_from(&old.canary);
        }
    }
}

#[cfg(test)]
mod tests;
