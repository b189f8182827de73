//! What a name on the command line means: keys and versions, short names looked up in the manifest.

use keyward::project::Project;
use keyward_core::error::{Error, Result};
use keyward_core::name::{KeyRef, ResourceId, VersionRef};

use crate::session::Session;
use crate::ui::hints;

/// One key that a name stands for.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Target {
    /// The key.
    pub(in crate::commands) key: KeyRef,
    /// One version of it, when the name says so.
    pub(in crate::commands) version: Option<u64>,
    /// The keyring of the manifest that it belongs to.
    pub(in crate::commands) keyring: Option<String>,
}

impl Target {
    /// `KEYRING/LOCATION`, or the full name of a key that is in no keyring.
    pub(in crate::commands) fn key_name(&self) -> String {
        match &self.keyring {
            Some(keyring) => format!("{keyring}/{}", self.key.name.location()),
            None => self.key.to_string(),
        }
    }

    /// The same for one version of it.
    pub(in crate::commands) fn version_name(&self, number: u64) -> String {
        match &self.keyring {
            Some(_) => format!("{}@{number}", self.key_name()),
            None => self.key.version(number).to_string(),
        }
    }
}

/// The manifest, to look `name` up in, for what changes nothing or brings back: one that cannot be read does not stand in
/// the way of a full name.
///
/// # Errors
/// The manifest cannot be read, and a short name needs it.
pub(in crate::commands) fn project_for<'s>(
    session: &'s Session,
    name: &ResourceId,
) -> Result<Option<&'s Project>> {
    match name {
        ResourceId::Key(_) | ResourceId::Version(_) => Ok(session.if_readable(session.project())),
        ResourceId::Short(_) => session.project().map_err(hints::full_name_instead),
    }
}

/// The keys that `name` stands for: all locations of a keyring, in their order, or one key.
///
/// # Errors
/// A usage error when a short name is given without a manifest, or is not in it.
pub(in crate::commands) fn resolve(project: Option<&Project>, name: &ResourceId) -> Result<Vec<Target>> {
    let known = |key: KeyRef, version| Target {
        keyring: project
            .and_then(|project| project.manifest.keyring_of(&key))
            .map(|found| found.name.clone()),
        key,
        version,
    };
    let short = match name {
        ResourceId::Key(key) => return Ok(vec![known(key.clone(), None)]),
        ResourceId::Version(version) => return Ok(vec![known(version.key(), Some(version.name.number()))]),
        ResourceId::Short(short) => short,
    };
    let project = project.ok_or_else(|| {
        hints::needs_manifest(Error::usage("a short name needs a manifest, and there is none").on(short))
    })?;
    let keyring = project.manifest.keyring(&short.keyring)?;
    let keys = match &short.location {
        Some(location) => vec![keyring.key_in(location)?.clone()],
        None => keyring.keys().to_vec(),
    };
    Ok(keys.into_iter().map(|key| known(key, short.version)).collect())
}

/// The one version that `name` stands for.
///
/// # Errors
/// Those of [`resolve`], and a usage error for anything but a version.
pub(in crate::commands) fn resolve_version(
    project: Option<&Project>,
    name: &ResourceId,
) -> Result<(Target, VersionRef)> {
    let not_one = || {
        Error::usage("it names no version")
            .on(name)
            .hint("a version is KEYRING/LOCATION@N, or a full name that ends in /cryptoKeyVersions/N")
            .hint("`keyward key list` shows them")
    };
    let [target] = <[Target; 1]>::try_from(resolve(project, name)?).map_err(|_| not_one())?;
    let version = target.key.version(target.version.ok_or_else(not_one)?);
    Ok((target, version))
}
