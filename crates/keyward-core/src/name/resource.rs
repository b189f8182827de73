//! Cloud KMS resource names, parsed character by character.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::location::Location;

/// `projects/P/locations/L/keyRings/R`: what Google calls a key ring, crypto keys of one location under a name.
///
/// The location is part of its identity: a ring of the same name elsewhere is another ring, and none can move.
///
/// Cheap to clone: the names of thousands of keys in one ring share its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRingName(Arc<Ring>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ring {
    project: String,
    location: Location,
    id: String,
}

/// `…/cryptoKeys/K`: a key that people talk about. What encrypts is one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CryptoKeyName {
    ring: KeyRingName,
    key: String,
}

/// `…/cryptoKeyVersions/N`: one piece of key material. Numbers start at 1 and are never reused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersionName {
    key: CryptoKeyName,
    number: u64,
}

impl KeyRingName {
    /// Builds the name from its parts.
    ///
    /// # Errors
    /// A usage error when the project or ring id has a form that Cloud KMS does not allow.
    pub fn new(project: &str, location: Location, ring: &str) -> Result<Self> {
        check_project(project)?;
        check_id("key ring", ring)?;
        Ok(Self(Arc::new(Ring {
            project: project.to_owned(),
            location,
            id: ring.to_owned(),
        })))
    }

    /// The project id or number.
    pub fn project(&self) -> &str {
        &self.0.project
    }

    /// The location.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// The last part of the name.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The key named `id` in this ring.
    ///
    /// # Errors
    /// A usage error when `id` has a form that Cloud KMS does not allow.
    pub fn key(&self, id: &str) -> Result<CryptoKeyName> {
        self.clone().into_key(id)
    }

    fn into_key(self, id: &str) -> Result<CryptoKeyName> {
        check_id("crypto key", id)?;
        let key = id.to_owned();
        Ok(CryptoKeyName { ring: self, key })
    }

    /// What follows the name of this ring in `name`.
    fn strip_from<'a>(&self, name: &'a str) -> Option<&'a str> {
        let name = name.strip_prefix("projects/")?.strip_prefix(self.project())?;
        let name = name
            .strip_prefix("/locations/")?
            .strip_prefix(self.location().as_str())?;
        name.strip_prefix("/keyRings/")?.strip_prefix(self.id())
    }
}

impl CryptoKeyName {
    /// The ring it is in.
    pub fn ring(&self) -> &KeyRingName {
        &self.ring
    }

    /// The location of its ring.
    pub fn location(&self) -> &Location {
        self.ring.location()
    }

    /// The last part of the name.
    pub fn id(&self) -> &str {
        &self.key
    }

    /// The version with this number.
    pub fn version(&self, number: u64) -> KeyVersionName {
        KeyVersionName {
            key: self.clone(),
            number,
        }
    }

    /// The version of this key that has the full name `name`; none when that is the name of anything else.
    pub fn version_named(&self, name: &str) -> Option<KeyVersionName> {
        let name = self.ring.strip_from(name)?.strip_prefix("/cryptoKeys/")?;
        let number = name
            .strip_prefix(self.id())?
            .strip_prefix("/cryptoKeyVersions/")?;
        Some(self.version(parse_version_number(number)?))
    }
}

impl KeyVersionName {
    /// The key it is a version of.
    pub fn key(&self) -> &CryptoKeyName {
        &self.key
    }

    /// Its number, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl fmt::Display for KeyRingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ring {
            project,
            location,
            id,
        } = &*self.0;
        [
            "projects/",
            project,
            "/locations/",
            location.as_str(),
            "/keyRings/",
            id,
        ]
        .into_iter()
        .try_for_each(|part| f.write_str(part))
    }
}

impl fmt::Display for CryptoKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ring.fmt(f)?;
        f.write_str("/cryptoKeys/")?;
        f.write_str(&self.key)
    }
}

impl fmt::Display for KeyVersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/cryptoKeyVersions/{}", self.key, self.number)
    }
}

impl FromStr for KeyRingName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match segments(name)[..] {
            ["projects", p, "locations", l, "keyRings", r] => Self::new(p, Location::parse(l)?, r),
            _ => Err(not_a("key ring", name, "projects/P/locations/L/keyRings/R")),
        }
    }
}

impl FromStr for CryptoKeyName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match segments(name)[..] {
            ["projects", p, "locations", l, "keyRings", r, "cryptoKeys", k] => {
                KeyRingName::new(p, Location::parse(l)?, r)?.into_key(k)
            }
            _ => Err(not_a(
                "crypto key",
                name,
                "projects/P/locations/L/keyRings/R/cryptoKeys/K",
            )),
        }
    }
}

impl FromStr for KeyVersionName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let form = "projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N";
        let (key, number) = name
            .rsplit_once("/cryptoKeyVersions/")
            .ok_or_else(|| not_a("key version", name, form))?;
        let number = parse_version_number(number).ok_or_else(|| not_a("key version", name, form))?;
        Ok(key.parse::<CryptoKeyName>()?.version(number))
    }
}

/// A version number in its one canonical form: decimal, from 1, no sign and no leading zero.
pub(super) fn parse_version_number(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| canonical)
}

fn segments(name: &str) -> Vec<&str> {
    // A resource name has at most ten segments: a longer one cannot match, and is not worth splitting.
    let mut segments = Vec::with_capacity(11);
    segments.extend(name.splitn(11, '/'));
    segments
}

/// Key ring and crypto key ids: `[a-zA-Z0-9_-]{1,63}` (Cloud KMS API, CreateKeyRing and CreateCryptoKey).
pub(super) fn check_id(what: &str, id: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if (1..=63).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::usage(format!("`{}` is not a {what} id", shown(id)))
            .hint("1 to 63 letters, digits, `_` and `-`"))
    }
}

/// Project ids and numbers, domain-scoped ids (`example.com:project`) included.
fn check_project(project: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b':');
    let starts = project.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if starts && project.len() <= 100 && project.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::usage(format!("`{}` is not a project id", shown(project)))
            .hint("small letters, digits and `-`, such as my-project-1; or a project number"))
    }
}

fn not_a(what: &str, name: &str, form: &str) -> Error {
    Error::usage(format!("`{}` is not a {what} name", shown(name)))
        .hint(format!("a full name has the form {form}"))
}

/// A hostile name, safe to print: escaped, and cut.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(120).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str =
        "projects/p-1/locations/europe-west1/keyRings/r/cryptoKeys/k_2/cryptoKeyVersions/12";

    #[test]
    fn names_print_as_they_parse() {
        let version: KeyVersionName = VERSION.parse().unwrap();
        assert_eq!(version.to_string(), VERSION);
        assert_eq!(version.number(), 12);
        assert_eq!(
            version.key().to_string().parse::<CryptoKeyName>().unwrap(),
            *version.key()
        );
        assert_eq!(
            version.key().ring().to_string().parse::<KeyRingName>().unwrap(),
            *version.key().ring()
        );
    }

    #[test]
    fn a_key_knows_the_names_of_its_versions_and_no_others() {
        let version: KeyVersionName = VERSION.parse().unwrap();
        assert_eq!(version.key().version_named(VERSION), Some(version.clone()));
        for other in [
            VERSION.replace("p-1", "p-2"),
            VERSION.replace("/p-1/", "/p-11/"),
            VERSION.replace("west1", "west2"),
            VERSION.replace("keyRings/r/", "keyRings/rr/"),
            VERSION.replace("k_2", "k_"),
            VERSION.replace("Versions/12", "Versions/012"),
            format!("{VERSION}/"),
            version.key().to_string(),
        ] {
            assert_eq!(version.key().version_named(&other), None, "{other}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in [
            "",
            "projects/p/locations/l/keyRings/r",
            "/projects/p/locations/l/keyRings/r/cryptoKeys/k",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/",
            "projects/p/locations/l/keyRings/r/cryptoKeys/",
            "projects/p/locations/l/keyRings/../cryptoKeys/k",
            "projects/p/locations/L/keyRings/r/cryptoKeys/k",
            "projects/P/locations/l/keyRings/r/cryptoKeys/k",
            "projects/p/locations/l/keyrings/r/cryptoKeys/k",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k\u{e9}",
        ] {
            assert!(bad.parse::<CryptoKeyName>().is_err(), "{bad}");
        }
        for number in ["0", "01", "-1", "+1", "1.0", "", "99999999999999999999"] {
            let name = format!("projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/{number}");
            assert!(name.parse::<KeyVersionName>().is_err(), "{name}");
        }
    }
}
