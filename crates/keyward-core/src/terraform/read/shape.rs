//! Small pieces of a plan, each read from whatever stands in its place.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Longest name of an attribute, in bytes.
const NAME_LEN: usize = 4096;
/// Longest word that is kept, in characters.
const WORD_LEN: usize = 1024;
/// Most version constraints that are kept.
const CONSTRAINTS: usize = 100;

/// The name of a member.
pub(super) struct Name(pub(super) String);

/// A text, cut and in one line; of something else nothing.
#[derive(Default)]
pub(super) struct Word(pub(super) String);

/// A truth value that may be missing.
#[derive(Clone, Copy, Default)]
pub(super) enum Flag {
    /// It is not there.
    #[default]
    Missing,
    /// It is this.
    Is(bool),
    /// It is something else.
    Odd,
}

/// How many elements a list has.
pub(super) struct Length(pub(super) u64);

/// The version constraints of Google's provider.
pub(super) struct Configuration(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        match name.len() <= NAME_LEN {
            true => Ok(Name(name.to_owned())),
            false => Err(E::custom("it has an attribute with an endless name")),
        }
    }
}

/// What stands in one place: a scalar is handed to `scalar`, a list or an object is skipped.
pub(super) enum Scalar {
    Null,
    Flag(bool),
    Text(String),
    Nested,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Text(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Text(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Text(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => Self(plain(&text)),
            Scalar::Null | Scalar::Flag(_) | Scalar::Nested => Self::default(),
        })
    }
}

/// Text that can be printed: in one line, and not endless.
pub(super) fn plain(text: &str) -> String {
    let in_line = text.chars().take(WORD_LEN);
    in_line
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Scalar::deserialize(deserializer)? {
            Scalar::Flag(flag) => Self::Is(flag),
            Scalar::Null | Scalar::Text(_) | Scalar::Nested => Self::Odd,
        })
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LengthVisitor)
    }
}

struct LengthVisitor;

impl<'de> Visitor<'de> for LengthVisitor {
    type Value = Length;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Length, A::Error> {
        let mut length = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(Length(length))
    }
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ConfigurationVisitor)
    }
}

struct ConfigurationVisitor;

impl<'de> Visitor<'de> for ConfigurationVisitor {
    type Value = Configuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Configuration, A::Error> {
        let mut constraints = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            if name == "provider_config" {
                constraints = map.next_value::<Providers>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Configuration(constraints))
    }
}

/// `configuration.provider_config`: by name, what is said of each provider.
struct Providers(Vec<String>);

impl<'de> Deserialize<'de> for Providers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ProvidersVisitor)
    }
}

struct ProvidersVisitor;

impl<'de> Visitor<'de> for ProvidersVisitor {
    type Value = Providers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("providers by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Providers, A::Error> {
        let mut constraints = Vec::new();
        while let Some(provider) = map
            .next_entry::<IgnoredAny, Provider>()?
            .map(|(_, provider)| provider)
        {
            let named = [provider.full_name.0, provider.name.0];
            let is_google = named.iter().any(|name| {
                let last = name.rsplit('/').next().unwrap_or_default();
                matches!(last, "google" | "google-beta")
            });
            let constraint = provider.version_constraint.0;
            if is_google && !constraint.is_empty() && constraints.len() < CONSTRAINTS {
                constraints.push(constraint);
            }
        }
        Ok(Providers(constraints))
    }
}

#[derive(Deserialize)]
struct Provider {
    #[serde(default)]
    name: Word,
    #[serde(default)]
    full_name: Word,
    #[serde(default)]
    version_constraint: Word,
}
