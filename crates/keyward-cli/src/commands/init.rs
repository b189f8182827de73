//! `keyward init [DIR] --provider embedded`: a commented manifest.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keyward::atomic_file::{self, Access, Existing};
use keyward::io_error;
use keyward_core::error::Result;
use keyward_core::location::Location;
use keyward_core::name::AgeRecipient;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, command};

/// Write a commented manifest, keyward.yaml
#[derive(Args)]
pub(crate) struct Init {
    /// Folder to write it into; it is made when it is not there
    #[arg(default_value = ".")]
    dir: PathBuf,

    /// Who keeps the keys
    #[arg(long, value_enum)]
    provider: ProviderWord,

    /// Location of a key; repeat it, nearest first
    #[arg(long = "location", value_name = "LOCATION", default_values = ["europe-west1", "us-central1"])]
    locations: Vec<String>,

    /// Offline age recipient that everything is sealed for too (see `keyward escrow new`); repeatable
    #[arg(long, value_name = "RECIPIENT")]
    escrow: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProviderWord {
    /// The KMS inside keyward, for development and tests: one file a location under .keyward/
    Embedded,
}

impl Init {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let manifest = self.dir.join("keyward.yaml");
        let text = self.manifest()?;
        fs::create_dir_all(&self.dir).map_err(|why| io_error("make the folder", &self.dir, why))?;
        atomic_file::write(&manifest, text.as_bytes(), Access::Shared, Existing::Refuse)?;
        session.ui.done(&Written { manifest })?;
        Ok(Exit::DONE)
    }

    fn manifest(&self) -> Result<String> {
        let ProviderWord::Embedded = self.provider;
        let locations = self
            .locations
            .iter()
            .map(|name| Location::known(name))
            .collect::<Result<Vec<_>>>()?;
        let escrow = self
            .escrow
            .iter()
            .map(|name| name.parse())
            .collect::<Result<Vec<AgeRecipient>>>()?;
        Ok(TEMPLATE
            .replace("LOCATIONS", &list(&locations))
            .replace("ESCROW", &list(&escrow)))
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

const TEMPLATE: &str = r#"# What should exist: environments, keyrings, and which keyring seals which file.
# `keyward explain FILE` shows what applies to a file and why. `keyward verify` proves that all of it is there.
version: 1

environments:
  demo: {protected: false}    # a protected one is typed as `--env NAME` before anything is changed in it

keyrings:
  app:                        # one key in each location; any one of them opens
    env: demo
    provider: embedded        # the KMS inside keyward, for development: files under .keyward/
    locations: [LOCATIONS]    # nearest first
    within: any               # or an area, such as europe: then no location outside of it is accepted
    ring: secrets
    key: app
    rotation: 90d             # so often a new version takes over; the old ones keep opening
    destroy_after: 30d        # so long a version that was ordered to be destroyed can still be restored
    escrow: [ESCROW]          # age recipients whose identity is kept offline; `keyward escrow new` makes one

rules:                        # which keyring seals a file: first match wins, paths are relative to this file
  - {path: "secrets/**", keyring: app}
  - {path: "**", keyring: app}
"#;

struct Written {
    manifest: PathBuf,
}

impl Answer for Written {
    fn json(&self) -> Value {
        json!({ "manifest": self.manifest.display().to_string() })
    }

    fn text(&self, page: &mut Page) {
        page.line(format_args!("wrote {}", self.manifest.display()));
        page.line(format_args!(
            "next: {} makes its keys",
            command("keyward key create app")
        ));
    }
}
