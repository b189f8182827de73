//! `keyward quickstart [DIR]`: a tour in which everything really happens.

mod act;
mod stage;
mod tour;

use std::env;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use keyward::atomic_file::{self, Access, Existing};
use keyward::io_error;
use keyward_core::error::{Error, Result};
use serde_json::{Value, json};

use crate::commands::init::ProviderWord;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, command, strong};
use act::Done;
use stage::{Cloud, Stage};

/// See it work: a tour in a new folder, with the loss of a location
///
/// Every command of the tour is shown before it runs, and can be repeated by hand in another folder.
#[derive(Args)]
pub(crate) struct Quickstart {
    /// Folder to make
    #[arg(default_value = "keyward-demo")]
    dir: PathBuf,

    /// Who keeps the keys; Cloud KMS itself costs money, and an emulator of it is reached with --endpoint
    #[arg(long, value_enum, default_value = "embedded")]
    provider: ProviderWord,

    /// Project of the keys, for gcp
    #[arg(long, value_name = "PROJECT", required_if_eq("provider", "gcp"))]
    project: Option<String>,

    /// Make keys in Google Cloud, which cost money and which keyward cannot delete again
    #[arg(long)]
    yes: bool,
}

impl Quickstart {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let stage = self.stage(session)?;
        make(&self.dir)?;
        env::set_current_dir(&self.dir).map_err(|why| io_error("enter it", &self.dir, why))?;
        atomic_file::write(
            Path::new(".gitignore"),
            IGNORED.as_bytes(),
            Access::Shared,
            Existing::Refuse,
        )?;
        session.ui.tell(|page| tour::opening(page, &self.dir, &stage))?;
        let done = tour::walk(session, &stage).map_err(|error| {
            error.hint(format!(
                "what the tour has made so far is in {}; remove it to begin again",
                self.dir.display()
            ))
        })?;
        session.ui.show(&Ended {
            dir: &self.dir,
            stage: &stage,
            done,
        })?;
        Ok(Exit::DONE)
    }

    fn stage(&self, session: &Session) -> Result<Stage> {
        match (self.provider, &self.project) {
            (ProviderWord::Embedded, None) if session.globals.endpoint_is_typed => {
                Err(Error::usage("an endpoint goes with the provider gcp")
                    .hint("add --provider gcp --project PROJECT, or leave out `--endpoint`"))
            }
            (ProviderWord::Embedded, None) => Ok(Stage::Files),
            (ProviderWord::Gcp, Some(project)) => {
                let cloud = Cloud::new(project, session, &self.dir)?;
                cloud.must_be_wanted(self.yes)?;
                Ok(Stage::Cloud(cloud))
            }
            _ => Err(Error::usage("a project goes with the provider gcp")
                .hint("add both, --provider gcp --project PROJECT, or leave out both")),
        }
    }
}

/// What anybody could read stays out of git. (The state folder sees to itself.)
const IGNORED: &str = "\
# Secrets in clear, and the identity that opens everything: these belong into no repository.
/escrow-identity.txt
/opened*.txt
/secrets/**/secret.txt
/secrets/**/couchDBData.json
";

fn make(dir: &Path) -> Result<()> {
    DirBuilder::new()
        .mode(0o755)
        .create(dir)
        .map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists => Error::usage("it exists already, and is left as it is")
                .on(dir.display())
                .hint("give the tour another folder: keyward quickstart DIR"),
            _ => io_error("make the folder", dir, why),
        })
}

const TAKE_ALONG: &str = "\
escrow-identity.txt opens everything here by itself; in earnest it belongs offline, on paper or a stick. And what was
sealed is still there in clear, in secrets/ and as opened*.txt: .gitignore keeps it out of git, and `rm` out of sight.";

struct Ended<'a> {
    dir: &'a Path,
    stage: &'a Stage,
    done: Vec<Done>,
}

impl Answer for Ended<'_> {
    fn json(&self) -> Value {
        let step = |done: &Done| json!({ "command": done.words, "exit_code": done.exit.0 });
        json!({
            "dir": self.dir.display().to_string(),
            "steps": self.done.iter().map(step).collect::<Vec<_>>(),
        })
    }

    fn text(&self, page: &mut Page) {
        page.line("");
        page.line(strong("That was all of it. What next?"));
        let next = [
            (
                format!("cd {}", self.dir.display()),
                "the folder of the tour, with all that it made",
            ),
            (
                "keyward explain secrets/any.txt".into(),
                "which keyring a file would get, and why",
            ),
            (
                "keyward inspect --recover FILE.kw".into(),
                "how to open a file without keyward",
            ),
            (
                self.stage.own_manifest(),
                "a manifest of your own, in your own folder",
            ),
            ("keyward --help".into(), "the rest"),
        ];
        let width = next
            .iter()
            .map(|(words, _)| words.len())
            .max()
            .unwrap_or_default();
        for (words, why) in next {
            page.line(format_args!("  {}  {why}", command(format!("{words:<width$}"))));
        }
        page.line("");
        page.line(strong("Take with you:"));
        page.prose(TAKE_ALONG);
        if let Some(more) = self.stage.leaves() {
            page.prose(&more);
        }
    }
}
