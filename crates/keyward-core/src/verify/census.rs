//! V05: the ring and the key of a keyring are nowhere but where manifest and lock know them.

use super::{Check, CheckId, Verdict};
use crate::location::Location;
use crate::manifest::{KeyringSpec, Lock, Manifest};
use crate::name::KeyRef;

/// What a look at every location of a keyring's project showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Census {
    /// The locations are known.
    Counted {
        /// Keys with the keyring's ring id and key id, wherever they are.
        found: Vec<KeyRef>,
        /// Locations that could not be looked into, and why.
        unseen: Vec<(Location, String)>,
    },
    /// Which locations there are could not be seen, and why.
    Unknown(String),
}

/// A key of the same name in another location is another key: left over, made by a slip, or about to be taken for the old one.
pub(super) fn judge(
    manifest: &Manifest,
    keyring: &KeyringSpec,
    census: &Census,
    lock: Option<&Lock>,
) -> Check {
    let is_known = |key: &&KeyRef| {
        let is_recorded = lock.is_some_and(|lock| lock.keys.contains_key(key));
        keyring.keys().contains(key) || is_recorded || manifest.keyring_of(key).is_some()
    };
    let (verdict, next) = match census {
        Census::Unknown(why) => (Verdict::Unknown(why.clone()), None),
        Census::Counted { found, unseen } => {
            let strays: Vec<_> = found.iter().filter(|key| !is_known(key)).collect();
            match (strays.first(), unseen.first()) {
                (Some(first), _) => (
                    Verdict::Fail(format!(
                        "{} too has a key of this ring and id, which neither manifest nor lock knows: it is another key, \
                         and files may be sealed under it",
                        list(strays.iter().map(|key| key.name.location()))
                    )),
                    Some(format!("keyward key show {first}")),
                ),
                (None, Some((_, why))) => (
                    Verdict::Unknown(format!(
                        "{} could not be looked into: {why}",
                        list(unseen.iter().map(|(location, _)| location))
                    )),
                    None,
                ),
                (None, None) => (Verdict::Pass, None),
            }
        }
    };
    Check::new(CheckId::V05, format!("keyring {}", keyring.name), verdict).next(next)
}

/// The first three, and how many more.
fn list<'a>(locations: impl ExactSizeIterator<Item = &'a Location>) -> String {
    let count = locations.len();
    let names: Vec<_> = locations.take(3).map(Location::as_str).collect();
    match count - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
