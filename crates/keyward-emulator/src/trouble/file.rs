//! The trouble file: faults, clock, consistency and policies in one YAML or JSON document.
//!
//! ```yaml
//! clock: {at: 2026-01-01T00:00:00Z, rate: 86400}
//! consistency: {disable_lag: 60s, primary_lag: 60s}
//! faults:
//!   - {method: Decrypt, error: {code: UNAVAILABLE}, times: 2}
//!   - {method: "*", delay: 50ms, probability: 0.3, times: 0}
//!   - {method: CreateCryptoKeyVersion, resource: projects/p/*, drop_reply: true}
//! iam:
//!   enforce: true
//!   roles: {roles/custom.auditor: [cloudkms.cryptoKeys.get]}
//!   policies:
//!     projects/p: [{role: roles/cloudkms.admin, members: ["user:ann@example.com"]}]
//! ```
//!
//! The clock starts at `at`, unless a data folder remembers a later time, and runs at `rate` from there: 0 stands.
//! An unknown key, or a value that cannot be, is an error with line and column. A policy of the file takes the place of
//! the one that the data folder has for the same resource.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keyward_core::error::{Error, Result};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned};

use super::clock::check_rate;
use super::fault::{Failure, Fault, Kind, code_named};
use super::{Lags, Trouble};
use crate::interface::google::iam::v1::{Binding, Policy};

/// Longest file, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// Most nodes of one file.
const NODES: usize = 100_000;

/// What a file asks for, and its name.
pub(crate) struct Asked {
    file: String,
    document: Document,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Document {
    clock: Option<Spanned<ClockEntry>>,
    consistency: ConsistencyEntry,
    faults: Vec<Spanned<FaultEntry>>,
    iam: IamEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockEntry {
    at: Option<Timestamp>,
    rate: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ConsistencyEntry {
    disable_lag: Span,
    primary_lag: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultEntry {
    method: String,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    caller: String,
    times: Option<u32>,
    #[serde(default)]
    skip: u32,
    probability: Option<f64>,
    delay: Option<Span>,
    error: Option<FailureEntry>,
    #[serde(default)]
    drop_reply: bool,
    #[serde(default)]
    corrupt_checksum: bool,
    #[serde(default)]
    stale_read: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureEntry {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct IamEntry {
    enforce: Option<bool>,
    roles: BTreeMap<String, Spanned<Vec<String>>>,
    policies: BTreeMap<String, Spanned<Vec<BindingEntry>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BindingEntry {
    role: String,
    members: Vec<String>,
}

/// `50ms`, `24h`, `PT1H`.
#[derive(Default)]
struct Span(Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.parse::<SignedDuration>().ok();
        let span = parsed.and_then(|span| Duration::try_from(span).ok());
        let why = || serde::de::Error::custom("a duration is written like 50ms, 10s or 24h");
        span.map(Self).ok_or_else(why)
    }
}

/// Reads a file.
///
/// # Errors
/// A usage error with line and column.
pub(crate) fn read(file: &Path) -> Result<Asked> {
    let name = file.display().to_string();
    let mut text = String::new();
    File::open(file)
        .and_then(|opened| opened.take(LONGEST + 1).read_to_string(&mut text))
        .map_err(|error| {
            Error::usage("the trouble file cannot be read")
                .on(&name)
                .because(error)
        })?;
    if text.len() as u64 > LONGEST {
        return Err(Error::usage(format!("a trouble file has at most {LONGEST} bytes")).on(&name));
    }
    parse(&name, &text)
}

fn parse(name: &str, text: &str) -> Result<Asked> {
    let document = match text.trim().is_empty() {
        true => Document::default(),
        false => {
            serde_saphyr::from_str_with_options(text, options()).map_err(|error| syntax(name, &error))?
        }
    };
    if let Some(clock) = &document.clock {
        let checked = clock.value.rate.map_or(Ok(()), check_rate);
        checked.map_err(|error| error.on(place(name, clock.referenced)))?;
    }
    Ok(Asked {
        file: name.to_owned(),
        document,
    })
}

impl Asked {
    /// The rate of the clock.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.document.clock.as_ref().and_then(|clock| clock.value.rate)
    }

    /// Where the clock of an emulator starts that has no data folder which remembers a later time.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        self.document.clock.as_ref().and_then(|clock| clock.value.at)
    }

    /// Causes what the file asks for, but for the clock: policies before they are enforced.
    ///
    /// # Errors
    /// A usage error with line and column.
    pub(crate) fn cause(self, trouble: &Trouble) -> Result<()> {
        let Document {
            clock: _,
            consistency,
            faults,
            iam,
        } = self.document;
        let file = &*self.file;
        let at = |location: Location| move |error: Error| error.on(place(file, location));
        for (name, permissions) in iam.roles {
            let role = trouble.0.iam.set_role(&name, &permissions.value);
            role.map_err(at(permissions.referenced))?;
        }
        for (resource, bindings) in iam.policies {
            let location = bindings.referenced;
            trouble
                .replace_policy(&resource, policy(bindings.value))
                .map_err(at(location))?;
        }
        if let Some(enforced) = iam.enforce {
            trouble.enforce_iam(enforced)?;
        }
        trouble.set_consistency(Lags {
            disable: consistency.disable_lag.0,
            primary: consistency.primary_lag.0,
        });
        for entry in faults {
            let location = entry.referenced;
            let fault = entry.value.fault().and_then(|fault| trouble.add(fault));
            fault.map_err(at(location))?;
        }
        Ok(())
    }
}

impl FaultEntry {
    fn fault(self) -> Result<Fault> {
        let error = self.error.map(FailureEntry::failure).transpose()?;
        let kinds = [
            self.delay.map(|delay| Kind::Delay(delay.0)),
            error.map(Kind::Error),
            self.drop_reply.then_some(Kind::DropReply),
            self.corrupt_checksum.then_some(Kind::CorruptChecksum),
            self.stale_read.then_some(Kind::StaleRead),
        ];
        let mut kinds = kinds.into_iter().flatten();
        let (Some(kind), None) = (kinds.next(), kinds.next()) else {
            return Err(Error::usage(
                "a fault is exactly one of delay, error, drop_reply, corrupt_checksum and stale_read",
            ));
        };
        Ok(Fault::new(self.method, kind)
            .on(self.resource)
            .for_caller(self.caller)
            .times(self.times.unwrap_or(1))
            .skip(self.skip)
            .probability(self.probability.unwrap_or(1.0)))
    }
}

impl FailureEntry {
    fn failure(self) -> Result<Failure> {
        Ok(Failure {
            code: code_named(&self.code)?,
            message: self.message,
            reason: self.reason,
            metadata: self.metadata,
        })
    }
}

fn policy(bindings: Vec<BindingEntry>) -> Policy {
    let bindings = bindings.into_iter().map(|entry| Binding {
        role: entry.role,
        members: entry.members,
        condition: None,
    });
    Policy {
        bindings: bindings.collect(),
        ..Policy::default()
    }
}

fn place(file: &str, location: Location) -> String {
    format!("{file}:{}:{}", location.line(), location.column())
}

fn syntax(file: &str, error: &serde_saphyr::Error) -> Error {
    use serde_saphyr::Error as Yaml;
    let error = error.without_snippet();
    let ours = match error {
        Yaml::SerdeUnknownField { field, expected, .. } => {
            Error::usage(format!("unknown key `{}`", super::shown(field)))
                .hint(format!("keys here: {}", expected.join(", ")))
        }
        other => {
            let told = other.to_string();
            let told = told.rsplit_once(" at line ").map_or(&*told, |(told, _)| told);
            Error::usage(
                told.chars()
                    .filter(|c| !c.is_control())
                    .take(300)
                    .collect::<String>(),
            )
        }
    };
    match error.location() {
        Some(location) => ours.on(place(file, location)),
        None => ours.on(file),
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            max_nodes: NODES,
            max_events: 4 * NODES,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 1,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests;
