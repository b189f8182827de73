//! `keyward explain FILE`: what applies to a file, and where each value came from.

use std::path::{Path, PathBuf};

use clap::Args;
use keyward::project::{Applied, Project};
use keyward_core::error::{Error, Result};
use keyward_core::manifest::{Access, KeyringSpec, duration_text};
use keyward_core::name::Provider;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, Table, hints};
use crate::wraps;

/// Say which rule, keys and context apply to a file, and why
#[derive(Args)]
pub(crate) struct Explain {
    /// File, which need not be there yet
    file: PathBuf,
}

impl Explain {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let none = || {
            hints::needs_manifest(Error::usage(
                "no keyward.yaml above it or above the working folder",
            ))
        };
        let project = session
            .project_of(&self.file)?
            .ok_or_else(|| none().on(self.file.display()))?;
        let applied = project.rule_for(&self.file)?;
        session.ui.show(&Explained {
            file: &self.file,
            project,
            applied,
        })?;
        Ok(Exit::DONE)
    }
}

struct Explained<'a> {
    file: &'a Path,
    project: &'a Project,
    applied: Applied<'a>,
}

impl Explained<'_> {
    /// `keyward.yaml:12`, where a value stands, or that it is the default.
    fn place(&self, line: Option<u64>) -> String {
        let file = self.project.file.display();
        line.map_or_else(|| "default".to_owned(), |line| format!("{file}:{line}"))
    }

    /// Every value: its name, the value, and the line that it stands on.
    fn values(&self) -> Vec<(&'static str, String, Option<u64>)> {
        let Applied { keyring, rule, .. } = &self.applied;
        let list = |items: Vec<String>| items.join(", ");
        let mut values = vec![
            ("rule", rule.pattern.clone(), rule.line()),
            ("keyring", keyring.name.clone(), keyring.line_of("keyring")),
            ("environment", keyring.env.clone(), keyring.line_of("env")),
            (
                "provider",
                word_of(keyring.provider).to_owned(),
                keyring.line_of("provider"),
            ),
            (
                "locations",
                list(keyring.locations.iter().map(ToString::to_string).collect()),
                keyring.line_of("locations"),
            ),
            ("within", keyring.within.to_string(), keyring.line_of("within")),
            (
                "rotation",
                keyring.rotation.map_or_else(|| "none".into(), duration_text),
                keyring.line_of("rotation"),
            ),
            (
                "destroy_after",
                duration_text(keyring.destroy_after),
                keyring.line_of("destroy_after"),
            ),
            (
                "escrow",
                list(keyring.escrow.iter().map(ToString::to_string).collect()),
                keyring.line_of("escrow"),
            ),
        ];
        if keyring.provider != Provider::Embedded {
            values.extend(in_the_cloud(keyring));
        }
        values
    }
}

/// A provider in the word of the manifest.
fn word_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Gcp => "gcp",
        Provider::Embedded => "embedded",
        Provider::Age => "age",
    }
}

/// What keys in a cloud have besides.
fn in_the_cloud(keyring: &KeyringSpec) -> Vec<(&'static str, String, Option<u64>)> {
    let Access {
        endpoint,
        endpoints,
        impersonate,
        quota,
        quota_project,
    } = &keyring.access;
    let value = |name, value: String| (name, value, keyring.line_of(name));
    let endpoints = endpoints
        .iter()
        .map(|(location, address)| format!("{location}: {address}"));
    let accounts = impersonate.all().into_iter();
    let accounts = accounts.filter_map(|(purpose, account)| Some(format!("{purpose}: {}", account?)));
    let limits = quota.all().into_iter();
    let limits = limits.filter_map(|(kind, limit)| Some(format!("{kind}: {}", limit?)));
    vec![
        value("project", keyring.project.clone()),
        value("endpoint", endpoint.clone().unwrap_or_default()),
        value("endpoints", endpoints.collect::<Vec<_>>().join(", ")),
        value("impersonate", accounts.collect::<Vec<_>>().join(", ")),
        value("quota", limits.collect::<Vec<_>>().join(", ")),
        value("quota_project", quota_project.clone().unwrap_or_default()),
        value("protection", keyring.protection.id().to_owned()),
    ]
}

impl Answer for Explained<'_> {
    fn json(&self) -> Value {
        let value = |(name, value, line): (&str, String, Option<u64>)| json!({ "name": name, "value": value, "line": line });
        json!({
            "file": self.file.display().to_string(),
            "manifest": self.project.file.display().to_string(),
            "path": self.applied.path.display().to_string(),
            "keyring": self.applied.keyring.name,
            "keys": self.applied.keyring.keys().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "context": wraps::context_json(&self.applied.context),
            "values": self.values().into_iter().map(value).collect::<Vec<_>>(),
        })
    }

    fn text(&self, page: &mut Page) {
        page.field("file", self.applied.path.display());
        page.field("manifest", self.project.file.display());
        page.heading("applies");
        let mut table = Table::new(["WHAT", "VALUE", "FROM"]);
        for (name, value, line) in self.values() {
            let value = if value.is_empty() {
                "none".to_owned()
            } else {
                value
            };
            table.row([name.into(), value.into(), self.place(line).into()]);
        }
        page.table(&table);
        page.heading("keys, nearest first");
        for key in self.applied.keyring.keys() {
            page.line(format_args!("  {key}"));
        }
        page.heading("context, bound to the content and demanded when it is opened");
        for (name, value) in self.applied.context.iter() {
            page.line(format_args!("  {name}={value}"));
        }
    }
}
