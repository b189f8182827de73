//! From the text of a lock to the lock. Fields that older releases did not write may be absent.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::encode::checksum;
use super::{Drill, Lock, LockedKey, LockedVersion, Mark, Proof, Retirement};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::limits;
use crate::manifest::document::{Entries, Text};
use crate::manifest::source::Source;
use crate::manifest::{parse_duration, read};
use crate::name::KeyRef;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: Spanned<u64>,
    keys: Entries<KeyEntry>,
    escrow: Option<Entries<DrillEntry>>,
    retired: Option<Entries<RetirementEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    created: Text,
    protection: Option<String>,
    rotation: Option<Text>,
    next_rotation: Option<Text>,
    destroy_window: Text,
    primary: Option<u64>,
    proven: ProofEntry,
    versions: Entries<VersionEntry>,
    check: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofEntry {
    at: Text,
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionEntry {
    state: String,
    created: Text,
    proven: Option<ProofEntry>,
    canary: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrillEntry {
    drilled: Text,
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetirementEntry {
    evidence: String,
    at: Text,
}

pub(super) fn lock(text: &str, source: Source<'_>) -> Result<Lock> {
    let document: Document = source.read(text)?;
    read::check_version(source, &document.version)?;
    Ok(Lock {
        keys: by_name(source, document.keys, |name, entry| key(source, name, entry))?,
        escrow: by_name(source, or_none(document.escrow), |_, entry| drill(source, entry))?,
        retired: by_name(source, or_none(document.retired), |_, entry| {
            retirement(source, entry)
        })?,
    })
}

fn or_none<T>(entries: Option<Entries<T>>) -> Entries<T> {
    entries.unwrap_or(Entries(Vec::new()))
}

/// Entries by what their names mean. No name stands there twice.
fn by_name<E, K, V>(
    source: Source<'_>,
    entries: Entries<E>,
    value: impl Fn(&K, E) -> Result<V>,
) -> Result<BTreeMap<K, V>>
where
    K: Ord + std::str::FromStr<Err = Error>,
{
    let mut all = BTreeMap::new();
    for (text, entry) in entries.0 {
        let name: K = text.value.parse().map_err(|error| source.at(&text, error))?;
        let value = value(&name, entry)?;
        if all.insert(name, value).is_some() {
            return Err(source.again(&text));
        }
    }
    Ok(all)
}

fn key(source: Source<'_>, name: &KeyRef, entry: KeyEntry) -> Result<LockedKey> {
    let mut key = LockedKey {
        created: time(source, &entry.created)?,
        protection: entry.protection,
        rotation: optional(source, entry.rotation.as_ref(), span)?,
        next_rotation: optional(source, entry.next_rotation.as_ref(), time)?,
        destroy_window: span(source, &entry.destroy_window)?,
        primary: entry.primary,
        versions: BTreeMap::new(),
        proven_at: time(source, &entry.proven.at)?,
        proven_by: entry.proven.by,
        mark: Mark::Whole,
    };
    for (text, version) in entry.versions.0 {
        if key
            .versions
            .insert(number(source, &text)?, locked_version(source, version)?)
            .is_some()
        {
            return Err(source.again(&text));
        }
    }
    key.mark = match entry.check {
        None => Mark::Missing,
        Some(check) if check == checksum(name, &key) => Mark::Whole,
        Some(check) => Mark::Edited(check),
    };
    Ok(key)
}

fn locked_version(source: Source<'_>, entry: VersionEntry) -> Result<LockedVersion> {
    Ok(LockedVersion {
        state: entry.state,
        created: time(source, &entry.created)?,
        proven: entry.proven.map(|proof| self::proof(source, proof)).transpose()?,
        canary: optional(source, entry.canary.as_ref(), ciphertext)?,
    })
}

fn proof(source: Source<'_>, entry: ProofEntry) -> Result<Proof> {
    Ok(Proof {
        at: time(source, &entry.at)?,
        by: entry.by,
    })
}

fn drill(source: Source<'_>, entry: DrillEntry) -> Result<Drill> {
    Ok(Drill {
        drilled: time(source, &entry.drilled)?,
        by: entry.by,
    })
}

fn retirement(source: Source<'_>, entry: RetirementEntry) -> Result<Retirement> {
    Ok(Retirement {
        evidence: entry.evidence,
        at: time(source, &entry.at)?,
    })
}

fn optional<T>(
    source: Source<'_>,
    text: Option<&Text>,
    read: fn(Source<'_>, &Text) -> Result<T>,
) -> Result<Option<T>> {
    text.map(|text| read(source, text)).transpose()
}

fn span(source: Source<'_>, text: &Text) -> Result<Duration> {
    parse_duration(&text.value).map_err(|error| source.at(text, error))
}

fn time(source: Source<'_>, text: &Text) -> Result<Timestamp> {
    text.value
        .parse()
        .map_err(|error| source.at(text, Error::usage(format!("not a time (RFC 3339): {error}"))))
}

fn number(source: Source<'_>, text: &Text) -> Result<u64> {
    let canonical = !text.value.starts_with(['0', '+']);
    let number = text.value.parse().ok().filter(|_| canonical);
    number.ok_or_else(|| {
        source.at(
            text,
            Error::usage("not the number of a version: they count from 1"),
        )
    })
}

fn ciphertext(source: Source<'_>, text: &Text) -> Result<Vec<u8>> {
    let bytes = STANDARD.decode(&text.value).ok();
    let bytes = bytes.filter(|bytes| bytes.len() <= limits::WRAPPED_LEN);
    bytes.ok_or_else(|| {
        let what = format!(
            "not a ciphertext: base64 of at most {} bytes",
            limits::WRAPPED_LEN
        );
        source.at(text, Error::usage(what))
    })
}
