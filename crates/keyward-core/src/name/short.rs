//! The short forms of the command line: `KEYRING`, `KEYRING/LOCATION`, `KEYRING/LOCATION@N`.

use std::fmt;
use std::str::FromStr;

use super::resource::{check_id, parse_version_number};
use super::{KeyRef, VersionRef};
use crate::error::{Error, Result};
use crate::location::Location;

/// A keyring of the manifest, one of its keys, or one version of that key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortName {
    /// The keyring's name in the manifest.
    pub keyring: String,
    /// One location of it; all of them when absent.
    pub location: Option<Location>,
    /// One version; only together with a location.
    pub version: Option<u64>,
}

/// What a person names on the command line: a short name, or a provider's full name, which works everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceId {
    /// Looked up in the manifest.
    Short(ShortName),
    /// A crypto key by its full name.
    Key(KeyRef),
    /// A key version by its full name.
    Version(VersionRef),
}

impl FromStr for ShortName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (path, version) = match text.split_once('@') {
            Some((path, number)) => {
                let number = parse_version_number(number).ok_or_else(|| bad(text))?;
                (path, Some(number))
            }
            None => (text, None),
        };
        let (keyring, location) = match path.split_once('/') {
            Some((keyring, location)) => (keyring, Some(Location::parse(location)?)),
            None => (path, None),
        };
        if version.is_some() && location.is_none() {
            return Err(bad(text));
        }
        check_id("keyring", keyring)?;
        Ok(Self {
            keyring: keyring.to_owned(),
            location,
            version,
        })
    }
}

impl FromStr for ResourceId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if !text.starts_with("projects/") && !text.contains("://") {
            Ok(Self::Short(text.parse()?))
        } else if text.contains("/cryptoKeyVersions/") {
            Ok(Self::Version(text.parse()?))
        } else {
            Ok(Self::Key(text.parse()?))
        }
    }
}

impl fmt::Display for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.keyring)?;
        if let Some(location) = &self.location {
            write!(f, "/{location}")?;
        }
        if let Some(version) = self.version {
            write!(f, "@{version}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(name) => name.fmt(f),
            Self::Key(name) => name.fmt(f),
            Self::Version(name) => name.fmt(f),
        }
    }
}

fn bad(text: &str) -> Error {
    Error::usage(format!("`{}` does not name a key", super::resource::shown(text)))
        .hint("write KEYRING, KEYRING/LOCATION, KEYRING/LOCATION@N or a full resource name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms() {
        for text in ["app", "app/europe-west1", "app/europe-west1@3"] {
            assert_eq!(text.parse::<ShortName>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "app@3",
            "app/",
            "app/europe-west1@0",
            "app/europe-west1@",
            "a/b/c",
            "../x",
        ] {
            assert!(bad.parse::<ShortName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn full_names_are_told_apart() {
        let key = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
        assert!(matches!(key.parse(), Ok(ResourceId::Key(_))));
        assert!(matches!(
            format!("{key}/cryptoKeyVersions/1").parse(),
            Ok(ResourceId::Version(_))
        ));
        assert!(matches!("app".parse(), Ok(ResourceId::Short(_))));
    }
}
