//! `keyward init [DIR] --provider …`: a commented manifest.

mod template;

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keyward::atomic_file::{self, Access, Existing};
use keyward::io_error;
use keyward_core::error::{Error, Result};
use keyward_core::location::Location;
use keyward_core::manifest::{EMBEDDED_PROJECT, Manifest};
use keyward_core::name::{AgeRecipient, KeyRingName};
use serde_json::{Value, json};

use crate::args::Globals;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, command};
use template::Values;

/// Write a commented manifest, keyward.yaml
///
/// For keys of Cloud KMS, `--endpoint` or KEYWARD_ENDPOINT is written into it.
#[derive(Args)]
pub(crate) struct Init {
    /// Folder to write it into; it is made when it is not there
    #[arg(default_value = ".")]
    dir: PathBuf,

    /// Who keeps the keys
    #[arg(long, value_enum)]
    provider: ProviderWord,

    /// Project of the keys, for gcp
    #[arg(long, value_name = "PROJECT", required_if_eq("provider", "gcp"))]
    project: Option<String>,

    /// Location of a key; repeat it, nearest first
    #[arg(long = "location", value_name = "LOCATION", default_values = ["europe-west1", "us-central1"])]
    locations: Vec<String>,

    /// Id of the key ring in every location
    #[arg(long, value_name = "ID", default_value = "secrets")]
    ring: String,

    /// Id of the key in every location
    #[arg(long, value_name = "ID", default_value = "app")]
    key: String,

    /// Offline age recipient that everything is sealed for too (see `keyward escrow new`); repeatable
    #[arg(long, value_name = "RECIPIENT")]
    escrow: Vec<String>,
}

/// A provider, in the word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderWord {
    /// The KMS inside keyward, for development and tests: one file a location under .keyward/
    Embedded,
    /// Google Cloud KMS
    Gcp,
}

impl Init {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let manifest = self.dir.join("keyward.yaml");
        let endpoint = self.endpoint(&session.globals)?;
        let text = self.manifest(endpoint.map(|(address, _)| address))?;
        fs::create_dir_all(&self.dir).map_err(|why| io_error("make the folder", &self.dir, why))?;
        atomic_file::write(&manifest, text.as_bytes(), Access::Shared, Existing::Refuse)?;
        session.ui.done(&Written { manifest, endpoint })?;
        Ok(Exit::DONE)
    }

    fn manifest(&self, endpoint: Option<&str>) -> Result<String> {
        let locations = self.locations()?;
        let project = self.project()?;
        self.check_names(project, &locations)?;
        let escrow = self.escrow.iter().map(|name| name.parse());
        let values = Values {
            project,
            endpoint,
            locations: &locations,
            ring: &self.ring,
            key: &self.key,
            escrow: &escrow.collect::<Result<Vec<AgeRecipient>>>()?,
        };
        let text = match self.provider {
            ProviderWord::Embedded => template::embedded(&values),
            ProviderWord::Gcp => template::gcp(&values),
        };
        Manifest::parse(&text, "the manifest to be written")?;
        Ok(text)
    }

    /// The address that is written, and what named it.
    fn endpoint<'g>(&self, globals: &'g Globals) -> Result<Option<(&'g str, &'static str)>> {
        let (gcp, typed) = (self.provider == ProviderWord::Gcp, globals.endpoint_is_typed);
        if typed && !gcp {
            return Err(Error::usage("the embedded provider has no endpoint")
                .hint("leave out `--endpoint`, or did you mean `--provider gcp`?"));
        }
        let by = if typed { "--endpoint" } else { "KEYWARD_ENDPOINT" };
        let endpoint = globals.endpoint.as_deref().filter(|_| gcp);
        Ok(endpoint.map(|address| (address, by)))
    }

    fn locations(&self) -> Result<Vec<Location>> {
        let mut locations = Vec::new();
        for name in &self.locations {
            let location = Location::known(name).map_err(|why| why.on("--location"))?;
            if locations.contains(&location) {
                return Err(Error::usage(format!("`{location}` is named twice")).on("--location"));
            }
            locations.push(location);
        }
        Ok(locations)
    }

    /// Checks each part by itself, so that what is wrong goes by the name of its flag.
    fn check_names(&self, project: &str, locations: &[Location]) -> Result<()> {
        let Some(location) = locations.first() else {
            return Ok(());
        };
        let ring = |project: &str, id: &str| KeyRingName::new(project, location.clone(), id);
        ring(project, "any").map_err(|why| why.on("--project"))?;
        let ring = ring(project, &self.ring).map_err(|why| why.on("--ring"))?;
        ring.key(&self.key).map_err(|why| why.on("--key"))?;
        Ok(())
    }

    fn project(&self) -> Result<&str> {
        match (self.provider, &self.project) {
            (ProviderWord::Embedded, None) => Ok(EMBEDDED_PROJECT),
            (ProviderWord::Embedded, Some(_)) => Err(Error::usage("the embedded provider has no project")
                .hint("leave out `--project`, or did you mean `--provider gcp`?")),
            (ProviderWord::Gcp, project) => project
                .as_deref()
                .ok_or_else(|| Error::usage("provider gcp needs a project").hint("add --project PROJECT")),
        }
    }
}

struct Written<'a> {
    manifest: PathBuf,
    /// What was written as the endpoint, and what named it.
    endpoint: Option<(&'a str, &'static str)>,
}

impl Answer for Written<'_> {
    fn json(&self) -> Value {
        json!({
            "manifest": self.manifest.display().to_string(),
            "endpoint": self.endpoint.map(|(address, _)| address),
        })
    }

    fn text(&self, page: &mut Page) {
        let endpoint = self.endpoint.map_or_else(String::new, |(address, by)| {
            format!(", with the endpoint {address} from {by}")
        });
        page.line(format_args!("wrote {}{endpoint}", self.manifest.display()));
        page.line(format_args!("next: {}", command("keyward key create app")));
    }
}
