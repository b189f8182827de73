//! `keyward credential batch`.

use std::path::PathBuf;

use clap::Args;
use keyward::credential::{Defaults, Outcome, Place, Seal, Status, Summary, create_batch, read_rows};
use keyward_core::error::Result;
use keyward_core::limits;
use serde_json::{Value, json};

use super::seal::Sealing;
use crate::exit::Exit;
use crate::files::Input;
use crate::session::Session;
use crate::ui::{Answer, Page};

/// Make the credentials of many sites, from a list
///
/// The list is CSV. Its first line is name,site and, as wanted, schema,allow_ip,allow_pref; several entries in one cell
/// are separated by spaces. The whole list is checked before anything is made. Each site that is told is on disk. What
/// is there already is kept: a run that was stopped is completed by running it again.
#[derive(Args)]
pub(super) struct Batch {
    /// List to read; `-` is stdin
    file: PathBuf,

    /// Folder to make the sites' folders in
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// What proves the clients: uuid or token, or private-key-jwt where the server can check signatures
    #[arg(long, value_name = "KIND", default_value = "uuid")]
    kind: String,

    /// Let the client halves leave only as envelopes, for this keyring, recipient or key
    #[arg(long, value_name = "KEYRING|age1…")]
    seal_to: Option<String>,
}

impl Batch {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let mut input = Input::open(&self.file)?;
        let name = input.name();
        let defaults = Defaults {
            kind: self.kind.parse()?,
            ..Defaults::default()
        };
        let rows = read_rows(input.read_whole(limits::BATCH_LEN)?.expose(), &name, defaults)?;
        let sealing = self
            .seal_to
            .as_deref()
            .map(|word| Sealing::to(session, word))
            .transpose()?;
        let seal = sealing.as_ref().map(|sealing| sealing.seal());
        let place = Place {
            out: &self.out,
            seal: seal.as_ref().map(|seal| seal as &Seal<'_>),
        };
        let mut told = Told::default();
        let mut tell = |outcomes: &[Outcome<'_>]| {
            if session.ui.is_json() {
                told.sites.extend(outcomes.iter().map(site));
            }
            session
                .ui
                .tell(|page| outcomes.iter().for_each(|outcome| line(page, outcome)))
        };
        let made = create_batch(&rows, &place, &*session.clock, &mut session.rng(), &mut tell);
        session.trail("credential batch", vec![name]).note(&made);
        told.summary = made?;
        session.ui.done(&told)?;
        Ok(Exit::DONE)
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Created => "created",
        Status::Kept => "kept",
    }
}

fn line(page: &mut Page, outcome: &Outcome<'_>) {
    page.line(format_args!(
        "{} {} {}",
        word(outcome.status),
        outcome.site,
        outcome.client_id
    ));
}

fn site(outcome: &Outcome<'_>) -> Value {
    json!({
        "site": outcome.site.as_str(),
        "folder": outcome.folder.display().to_string(),
        "client_id": outcome.client_id,
        "status": word(outcome.status),
    })
}

#[derive(Default)]
struct Told {
    sites: Vec<Value>,
    summary: Summary,
}

impl Answer for Told {
    fn json(&self) -> Value {
        json!({ "created": self.summary.created, "kept": self.summary.kept, "sites": self.sites })
    }

    fn text(&self, page: &mut Page) {
        page.line(format_args!(
            "{} created, {} kept",
            self.summary.created, self.summary.kept
        ));
    }
}
