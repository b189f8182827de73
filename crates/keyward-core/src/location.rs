//! Locations: where key material lives, of which kind, and inside which residency area.

use std::fmt;

use crate::error::{Error, Result, nearest};
use crate::limits;

/// A Cloud KMS location such as `europe-west1`, `eur4`, `us` or `global`.
///
/// Any well-formed name can be held, since a provider may add locations after this release; what a *manifest* names
/// must be one of [`Location::known`], so that a typing error is found before a key is made in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(String);

/// The four kinds of location that Cloud KMS has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationKind {
    /// One region.
    Region,
    /// Two named regions.
    DualRegion,
    /// A large area with several regions.
    MultiRegion,
    /// No promise about where the material is.
    Global,
}

/// A residency area: the promise that `within:` in a manifest makes about every location of a keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// No limit.
    Any,
    /// A part of the world, by the name used in manifests.
    Named(&'static str),
}

impl Location {
    /// Checks the form of a location name: lower-case letters, digits and hyphens.
    ///
    /// # Errors
    /// A usage error for any other form.
    pub fn parse(name: &str) -> Result<Self> {
        let well_formed = !name.is_empty()
            && name.len() <= limits::LOCATION_LEN
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well_formed {
            Ok(Self(name.to_owned()))
        } else {
            Err(Error::usage(format!(
                "`{}` is not a location name",
                name.escape_debug()
            )))
        }
    }

    /// Like [`Self::parse`], and the location must be one that this release knows.
    ///
    /// # Errors
    /// A usage error that names the nearest known location.
    pub fn known(name: &str) -> Result<Self> {
        let location = Self::parse(name)?;
        if location.row().is_some() {
            return Ok(location);
        }
        let error = Error::usage(format!("`{name}` is not a known location"));
        Err(match nearest(name, KNOWN.iter().map(|row| row.0)) {
            Some(word) => error.hint(format!("did you mean `{word}`?")),
            None => error.hint("one of Cloud KMS, such as europe-west1, us, or global"),
        })
    }

    /// Every location that this release knows.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|row| Self(row.0.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind, when this release knows the location.
    pub fn kind(&self) -> Option<LocationKind> {
        self.row().map(|row| row.1)
    }

    /// Whether everything that is kept in this location stays inside `area`. An unknown location is inside none
    /// but [`Area::Any`].
    pub fn is_within(&self, area: Area) -> bool {
        match area {
            Area::Any => true,
            Area::Named(area) => self.row().is_some_and(|row| row.2.contains(&area)),
        }
    }

    fn row(&self) -> Option<&'static Row> {
        KNOWN.iter().find(|row| row.0 == self.0)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Area {
    /// Parses the value of `within:`.
    ///
    /// # Errors
    /// A usage error that names the nearest area.
    pub fn parse(name: &str) -> Result<Self> {
        if name == "any" {
            return Ok(Self::Any);
        }
        if let Some(area) = AREAS.iter().find(|area| **area == name) {
            return Ok(Self::Named(area));
        }
        let error = Error::usage(format!("`{}` is not a residency area", name.escape_debug()));
        Err(match nearest(name, AREAS.iter().copied()) {
            Some(word) => error.hint(format!("did you mean `{word}`?")),
            None => error.hint(format!("areas: any, {}", AREAS.join(", "))),
        })
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Named(name) => name,
        })
    }
}

/// Every residency area but `any`. `europe` is the continent, `eu` the European Union.
const AREAS: [&str; 16] = [
    "africa",
    "asia",
    "australia",
    "canada",
    "chile",
    "brazil",
    "eu",
    "europe",
    "germany",
    "india",
    "japan",
    "middle-east",
    "north-america",
    "south-america",
    "switzerland",
    "us",
];

type Row = (&'static str, LocationKind, &'static [&'static str]);

/// The locations that this release knows, with the residency areas each stays inside (Cloud KMS documentation,
/// "Cloud KMS locations"). A provider's own list, asked at run time, decides what exists.
#[rustfmt::skip]
const KNOWN: &[Row] = {
    use LocationKind::{DualRegion, Global, MultiRegion, Region};
    &[
        ("africa-south1",           Region,      &["africa"]),
        ("asia-east1",              Region,      &["asia"]),
        ("asia-east2",              Region,      &["asia"]),
        ("asia-northeast1",         Region,      &["asia", "japan"]),
        ("asia-northeast2",         Region,      &["asia", "japan"]),
        ("asia-northeast3",         Region,      &["asia"]),
        ("asia-south1",             Region,      &["asia", "india"]),
        ("asia-south2",             Region,      &["asia", "india"]),
        ("asia-southeast1",         Region,      &["asia"]),
        ("asia-southeast2",         Region,      &["asia"]),
        ("asia-southeast3",         Region,      &["asia"]),
        ("australia-southeast1",    Region,      &["australia"]),
        ("australia-southeast2",    Region,      &["australia"]),
        ("europe-central2",         Region,      &["europe", "eu"]),
        ("europe-north1",           Region,      &["europe", "eu"]),
        ("europe-north2",           Region,      &["europe", "eu"]),
        ("europe-southwest1",       Region,      &["europe", "eu"]),
        ("europe-west1",            Region,      &["europe", "eu"]),
        ("europe-west2",            Region,      &["europe"]),
        ("europe-west3",            Region,      &["europe", "eu", "germany"]),
        ("europe-west4",            Region,      &["europe", "eu"]),
        ("europe-west6",            Region,      &["europe", "switzerland"]),
        ("europe-west8",            Region,      &["europe", "eu"]),
        ("europe-west9",            Region,      &["europe", "eu"]),
        ("europe-west10",           Region,      &["europe", "eu", "germany"]),
        ("europe-west12",           Region,      &["europe", "eu"]),
        ("me-central1",             Region,      &["middle-east"]),
        ("me-central2",             Region,      &["middle-east"]),
        ("me-west1",                Region,      &["middle-east"]),
        ("northamerica-northeast1", Region,      &["north-america", "canada"]),
        ("northamerica-northeast2", Region,      &["north-america", "canada"]),
        ("northamerica-south1",     Region,      &["north-america"]),
        ("southamerica-east1",      Region,      &["south-america", "brazil"]),
        ("southamerica-west1",      Region,      &["south-america", "chile"]),
        ("us-central1",             Region,      &["us", "north-america"]),
        ("us-east1",                Region,      &["us", "north-america"]),
        ("us-east4",                Region,      &["us", "north-america"]),
        ("us-east5",                Region,      &["us", "north-america"]),
        ("us-south1",               Region,      &["us", "north-america"]),
        ("us-west1",                Region,      &["us", "north-america"]),
        ("us-west2",                Region,      &["us", "north-america"]),
        ("us-west3",                Region,      &["us", "north-america"]),
        ("us-west4",                Region,      &["us", "north-america"]),
        ("asia1",                   DualRegion,  &["asia", "japan"]),
        ("eur3",                    DualRegion,  &["europe", "eu"]),
        ("eur4",                    DualRegion,  &["europe", "eu"]),
        ("eur5",                    DualRegion,  &["europe"]),
        ("eur6",                    DualRegion,  &["europe"]),
        ("nam3",                    DualRegion,  &["us", "north-america"]),
        ("nam4",                    DualRegion,  &["us", "north-america"]),
        ("nam6",                    DualRegion,  &["us", "north-america"]),
        ("nam7",                    DualRegion,  &["us", "north-america"]),
        ("nam8",                    DualRegion,  &["us", "north-america"]),
        ("nam9",                    DualRegion,  &["us", "north-america"]),
        ("nam10",                   DualRegion,  &["us", "north-america"]),
        ("nam11",                   DualRegion,  &["us", "north-america"]),
        ("nam12",                   DualRegion,  &["us", "north-america"]),
        ("asia",                    MultiRegion, &["asia"]),
        ("ca",                      MultiRegion, &["canada", "north-america"]),
        ("europe",                  MultiRegion, &["europe", "eu"]),
        ("in",                      MultiRegion, &["india", "asia"]),
        ("us",                      MultiRegion, &["us", "north-america"]),
        ("global",                  Global,      &[]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let kind = |name| Location::known(name).unwrap().kind().unwrap();
        assert_eq!(kind("europe-west1"), LocationKind::Region);
        assert_eq!(kind("eur4"), LocationKind::DualRegion);
        assert_eq!(kind("us"), LocationKind::MultiRegion);
        assert_eq!(kind("global"), LocationKind::Global);
    }

    #[test]
    fn residency() {
        let within = |location, area| {
            Location::known(location)
                .unwrap()
                .is_within(Area::parse(area).unwrap())
        };
        assert!(within("europe-west1", "eu"));
        assert!(!within("europe-west2", "eu"));
        assert!(!within("global", "europe"));
        assert!(within("global", "any"));
        assert!(
            !Location::parse("mars-north1")
                .unwrap()
                .is_within(Area::parse("europe").unwrap())
        );
    }

    #[test]
    fn typing_errors_get_the_nearest_word() {
        let error = Location::known("europe-wset1").unwrap_err();
        assert_eq!(error.hints(), ["did you mean `europe-west1`?"]);
        assert_eq!(
            Area::parse("eruope").unwrap_err().hints(),
            ["did you mean `europe`?"]
        );
        for hostile in ["", "Europe", "../x", "a/b", "1a", "a b", &"a".repeat(65)] {
            assert!(Location::parse(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn every_area_in_the_table_is_listed() {
        for (location, _, areas) in KNOWN {
            for area in *areas {
                assert!(AREAS.contains(area), "{location}: {area}");
            }
        }
    }
}
