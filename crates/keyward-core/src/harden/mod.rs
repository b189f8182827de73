//! What stands in the way of a destruction besides keyward: measures in the cloud, printed for people to read and apply.
//!
//! Nothing here is applied by keyward. Each measure says why it is there and what it does not prevent.

mod alert;
mod audit_logs;
mod deny;
mod hcl;
mod keys;
mod lien;
mod org_policies;
mod principal;
mod role;
mod shell;

use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
pub(crate) use alert::FILTER as ALERT_FILTER;
pub use principal::Principal;

use crate::error::{Error, Result, nearest};
use crate::manifest::{KeyringSpec, Manifest};
use crate::name::Provider;

/// How the measures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A configuration for Terraform or OpenTofu.
    Terraform,
    /// A shell script of gcloud commands.
    Gcloud,
}

/// Everything that the measures are made from.
#[derive(Clone, Debug)]
pub struct Hardening<'a> {
    projects: Vec<Project<'a>>,
    break_glass: Vec<Principal>,
    organization: Option<String>,
}

/// A project with keys.
#[derive(Clone, Debug)]
struct Project<'a> {
    id: &'a str,
    /// Its part of the names of resources; no two have the same.
    label: String,
    keyrings: Vec<&'a KeyringSpec>,
}

/// One measure: why it is there, what it does not prevent, and how it is written.
struct Measure {
    title: &'static str,
    why: &'static str,
    not: &'static str,
    body: String,
}

impl Format {
    const ALL: [Self; 2] = [Self::Terraform, Self::Gcloud];

    /// The word on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Gcloud => "gcloud",
        }
    }

    /// The format with that word.
    ///
    /// # Errors
    /// A usage error that names the nearest word.
    pub fn parse(word: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.id() == word);
        found.ok_or_else(|| {
            let error = Error::usage(format!("`{}` is not a format", word.escape_debug()));
            match nearest(word, Self::ALL.map(Self::id)) {
                Some(meant) => error.hint(format!("did you mean `{meant}`?")),
                None => error.hint(format!("formats: {}", Self::ALL.map(Self::id).join(", "))),
            }
        })
    }
}

impl<'a> Hardening<'a> {
    /// The measures for the keyrings of `manifest` in Cloud KMS, of environment `env` or of all.
    ///
    /// # Errors
    /// A usage error when there is no such keyring, or `organization` is no number of one.
    pub fn of(
        manifest: &'a Manifest,
        env: Option<&str>,
        break_glass: Vec<Principal>,
        organization: Option<&str>,
    ) -> Result<Self> {
        let keyrings = manifest.keyrings();
        let keyrings = keyrings.filter(|keyring| env.is_none_or(|env| keyring.env == env));
        let mut by_project: BTreeMap<&str, Vec<&KeyringSpec>> = BTreeMap::new();
        for keyring in keyrings.filter(|keyring| keyring.provider == Provider::Gcp) {
            by_project.entry(&keyring.project).or_default().push(keyring);
        }
        if by_project.is_empty() {
            return Err(
                Error::usage("no keyring of Cloud KMS: there is nothing to harden in a cloud")
                    .hint("embedded keys are guarded by who may write the state folder"),
            );
        }
        let projects = by_project.into_iter().enumerate();
        Ok(Self {
            projects: projects
                .map(|(place, (id, keyrings))| Project {
                    id,
                    label: hcl::label(id, place),
                    keyrings,
                })
                .collect(),
            break_glass,
            organization: organization.map(organization_number).transpose()?,
        })
    }

    /// The measures as text.
    pub fn text(&self, format: Format) -> String {
        let mut text = self.head(format);
        for measure in self.measures(format) {
            text.push_str(&measure.text());
        }
        text
    }

    fn head(&self, format: Format) -> String {
        let exceptions = match &self.break_glass[..] {
            [] => "nobody: whoever has to end a key takes the deny policy away first".to_owned(),
            some => some
                .iter()
                .map(|one| hcl::comment(one.as_str()))
                .collect::<Vec<_>>()
                .join(", "),
        };
        match format {
            Format::Terraform => format!(
                "# Printed by `keyward harden --format terraform`. keyward applies nothing: read it, plan it, and have the\n\
                 # plan judged (`keyward verify --terraform-plan`) before anybody applies it.\n\
                 # It needs Google's provider 7.33.0 or later.\n\
                 # May destroy all the same (break glass): {exceptions}.\n{}",
                alert::VARIABLE
            ),
            Format::Gcloud => format!(
                "#!/bin/sh\n\
                 # Printed by `keyward harden --format gcloud`. keyward runs nothing: read it, and run what you agree with.\n\
                 # May destroy all the same (break glass): {exceptions}.\n\
                 set -eu\n\
                 work=\"$(mktemp -d)\"\n\
                 trap 'rm -rf \"$work\"' EXIT\n{}",
                alert::PARAMETER
            ),
        }
    }

    fn measures(&self, format: Format) -> Vec<Measure> {
        let mut measures = Vec::new();
        for project in &self.projects {
            measures.extend(deny::measures(project, &self.break_glass, format));
            measures.push(role::measure(project, format));
            measures.push(lien::measure(project, format));
            measures.push(keys::measure(project, format));
            measures.push(alert::measure(project, format));
            measures.push(audit_logs::measure(project, format));
        }
        measures.push(org_policies::measure(
            self.organization.as_deref(),
            self.window(),
            format,
        ));
        measures
    }

    /// The shortest window that a keyring asks for: no policy may demand more.
    fn window(&self) -> Duration {
        let keyrings = self.projects.iter().flat_map(|project| &project.keyrings);
        keyrings
            .map(|keyring| keyring.destroy_after)
            .min()
            .unwrap_or_default()
    }
}

impl Measure {
    fn text(&self) -> String {
        let mut text = format!("\n# --- {}\n", hcl::comment(self.title));
        for line in wrapped(self.why)
            .into_iter()
            .chain(wrapped(&format!("Not prevented: {}", self.not)))
        {
            text.push_str(&format!("# {line}\n"));
        }
        text.push_str(&self.body);
        text
    }
}

/// Running text in lines of a comment.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 110;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.len() + word.len() >= WIDTH);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn organization_number(text: &str) -> Result<String> {
    let number = text.strip_prefix("organizations/").unwrap_or(text);
    let is_number = (1..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    match is_number {
        true => Ok(number.to_owned()),
        false => Err(Error::usage(format!(
            "`{}` is not the number of an organisation",
            text.escape_debug()
        ))
        .hint("`gcloud organizations list` shows it")),
    }
}

#[cfg(test)]
mod tests;
