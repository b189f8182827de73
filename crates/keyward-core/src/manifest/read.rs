//! From the document to the manifest: what YAML cannot check.

use std::collections::BTreeMap;

use super::document::{Document, Entries, EnvironmentEntry, KeyringEntry, RuleEntry, Text};
use super::duration::shown;
use super::rules::{self, Rules};
use super::source::Source;
use super::{
    Access, AuditMode, CanaryMode, Environment, KeyringSpec, MOST_RULES, Manifest, Origins, Rule, keyring,
    seeing, unknown,
};
use crate::attest::Attester;
use crate::error::{Error, Result};
use crate::limits;
use crate::name::{KeyRef, KeyRingName, Provider};
use serde_saphyr::Spanned;

/// The form of the manifest that this release reads and writes.
pub(super) const VERSION: u64 = 1;

pub(super) fn manifest(text: &str, source: Source<'_>) -> Result<Manifest> {
    let document: Document = source.read(text)?;
    check_version(source, &document.version)?;
    let environments = environments(source, &document.environments)?;
    let keyrings = keyrings(source, &document.keyrings, &environments)?;
    Ok(Manifest {
        canary: mode(source, document.canary.as_ref(), CanaryMode::parse)?,
        attesters: attesters(source, &document.attesters)?,
        audit: mode(source, document.audit.as_ref(), AuditMode::parse)?,
        seeing: seeing::read(source, &document)?,
        rules: rules(source, &document.rules, &keyrings)?,
        environments,
        keyrings,
    })
}

pub(super) fn check_version(source: Source<'_>, version: &Spanned<u64>) -> Result<()> {
    if version.value == VERSION {
        return Ok(());
    }
    let error = Error::usage(format!(
        "version {} is not known: this release reads version {VERSION}",
        version.value
    ));
    Err(source
        .at(version, error)
        .hint("use the release of keyward that wrote it, or a newer one"))
}

fn mode<T: Default>(source: Source<'_>, word: Option<&Text>, parse: fn(&str) -> Result<T>) -> Result<T> {
    match word {
        Some(word) => parse(&word.value).map_err(|error| source.at(word, error)),
        None => Ok(T::default()),
    }
}

/// Most keys that may attest.
const ATTESTERS: usize = 100;

fn attesters(source: Source<'_>, texts: &[Text]) -> Result<Vec<Attester>> {
    if let Some(surplus) = texts.get(ATTESTERS) {
        return Err(source.at(
            surplus,
            Error::usage(format!("at most {ATTESTERS} keys may attest")),
        ));
    }
    let read = |text: &Text| text.value.parse().map_err(|error| source.at(text, error));
    texts.iter().map(read).collect()
}

fn environments(
    source: Source<'_>,
    entries: &Entries<EnvironmentEntry>,
) -> Result<BTreeMap<String, Environment>> {
    let mut all = BTreeMap::new();
    for (name, entry) in &entries.0 {
        keyring::check_name(source, "an environment", name)?;
        let environment = Environment {
            name: name.value.clone(),
            protected: entry.protected,
        };
        if all.insert(name.value.clone(), environment).is_some() {
            return Err(source.again(name));
        }
    }
    Ok(all)
}

fn keyrings(
    source: Source<'_>,
    entries: &Entries<KeyringEntry>,
    environments: &BTreeMap<String, Environment>,
) -> Result<BTreeMap<String, KeyringSpec>> {
    let mut all = BTreeMap::new();
    let mut owners: BTreeMap<KeyRef, &str> = BTreeMap::new();
    let mut rings = Rings::new();
    for (name, entry) in &entries.0 {
        let keyring = keyring::read(source, name, entry)?;
        if !environments.contains_key(&keyring.env) {
            return Err(source.at(
                &entry.env,
                unknown("environment", &keyring.env, environments.keys()),
            ));
        }
        for key in keyring.keys() {
            // Two keyrings with one key would look like two independent ones, and would open each other's files.
            if let Some(other) = owners.insert(key.clone(), &name.value) {
                let error = Error::usage(format!("{key} is the key of keyring `{other}` already"));
                return Err(source
                    .at(&entry.key, error)
                    .hint("give each keyring a key of its own"));
            }
        }
        one_way_to_each_ring(source, entry, &keyring, &mut rings)?;
        if all.insert(name.value.clone(), keyring).is_some() {
            return Err(source.again(name));
        }
    }
    Ok(all)
}

/// Which keyring has keys in a ring already, and how it reaches them.
type Rings = BTreeMap<(Provider, KeyRingName), (String, Access)>;

/// Keys of one ring are reached in one way: how is chosen by the ring, not by the key.
fn one_way_to_each_ring(
    source: Source<'_>,
    entry: &KeyringEntry,
    keyring: &KeyringSpec,
    rings: &mut Rings,
) -> Result<()> {
    for key in keyring.keys() {
        let (ring, ours) = (key.name.ring(), || (keyring.name.clone(), keyring.access.clone()));
        let (other, access) = rings.entry((key.provider, ring.clone())).or_insert_with(ours);
        if !access.is_same_in(ring.location(), &keyring.access) {
            let what =
                format!("keyring `{other}` has keys in this ring too, and reaches them in another way");
            return Err(source
                .at(&entry.ring, Error::usage(what))
                .hint("give both the same endpoint, impersonate, quota and quota_project, or another ring"));
        }
    }
    Ok(())
}

fn rules(
    source: Source<'_>,
    entries: &[Spanned<RuleEntry>],
    keyrings: &BTreeMap<String, KeyringSpec>,
) -> Result<Rules> {
    if let Some(surplus) = entries.get(MOST_RULES) {
        return Err(source.at(
            surplus,
            Error::usage(format!("a manifest has at most {MOST_RULES} rules")),
        ));
    }
    let (mut list, mut len): (Vec<Rule>, usize) = (Vec::new(), 0);
    for entry in entries {
        let (path, keyring) = (&entry.value.path, &entry.value.keyring);
        len += path.value.len();
        if len > limits::RULES_LEN {
            let error = Error::usage("the paths of the rules are too long together");
            return Err(source
                .at(path, error)
                .hint(format!("at most {} bytes", limits::RULES_LEN)));
        }
        rules::check_pattern(&path.value).map_err(|error| source.at(path, error))?;
        if !keyrings.contains_key(&keyring.value) {
            return Err(source.at(keyring, unknown("keyring", &keyring.value, keyrings.keys())));
        }
        if list.iter().any(|rule| rule.pattern == path.value) {
            let error = Error::usage(format!("there is a rule for `{}` already", shown(&path.value)));
            return Err(source
                .at(path, error)
                .hint("the first rule wins, so this one would never be used"));
        }
        let mut origins = Origins::default();
        origins.note("path", path);
        list.push(Rule {
            pattern: path.value.clone(),
            keyring: keyring.value.clone(),
            origins,
        });
    }
    Rules::new(list)
}
