//! Which key an object is written under, and whether it may be that one.

use keyward_core::location::{Location, LocationKind};
use keyward_core::name::CryptoKeyName;

use super::bucket::Bucket;
use super::refusal::Refusal;
use super::{agent, key_refusal};
use crate::state::State;

/// The key for an object of `bucket`: the one that the call names, else the bucket's, else none.
///
/// # Errors
/// 400 when what is named is no key, or is in the wrong place; 403 when the service agent may not encrypt with it.
pub(crate) fn of_object(
    state: &State,
    bucket: &Bucket,
    named: Option<&str>,
) -> Result<Option<CryptoKeyName>, Refusal> {
    let Some(name) = named.or(bucket.key.as_deref()) else {
        return Ok(None);
    };
    let key = usable(state, &bucket.project, &bucket.location, name)?;
    Ok(Some(key))
}

/// A key that a bucket may have as its default: it exists, fits, and the service agent may encrypt with it.
pub(crate) fn of_bucket(state: &State, project: &str, location: &str, name: &str) -> Result<(), Refusal> {
    let key = usable(state, project, location, name)?;
    match state.keys.key(&key) {
        Ok(_) => Ok(()),
        Err(error) => Err(key_refusal::encrypting(&error)),
    }
}

fn usable(state: &State, project: &str, location: &str, name: &str) -> Result<CryptoKeyName, Refusal> {
    let key: CryptoKeyName = name.parse().map_err(|_| key_refusal::bad_name(name))?;
    if !fits(key.location(), location) {
        return Err(key_refusal::wrong_location(key.location().as_str(), location));
    }
    agent::may_encrypt(state, project, &key)?;
    Ok(key)
}

/// Whether a bucket in `bucket` may depend on a key in `key`: a region takes its own keys and those of `global`, a
/// larger place its own alone.
fn fits(key: &Location, bucket: &str) -> bool {
    let place = as_key_location(bucket);
    if key.as_str() == place {
        return true;
    }
    let region = Location::parse(&place).is_ok_and(|place| {
        place.kind().unwrap_or(LocationKind::Region) == LocationKind::Region && place.as_str().contains('-')
    });
    region && key.as_str() == "global"
}

/// The key location of the same place: buckets' places are in capitals, and Europe is abbreviated.
fn as_key_location(bucket: &str) -> String {
    match bucket {
        "EU" => "europe".to_owned(),
        bucket => bucket.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_takes_its_own_and_global_and_nothing_else() {
        for (key, bucket, fit) in [
            ("europe-west3", "EUROPE-WEST3", true),
            ("global", "EUROPE-WEST3", true),
            ("europe-west1", "EUROPE-WEST3", false),
            ("europe", "EUROPE-WEST3", false),
            ("europe", "EU", true),
            ("us", "US", true),
            ("global", "US", false),
            ("global", "EUR4", false),
            ("eur4", "EUR4", true),
        ] {
            assert_eq!(
                fits(&Location::parse(key).unwrap(), bucket),
                fit,
                "{key} for {bucket}"
            );
        }
    }
}
