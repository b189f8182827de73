//! The manifest `keyward.yaml` (what should exist) and the lock `keyward.lock` (what was last proven to exist).
//!
//! Reading is strict: an unknown or repeated key, a bad duration, an unknown location or a keyring without recipients
//! is an error that names file, line, column and the nearest valid word. It is also total and bounded: no text makes
//! it panic, and aliases cannot blow it up.

mod access;
mod document;
mod duration;
mod edit;
mod encode;
mod keyring;
mod lock;
mod origins;
mod read;
mod rules;
mod seeing;
mod source;

use std::collections::BTreeMap;
use std::path::Path;

pub use access::{Access, Impersonate, Quota, check_endpoint, is_on_this_machine};
pub use duration::{duration_text, parse_duration};
pub use edit::{NewKeyring, with_keyring, with_location};
pub use encode::scalar;
pub use keyring::{EMBEDDED_PROJECT, KeyringSpec};
pub use lock::{Drill, Lock, LockCanary, LockedKey, LockedVersion, Mark, Proof, Retirement};
pub use rules::Rule;
pub use seeing::{DRILL_EVERY, LossKind, Places, REPEAT, Watch};

use self::origins::Origins;
use self::rules::Rules;
use self::seeing::Seeing;
use crate::attest::Attester;
use crate::error::{Error, Result, nearest};
use crate::name::KeyRef;

/// The name under which a manifest is looked for.
pub const FILE_NAME: &str = "keyward.yaml";
/// The name of the lock, beside the manifest.
pub const LOCK_FILE_NAME: &str = "keyward.lock";
/// What an envelope's file name ends in. Rules name files without it.
pub const SEALED_SUFFIX: &str = ".kw";
/// Most rules of one manifest.
pub const MOST_RULES: usize = 1000;

/// What should exist: environments, keyrings with their keys and schedules, and which files belong to which keyring.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    canary: CanaryMode,
    attesters: Vec<Attester>,
    audit: AuditMode,
    seeing: Seeing,
    environments: BTreeMap<String, Environment>,
    keyrings: BTreeMap<String, KeyringSpec>,
    rules: Rules,
}

/// One of `environments:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Whether it must be typed in full on the command line.
    pub protected: bool,
}

/// Where `verify` has canaries sealed and opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CanaryMode {
    /// By the identity that runs `verify`.
    #[default]
    Here,
    /// By another identity, which attests it.
    Attested,
    /// Nowhere; the check does not apply.
    Off,
}

/// Where the audit log goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditMode {
    /// Into the state folder.
    #[default]
    File,
    /// To standard error.
    Stderr,
    /// Nowhere.
    Off,
}

/// How the key material of a keyring is protected; immutable once a key is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// In software.
    #[default]
    Software,
    /// In a hardware security module of the provider.
    Hsm,
}

impl Manifest {
    /// Reads a manifest. `file` is the name that messages use.
    ///
    /// # Errors
    /// Everything that is wrong with it, the first thing first, is a usage error on `file:line:column`.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        read::manifest(text, source::Source::new(file))
    }

    /// The manifest as YAML, without comments. Reading it gives an equal manifest.
    pub fn encode(&self) -> String {
        encode::manifest(self)
    }

    /// Where canaries are sealed and opened: `canary:`, or here.
    pub fn canary(&self) -> CanaryMode {
        self.canary
    }

    /// Who may attest that canaries opened: `attesters:`.
    pub fn attesters(&self) -> &[Attester] {
        &self.attesters
    }

    /// Where the audit log goes: `audit:`, or a file.
    pub fn audit(&self) -> AuditMode {
        self.audit
    }

    /// All environments, by name.
    pub fn environments(&self) -> impl ExactSizeIterator<Item = &Environment> {
        self.environments.values()
    }

    /// All keyrings, by name.
    pub fn keyrings(&self) -> impl ExactSizeIterator<Item = &KeyringSpec> {
        self.keyrings.values()
    }

    /// All rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        self.rules.all()
    }

    /// The keyring with that name.
    ///
    /// # Errors
    /// A usage error that names the nearest keyring.
    pub fn keyring(&self, name: &str) -> Result<&KeyringSpec> {
        self.keyrings
            .get(name)
            .ok_or_else(|| unknown("keyring", name, self.keyrings.keys()))
    }

    /// The keyring that has `key`.
    pub fn keyring_of(&self, key: &KeyRef) -> Option<&KeyringSpec> {
        self.keyrings
            .values()
            .find(|keyring| keyring.keys().contains(key))
    }

    /// The first rule that matches `path`: relative to the manifest's folder, symbolic links resolved, without `..`.
    /// The path may be that of the envelope: a final `.kw` is left out of account.
    pub fn rule_for(&self, path: impl AsRef<Path>) -> Option<&Rule> {
        self.rules.first(&rules::unsealed(path.as_ref()))
    }

    /// The environment that was asked for on the command line, by its name or, when it is not protected, by the
    /// start of its name; without a request the only one.
    ///
    /// # Errors
    /// A usage error when none or several match, and when a protected environment was not typed in full.
    pub fn environment(&self, requested: Option<&str>) -> Result<&Environment> {
        let Some(requested) = requested else {
            let mut all = self.environments();
            return match (all.next(), all.next()) {
                (Some(only), None) if !only.protected => Ok(only),
                (Some(only), None) => Err(not_in_full(only)),
                _ => Err(Error::usage("which environment is meant?").hint(format!(
                    "add --env with one of: {}",
                    list(self.environments.keys())
                ))),
            };
        };
        if let Some(exact) = self.environments.get(requested) {
            return Ok(exact);
        }
        let started: Vec<_> = self
            .environments()
            .filter(|env| env.name.starts_with(requested))
            .collect();
        match started[..] {
            [only] if !only.protected && !requested.is_empty() => Ok(only),
            [only] if only.protected => Err(Error::usage(format!(
                "there is no environment `{requested}`, and a protected one is not found by its start"
            ))
            .hint(format!("add --env {}", only.name))),
            _ => Err(unknown("environment", requested, self.environments.keys())),
        }
    }

    /// Like [`Self::environment`], for a name that came from an environment variable: a protected one is refused.
    ///
    /// # Errors
    /// Those of [`Self::environment`], and a usage error for every protected environment.
    pub fn environment_from_variable(&self, requested: &str) -> Result<&Environment> {
        match self.environment(Some(requested))? {
            protected if protected.protected => Err(not_in_full(protected)),
            open => Ok(open),
        }
    }
}

impl CanaryMode {
    const ALL: [Self; 3] = [Self::Here, Self::Attested, Self::Off];

    /// The word in the manifest and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Attested => "attested",
            Self::Off => "off",
        }
    }

    /// The mode with that word.
    ///
    /// # Errors
    /// A usage error that names the nearest word.
    pub fn parse(word: &str) -> Result<Self> {
        one_of("canary", word, Self::ALL, Self::id)
    }
}

impl AuditMode {
    const ALL: [Self; 3] = [Self::File, Self::Stderr, Self::Off];

    /// The word in the manifest.
    pub fn id(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Stderr => "stderr",
            Self::Off => "off",
        }
    }

    /// The mode with that word.
    ///
    /// # Errors
    /// A usage error that names the nearest word.
    pub fn parse(word: &str) -> Result<Self> {
        one_of("audit", word, Self::ALL, Self::id)
    }
}

impl Protection {
    const ALL: [Self; 2] = [Self::Software, Self::Hsm];

    /// The word in the manifest.
    pub fn id(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Hsm => "hsm",
        }
    }

    /// The level with that word.
    ///
    /// # Errors
    /// A usage error that names the nearest word.
    pub fn parse(word: &str) -> Result<Self> {
        one_of("protection", word, Self::ALL, Self::id)
    }
}

fn one_of<T: Copy, const N: usize>(
    what: &str,
    word: &str,
    all: [T; N],
    id: fn(T) -> &'static str,
) -> Result<T> {
    let found = all.into_iter().find(|value| id(*value) == word);
    found.ok_or_else(|| {
        let error = Error::usage(format!("`{}` is not a value of `{what}`", duration::shown(word)));
        match nearest(word, all.map(id)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint(format!("values: {}", all.map(id).join(", "))),
        }
    })
}

fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a String> + Clone) -> Error {
    let error = Error::usage(format!("the manifest has no {what} `{}`", duration::shown(name)));
    match nearest(name, names.clone().map(String::as_str)) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint(format!("it has: {}", list(names))),
    }
}

fn not_in_full(environment: &Environment) -> Error {
    let name = &environment.name;
    Error::usage(format!(
        "the environment `{name}` is protected and must be typed in full"
    ))
    .hint(format!("add --env {name}"))
}

/// At most ten names.
fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<_> = names.take(10).map(String::as_str).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests;
