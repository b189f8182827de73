//! A keyring as the manifest declares it: one key in each of several locations, and offline recipients.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Origins;
use super::Protection;
use super::access::{self, Access};
use super::document::{KeyringEntry, Text};
use super::duration::{duration_text, parse_duration, shown};
use super::seeing;
use super::source::Source;
use crate::error::{Error, Result, nearest};
use crate::limits;
use crate::location::{Area, Location};
use crate::name::{AgeRecipient, KeyRef, KeyRingName, Provider, ShortName};

/// The project that names of embedded keys carry.
pub const EMBEDDED_PROJECT: &str = "local";

/// One of `keyrings:`. It comes out of [`super::Manifest::parse`] only, so that its keys are always well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringSpec {
    /// Its name in the manifest.
    pub name: String,
    /// The environment it belongs to; part of the encryption context.
    pub env: String,
    /// Who holds the keys.
    pub provider: Provider,
    /// The project of the keys; [`EMBEDDED_PROJECT`] for embedded ones.
    pub project: String,
    /// How they are reached.
    pub access: Access,
    /// Where the keys are, nearest first; at least one, each once, each inside `within`.
    pub locations: Vec<Location>,
    /// The residency area that all locations are inside.
    pub within: Area,
    /// The id of the key ring in every location.
    pub ring: String,
    /// The id of the key in every location.
    pub key: String,
    /// The rotation period; `None` means that the provider must not rotate by itself.
    pub rotation: Option<Duration>,
    /// The destroy window that keys are created with, and the floor below which no live one may be.
    pub destroy_after: Duration,
    /// How the key material is protected; immutable once a key is made.
    pub protection: Protection,
    /// Offline recipients that every envelope is also wrapped for.
    pub escrow: Vec<AgeRecipient>,
    /// The infrastructure state that manages the keys, such as `gs://BUCKET/PREFIX`: whoever applies it can destroy them.
    pub managed_by: Option<String>,
    keys: Vec<KeyRef>,
    origins: Origins,
}

impl KeyringSpec {
    /// The keys, in the order of the locations.
    pub fn keys(&self) -> &[KeyRef] {
        &self.keys
    }

    /// The key in `location`.
    ///
    /// # Errors
    /// A usage error that names the nearest location, when the keyring has none there.
    pub fn key_in(&self, location: &Location) -> Result<&KeyRef> {
        self.keys
            .iter()
            .find(|key| key.name.location() == location)
            .ok_or_else(|| {
                let error = Error::usage(format!("keyring `{}` has no key in {location}", self.name));
                match nearest(location.as_str(), self.locations.iter().map(Location::as_str)) {
                    Some(word) => error.hint(format!("did you mean `{word}`?")),
                    None => error.hint(format!("its locations: {}", join(&self.locations))),
                }
            })
    }

    /// The line of the manifest that says `field` (`locations`, `rotation`, …, or `keyring` for the keyring itself);
    /// `None` when its value is the default.
    pub fn line_of(&self, field: &str) -> Option<u64> {
        self.origins.line(field)
    }
}

/// Judges one entry of `keyrings:`.
pub(super) fn read(source: Source<'_>, name: &Text, entry: &KeyringEntry) -> Result<KeyringSpec> {
    check_name(source, "a keyring", name)?;
    let provider = spoken(source, &entry.provider, Provider::from_manifest)?;
    if provider == Provider::Embedded {
        access::refuse_all(source, entry)?;
    }
    let project = project(source, provider, entry)?;
    let within = entry
        .within
        .as_ref()
        .map_or(Ok(Area::Any), |word| spoken(source, word, Area::parse))?;
    let locations = locations(source, entry, within)?;
    let keys = keys(source, provider, &project, &locations, entry)?;
    Ok(KeyringSpec {
        name: name.value.clone(),
        env: entry.env.value.clone(),
        provider,
        project,
        access: access::read(source, &locations, entry)?,
        locations,
        within,
        ring: entry.ring.value.clone(),
        key: entry.key.value.clone(),
        rotation: entry
            .rotation
            .as_ref()
            .map(|text| rotation(source, text))
            .transpose()?,
        destroy_after: match &entry.destroy_after {
            Some(text) => destroy_after(source, text)?,
            None => limits::DESTROY_WINDOW_DEFAULT,
        },
        protection: match &entry.protection {
            Some(word) => spoken(source, word, Protection::parse)?,
            None => Protection::default(),
        },
        escrow: escrow(source, &entry.escrow, keys.len())?,
        managed_by: entry
            .managed_by
            .as_ref()
            .map(|text| seeing::state(source, text))
            .transpose()?,
        keys,
        origins: origins(name, entry),
    })
}

/// Names of keyrings and environments have the form that short names on the command line can carry.
pub(super) fn check_name(source: Source<'_>, what: &str, name: &Text) -> Result<()> {
    match name.value.parse::<ShortName>() {
        Ok(ShortName {
            location: None,
            version: None,
            ..
        }) => Ok(()),
        _ => Err(source.at(
            name,
            Error::usage(format!("`{}` cannot name {what}", shown(&name.value)))
                .hint("1 to 63 letters, digits, `_` and `-`"),
        )),
    }
}

fn spoken<T>(source: Source<'_>, text: &Text, parse: impl Fn(&str) -> Result<T>) -> Result<T> {
    parse(&text.value).map_err(|error| source.at(text, error))
}

fn project(source: Source<'_>, provider: Provider, entry: &KeyringEntry) -> Result<String> {
    match (provider, &entry.project) {
        (Provider::Embedded, _) => Ok(EMBEDDED_PROJECT.to_owned()),
        (_, Some(project)) => Ok(project.value.clone()),
        (_, None) => Err(source
            .at(&entry.provider, Error::usage("provider gcp needs a project"))
            .hint("add `project: PROJECT_ID`")),
    }
}

fn locations(source: Source<'_>, entry: &KeyringEntry, within: Area) -> Result<Vec<Location>> {
    if entry.locations.value.is_empty() {
        return Err(source
            .at(
                &entry.locations,
                Error::usage("the keyring has no location: nothing could be encrypted under it"),
            )
            .hint("name at least one, better two that cannot fail together"));
    }
    let mut seen = BTreeSet::new();
    for text in &entry.locations.value {
        let location = spoken(source, text, Location::known)?;
        if !location.is_within(within) {
            let error = Error::usage(format!("{location} is not inside `within: {within}`"));
            return Err(source
                .at(text, error)
                .hint(format!("take a location inside {within}, or widen `within`")));
        }
        if !seen.insert(location) {
            return Err(source.at(
                text,
                Error::usage(format!("`{}` is here a second time", text.value)),
            ));
        }
    }
    entry
        .locations
        .value
        .iter()
        .map(|text| spoken(source, text, Location::known))
        .collect()
}

fn keys(
    source: Source<'_>,
    provider: Provider,
    project: &str,
    locations: &[Location],
    entry: &KeyringEntry,
) -> Result<Vec<KeyRef>> {
    let place = entry.project.as_ref().unwrap_or(&entry.provider);
    let key_in = |location: &Location| {
        KeyRingName::new(project, location.clone(), "ring").map_err(|error| source.at(place, error))?;
        let ring = KeyRingName::new(project, location.clone(), &entry.ring.value)
            .map_err(|error| source.at(&entry.ring, error))?;
        let name = ring
            .key(&entry.key.value)
            .map_err(|error| source.at(&entry.key, error))?;
        Ok(KeyRef { provider, name })
    };
    locations.iter().map(key_in).collect()
}

fn rotation(source: Source<'_>, text: &Text) -> Result<Duration> {
    bounded(
        source,
        text,
        "a rotation period",
        limits::ROTATION_MIN,
        limits::ROTATION_MAX,
    )
}

fn destroy_after(source: Source<'_>, text: &Text) -> Result<Duration> {
    bounded(
        source,
        text,
        "a destroy window",
        limits::DESTROY_WINDOW_MIN,
        limits::DESTROY_WINDOW_MAX,
    )
}

fn bounded(source: Source<'_>, text: &Text, what: &str, min: Duration, max: Duration) -> Result<Duration> {
    let duration = spoken(source, text, parse_duration)?;
    if (min..=max).contains(&duration) {
        return Ok(duration);
    }
    let nearest = if duration < min { min } else { max };
    let (low, high) = (duration_text(min), duration_text(max));
    Err(source
        .at(
            text,
            Error::usage(format!("{what} is at least {low} and at most {high}")),
        )
        .hint(format!("the nearest is `{}`", duration_text(nearest))))
}

fn escrow(source: Source<'_>, texts: &[Text], locations: usize) -> Result<Vec<AgeRecipient>> {
    if let Some(surplus) = texts.get(limits::WRAPS.saturating_sub(locations)) {
        let most = limits::WRAPS;
        return Err(source.at(
            surplus,
            Error::usage(format!("an envelope holds at most {most} wraps in all")),
        ));
    }
    let mut recipients: Vec<AgeRecipient> = Vec::new();
    for text in texts {
        let recipient = spoken(source, text, str::parse)?;
        if recipients.contains(&recipient) {
            return Err(source.at(text, Error::usage("this recipient is here a second time")));
        }
        recipients.push(recipient);
    }
    Ok(recipients)
}

fn origins(name: &Text, entry: &KeyringEntry) -> Origins {
    let mut origins = Origins::default();
    origins.note("keyring", name);
    origins.note("locations", &entry.locations);
    origins.note_some("escrow", entry.escrow.first());
    for (field, text) in [
        ("env", &entry.env),
        ("provider", &entry.provider),
        ("ring", &entry.ring),
        ("key", &entry.key),
    ] {
        origins.note(field, text);
    }
    for (field, text) in [
        ("project", &entry.project),
        ("within", &entry.within),
        ("rotation", &entry.rotation),
        ("destroy_after", &entry.destroy_after),
        ("managed_by", &entry.managed_by),
    ] {
        origins.note_some(field, text.as_ref());
    }
    access::note(&mut origins, entry);
    origins
}

fn join(locations: &[Location]) -> String {
    locations
        .iter()
        .map(Location::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
