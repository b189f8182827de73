//! Resource names of requests. Each is parsed once, by the first line of its RPC.

use keyward_core::kms::EncryptWith;
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

use crate::kms::unverified;
use crate::refusal::Refusal;

/// `projects/P/locations/L`: the parent of rings.
pub(crate) struct Place {
    /// Project id or number.
    pub(crate) project: String,
    /// The location, one that exists.
    pub(crate) location: Location,
}

/// What can be asked to encrypt.
pub(crate) enum Encrypting {
    /// A key: its primary version.
    Key(CryptoKeyName),
    /// A version.
    Version(KeyVersionName),
}

impl Encrypting {
    /// The same, borrowed.
    pub(crate) fn with(&self) -> EncryptWith<'_> {
        match self {
            Self::Key(name) => EncryptWith::Key(name),
            Self::Version(name) => EncryptWith::Version(name),
        }
    }
}

/// The name of a project: its id.
///
/// # Errors
/// `INVALID_ARGUMENT` for any other form.
pub(crate) fn project(name: &str) -> Result<&str, Refusal> {
    let malformed = || unverified::malformed("Project", name);
    let id = name.strip_prefix("projects/").ok_or_else(malformed)?;
    let anywhere = Location::parse("global").and_then(|anywhere| KeyRingName::new(id, anywhere, "r"));
    anywhere.map_err(|_| malformed())?;
    Ok(id)
}

/// The name of a location in a project.
///
/// # Errors
/// `INVALID_ARGUMENT` for any other form; `NOT_FOUND` for a location that Cloud KMS does not have.
pub(crate) fn place(name: &str) -> Result<Place, Refusal> {
    let malformed = || unverified::malformed("Location", name);
    let (project_name, location) = name.split_once("/locations/").ok_or_else(malformed)?;
    let project = project(project_name).map_err(|_| malformed())?.to_owned();
    check_location(name)?;
    let location = Location::parse(location).map_err(|_| malformed())?;
    Ok(Place { project, location })
}

/// The name of a ring.
///
/// # Errors
/// `INVALID_ARGUMENT` for any other form; `NOT_FOUND` for a location that Cloud KMS does not have.
pub(crate) fn ring(name: &str) -> Result<KeyRingName, Refusal> {
    let found: KeyRingName = name.parse().map_err(|_| no_name("KeyRing", name))?;
    known(found.location(), name)?;
    Ok(found)
}

/// The name of a key.
///
/// # Errors
/// As [`ring`].
pub(crate) fn key(name: &str) -> Result<CryptoKeyName, Refusal> {
    let found: CryptoKeyName = name.parse().map_err(|_| no_name("CryptoKey", name))?;
    known(found.location(), name)?;
    Ok(found)
}

/// The name of a version.
///
/// # Errors
/// As [`ring`].
pub(crate) fn version(name: &str) -> Result<KeyVersionName, Refusal> {
    let found: KeyVersionName = name.parse().map_err(|_| no_name("CryptoKeyVersion", name))?;
    known(found.key().location(), name)?;
    Ok(found)
}

/// The version of `key` that a request names by its last part.
///
/// # Errors
/// `INVALID_ARGUMENT` for anything but a number from 1.
pub(crate) fn version_of(key: &CryptoKeyName, id: &str) -> Result<KeyVersionName, Refusal> {
    let canonical = id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0');
    let number = id.parse().ok().filter(|_| canonical);
    let number = number.ok_or_else(|| unverified::id("crypto_key_version_id", id))?;
    Ok(key.version(number))
}

/// The name of a key, or of a version.
///
/// # Errors
/// As [`ring`].
pub(crate) fn encrypting(name: &str) -> Result<Encrypting, Refusal> {
    // No other part of a name can hold this: ids know no slash.
    if name.contains("/cryptoKeyVersions/") {
        return version(name).map(Encrypting::Version);
    }
    key(name).map(Encrypting::Key)
}

/// The ring in this place with this id.
///
/// # Errors
/// `INVALID_ARGUMENT` for an id of another form.
pub(crate) fn new_ring(place: Place, id: &str) -> Result<KeyRingName, Refusal> {
    KeyRingName::new(&place.project, place.location, id).map_err(|_| unverified::id("key_ring_id", id))
}

/// The key in this ring with this id.
///
/// # Errors
/// `INVALID_ARGUMENT` for an id of another form.
pub(crate) fn new_key(ring: &KeyRingName, id: &str) -> Result<CryptoKeyName, Refusal> {
    ring.key(id).map_err(|_| unverified::id("crypto_key_id", id))
}

/// Checks `RING/<collection>/ID`, the name of a `kind`.
///
/// # Errors
/// As [`ring`].
pub(crate) fn check_in_ring(kind: &str, collection: &str, name: &str) -> Result<(), Refusal> {
    let parent = parent_of(collection, name).filter(|parent| ring(parent).is_ok());
    parent.map(drop).ok_or_else(|| no_name(kind, name))
}

/// Checks `PLACE/<collection>/ID`, the name of a `kind`.
///
/// # Errors
/// As [`place`].
pub(crate) fn check_in_place(kind: &str, collection: &str, name: &str) -> Result<(), Refusal> {
    let parent = parent_of(collection, name).filter(|parent| place(parent).is_ok());
    parent.map(drop).ok_or_else(|| no_name(kind, name))
}

/// What is before `/<collection>/ID`.
fn parent_of<'a>(collection: &str, name: &'a str) -> Option<&'a str> {
    let (parent, id) = name.rsplit_once('/')?;
    let well_formed = !id.is_empty() && id.len() <= 128 && id.bytes().all(is_of_id);
    parent
        .strip_suffix(collection)?
        .strip_suffix('/')
        .filter(|_| well_formed)
}

/// A resource that is certainly not there. `kind` is Google's name of the type.
pub(crate) fn not_found(kind: &str, name: &str) -> Refusal {
    Refusal::new(tonic::Code::NotFound, format!("{kind} {name} not found."))
}

fn known(location: &Location, name: &str) -> Result<(), Refusal> {
    match location.kind() {
        Some(_) => Ok(()),
        None => check_location(name),
    }
}

/// What is wrong with a name that did not parse: a location that does not exist comes first, since Google's front end
/// sends a call to its location before anybody reads the rest.
fn no_name(kind: &str, name: &str) -> Refusal {
    let location = check_location(name);
    location
        .err()
        .unwrap_or_else(|| unverified::malformed(kind, name))
}

/// Whether the location in `name` exists, when there is something of that form.
fn check_location(name: &str) -> Result<(), Refusal> {
    let mut parts = name.splitn(5, '/');
    let of_form = parts.next() == Some("projects") && parts.nth(1) == Some("locations");
    let location = parts.next().filter(|text| of_form && is_of_location(text));
    match location {
        Some(text) if Location::known(text).is_err() => Err(unverified::no_location(text)),
        _ => Ok(()),
    }
}

fn is_of_location(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_of_id(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn code<T>(answer: Result<T, Refusal>) -> Option<Code> {
        answer.err().map(|refusal| refusal.code)
    }

    #[test]
    fn names_of_every_type() {
        let ring_name = "projects/p/locations/global/keyRings/r";
        let key_name = format!("{ring_name}/cryptoKeys/k");
        let version_name = format!("{key_name}/cryptoKeyVersions/7");
        assert_eq!(ring(ring_name).unwrap().to_string(), ring_name);
        assert_eq!(key(&key_name).unwrap().to_string(), key_name);
        assert_eq!(version(&version_name).unwrap().number(), 7);
        assert!(matches!(encrypting(&key_name), Ok(Encrypting::Key(_))));
        assert!(matches!(encrypting(&version_name), Ok(Encrypting::Version(_))));
        assert_eq!(project("projects/p-1").unwrap(), "p-1");
        assert_eq!(
            place("projects/p/locations/eur4").unwrap().location.as_str(),
            "eur4"
        );
    }

    #[test]
    fn other_forms_are_invalid() {
        for bad in [
            "",
            "/",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k/",
            "projects/p/locations/global/keyRings//cryptoKeys/k",
            "projects/p/locations/global/keyrings/r/cryptoKeys/k",
            "projects/p/locations/GLOBAL/keyRings/r/cryptoKeys/k",
            "projects/p/locations/glob.al/keyRings/r/cryptoKeys/k",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k%2F",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/01",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1/cryptoKeyVersions/1",
        ] {
            assert_eq!(code(encrypting(bad)), Some(Code::InvalidArgument), "{bad}");
        }
        for bad in ["projects/", "projects/P", "project/p", "projects/p/"] {
            assert_eq!(code(project(bad)), Some(Code::InvalidArgument), "{bad}");
        }
        for bad in [
            "projects/p/locations/",
            "projects/p/locations/us/",
            "locations/us",
        ] {
            assert_eq!(code(place(bad)), Some(Code::InvalidArgument), "{bad}");
        }
    }

    #[test]
    fn a_location_that_does_not_exist_is_not_found_before_all_else() {
        for bad in ["mars-north1", "-", "europe-west99"] {
            let place_name = format!("projects/p/locations/{bad}");
            assert_eq!(code(place(&place_name)), Some(Code::NotFound), "{bad}");
            let key_name = format!("{place_name}/keyRings/r r/cryptoKeys/k");
            assert_eq!(code(key(&key_name)), Some(Code::NotFound), "{bad}");
        }
    }

    #[test]
    fn children() {
        let job = |name: &str| code(check_in_ring("ImportJob", "importJobs", name));
        assert_eq!(job("projects/p/locations/us/keyRings/r/importJobs/j"), None);
        for bad in [
            "importJobs/j",
            "j",
            "projects/p/locations/us/importJobs/j",
            "projects/p/locations/us/keyRings/r/importJobs/",
            "projects/p/locations/us/keyRings/r/jobs/j",
            "projects/p/locations/us/keyRings/r/cryptoKeys/importJobs/j",
        ] {
            assert_eq!(job(bad), Some(Code::InvalidArgument), "{bad}");
        }
        let operation = |name: &str| code(check_in_place("Operation", "operations", name));
        assert_eq!(operation("projects/p/locations/us/operations/o"), None);
        assert_eq!(
            operation("projects/p/locations/mars/operations/o"),
            Some(Code::NotFound)
        );
        assert_eq!(operation("projects/p/operations/o"), Some(Code::InvalidArgument));
    }

    #[test]
    fn numbers_of_versions() {
        let key = key("projects/p/locations/us/keyRings/r/cryptoKeys/k").unwrap();
        assert_eq!(version_of(&key, "12").unwrap().number(), 12);
        for bad in ["", "0", "01", "+1", "-1", "1.0", "x", "99999999999999999999"] {
            assert_eq!(code(version_of(&key, bad)), Some(Code::InvalidArgument), "{bad}");
        }
    }
}
