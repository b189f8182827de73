//! V27 and V28: what the provider keeps under our keys can be read, and is under keys of ours.

use std::collections::BTreeSet;

use super::{Check, CheckId, EstateEvidence, PlaceSeen, Verdict, present};
use crate::estate::{Bucket, Protected};
use crate::key::{KeyVersion, VersionState};
use crate::kms::Observed;
use crate::location::{Location, LocationKind};
use crate::manifest::KeyringSpec;
use crate::name::{CryptoKeyName, KeyRef};

pub(super) fn protected(evidence: EstateEvidence<'_>, key: &KeyRef, _keyring: &KeyringSpec) -> Check {
    let check = |verdict| Check::new(CheckId::V27, key, verdict);
    let Some(seen) = evidence.seen.keys.get(key) else {
        return check(Verdict::Unknown("it was not looked at".to_owned()));
    };
    let project = key.name.ring().project();
    let cut = match evidence.seen.projects.get(project) {
        Some(seen) => seen.cut(project),
        None => Some(format!("projects/{project} was not looked at")),
    };
    let looked = present("what is under the key", &seen.protected)
        .and_then(|protected| Ok((protected, present("its versions", &seen.versions)?)));
    let (protected, versions) = match looked {
        Ok(seen) => seen,
        Err(verdict) => return check(verdict),
    };
    match unreadable(protected, versions) {
        Some((why, next)) => check(Verdict::Fail(why)).next(next),
        // Without its organisation, other projects that need the key are not seen.
        None => check(match protected.warnings.first().or(cut.as_ref()) {
            Some(warning) => Verdict::Unknown(format!("not all that is under it was seen: {warning}")),
            None => Verdict::Pass,
        }),
    }
}

/// A resource that needs a version which cannot be used, and the command against that.
fn unreadable(protected: &Protected, versions: &[KeyVersion]) -> Option<(String, Option<String>)> {
    let needs = protected
        .resources
        .iter()
        .flat_map(|resource| resource.versions.iter().map(move |version| (resource, version)));
    let mut found = needs.filter_map(|(resource, needed)| {
        let version = versions
            .iter()
            .find(|version| version.name.to_string() == *needed);
        match version.map(|version| version.state) {
            Some(VersionState::Enabled) => None,
            state => Some((resource, needed, state)),
        }
    });
    let (resource, needed, state) = found.next()?;
    let more = found
        .map(|(resource, _, _)| &resource.name)
        .collect::<BTreeSet<_>>()
        .len();
    let more = if more > 0 {
        format!(", and {more} more")
    } else {
        String::new()
    };
    let what = format!("{} {}{more}", resource.kind, resource.name);
    let (state, next) = match state {
        Some(VersionState::DestroyScheduled) => ("is scheduled for destruction", Some("restore")),
        Some(VersionState::Disabled) => ("is disabled", Some("enable")),
        Some(VersionState::Destroyed) => ("is destroyed", None),
        Some(_) => ("cannot be used", None),
        None => ("is not there", None),
    };
    let next = next.map(|verb| format!("keyward key {verb} gcp-kms://{needed}"));
    Some((format!("{what}: {needed}, which it needs, {state}"), next))
}

/// Something that is under a key, and is asked whether that is ours.
struct Consumer<'a> {
    name: String,
    location: Option<&'a str>,
    key: &'a str,
    change: String,
}

/// One finding for each bucket under a key, and one for each place that could not be seen.
pub(super) fn buckets(evidence: EstateEvidence<'_>) -> Vec<Check> {
    let ours: BTreeSet<_> = evidence
        .manifest
        .keyrings()
        .flat_map(KeyringSpec::keys)
        .map(|key| &key.name)
        .collect();
    let mut checks = Vec::new();
    let named = &evidence.manifest.uses().buckets;
    for (name, seen) in &evidence.seen.buckets {
        match seen {
            Observed::Present(bucket) => checks.extend(of_bucket(bucket).map(|found| one(&found, &ours))),
            other => checks.push(unseen(format!("gs://{name}"), other)),
        }
    }
    for (project, place) in &evidence.seen.places {
        in_place(project, place, named.is_empty(), &ours, &mut checks);
    }
    if checks.is_empty() {
        let why = "no bucket is under a key of a customer".to_owned();
        checks.push(super::not_applicable(CheckId::V28, why));
    }
    checks
}

fn in_place(
    project: &str,
    place: &PlaceSeen,
    all: bool,
    ours: &BTreeSet<&CryptoKeyName>,
    checks: &mut Vec<Check>,
) {
    match &place.buckets {
        _ if !all => {}
        Observed::Present(buckets) => checks.extend(
            buckets
                .iter()
                .filter_map(of_bucket)
                .map(|found| one(&found, ours)),
        ),
        other => checks.push(unseen(format!("projects/{project}: buckets"), other)),
    }
    match &place.log_buckets {
        Observed::Present(buckets) => {
            let found = buckets.iter().filter_map(|bucket| {
                let location = bucket.location();
                let id = bucket.name.rsplit('/').next().unwrap_or_default();
                Some(Consumer {
                    name: bucket.name.clone(),
                    location,
                    key: bucket.key.as_deref()?,
                    change: format!(
                        "gcloud logging buckets update {id} --location {} --project {project} --cmek-kms-key-name",
                        location.unwrap_or("LOCATION")
                    ),
                })
            });
            checks.extend(found.map(|found| one(&found, ours)));
        }
        other => checks.push(unseen(format!("projects/{project}: log buckets"), other)),
    }
}

fn of_bucket(bucket: &Bucket) -> Option<Consumer<'_>> {
    Some(Consumer {
        name: format!("gs://{}", bucket.name),
        location: Some(&bucket.location),
        key: bucket.key.as_deref()?,
        change: format!(
            "gcloud storage buckets update gs://{} --default-encryption-key",
            bucket.name
        ),
    })
}

fn one(found: &Consumer<'_>, ours: &BTreeSet<&CryptoKeyName>) -> Check {
    let Ok(key) = found.key.parse::<CryptoKeyName>() else {
        let why = format!(
            "it is under `{}`, which is no key of Cloud KMS",
            found.key.escape_debug()
        );
        return Check::new(CheckId::V28, &found.name, Verdict::Unknown(why));
    };
    let fitting = ours
        .iter()
        .find(|ours| found.location.is_some_and(|place| fits(ours.location(), place)));
    let next = fitting.map(|key| format!("{} {key}", found.change));
    let verdict = if !ours.contains(&key) {
        Verdict::Fail(format!(
            "what is written to it is under {key}, which the manifest does not have"
        ))
    } else {
        match found.location {
            Some(place) if !fits(key.location(), place) => Verdict::Fail(format!(
                "it is in {place}, where a key in {} cannot be used",
                key.location()
            )),
            Some(_) => Verdict::Pass,
            None => Verdict::Unknown("where it is cannot be told from its name".to_owned()),
        }
    };
    Check::new(CheckId::V28, &found.name, verdict).next(next)
}

fn unseen<T>(what: String, seen: &Observed<T>) -> Check {
    let why = match seen {
        Observed::Unknown(why) => Verdict::Unknown(why.clone()),
        _ => Verdict::Fail("it is not there".to_owned()),
    };
    Check::new(CheckId::V28, what, why)
}

/// Whether what is in `place` may depend on a key in `key`: a region takes its own keys and those of `global`, a larger
/// place its own alone (Cloud KMS documentation, "CMEK"). Buckets' places are in capitals, and Europe is abbreviated.
fn fits(key: &Location, place: &str) -> bool {
    let place = match place.to_ascii_lowercase() {
        short if short == "eu" => "europe".to_owned(),
        place => place,
    };
    let region = || {
        Location::parse(&place).is_ok_and(|place| {
            place.kind().unwrap_or(LocationKind::Region) == LocationKind::Region
                && place.as_str().contains('-')
        })
    };
    key.as_str() == place || key.as_str() == "global" && region()
}
