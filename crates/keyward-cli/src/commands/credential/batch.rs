//! `keyward credential batch`.

use std::path::PathBuf;

use clap::Args;
use keyward::credential::{Defaults, Outcome, Place, Status, Summary, create_batch, read_rows};
use keyward_core::credential::Kind;
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
/// is there already is kept, also when its client half was handed over and is there no more; where it is not as its row
/// asks, that is told, and the exit code is 1. A run that was stopped is completed by running it again, which also
/// removes what the stopped one left: a folder .keyward-credentials-… in DIR, which can hold secrets never handed out.
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
        let sealing = Sealing::wanted(session, self.seal_to.as_deref(), &self.out)?;
        let seal = sealing.as_ref().map(Sealing::seal);
        let place = Place {
            out: &self.out,
            seal: seal.as_deref(),
        };
        let mut trail = session.trail("credential batch", vec![name, self.out.display().to_string()]);
        trail.intend();
        let first = rows.first().zip(sealing.as_ref());
        let mut told = Told {
            kind: defaults.kind,
            sites: Vec::new(),
            summary: Summary::default(),
            opened_with: first.and_then(|(row, sealing)| sealing.opened_with(&row.request.site)),
        };
        let mut tell = |outcomes: &[Outcome<'_>]| told.tell(session, outcomes);
        let made = create_batch(&rows, &place, &*session.clock, &mut session.rng(), &mut tell);
        trail.also(format_args!("{} created", told.summary.created));
        trail.also(format_args!("{} kept", told.summary.kept));
        trail.ended(&made);
        told.end(session, made)
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Created => "created",
        Status::Kept => "kept",
    }
}

fn line(page: &mut Page, outcome: &Outcome<'_>) {
    let mut notes = Vec::new();
    if outcome.client_file.is_none() {
        notes.push("client half handed over".to_owned());
    }
    if !outcome.differs.is_empty() {
        notes.push(format!("differs: {}", outcome.differs.join(", ")));
    }
    let notes = match notes.is_empty() {
        true => String::new(),
        false => format!(" ({})", notes.join("; ")),
    };
    page.line(format_args!(
        "{} {} {}{notes}",
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
        "client_half": outcome.client_file,
        "status": word(outcome.status),
        "differs": outcome.differs,
    })
}

/// What was told so far, and is on disk.
struct Told {
    kind: Kind,
    sites: Vec<Value>,
    summary: Summary,
    opened_with: Option<String>,
}

impl Told {
    fn tell(&mut self, session: &Session, outcomes: &[Outcome<'_>]) -> Result<()> {
        self.summary.add(outcomes);
        if session.ui.is_json() {
            self.sites.extend(outcomes.iter().map(site));
        }
        let lines = |page: &mut Page| outcomes.iter().for_each(|outcome| line(page, outcome));
        session.ui.tell(lines)
    }

    fn end(&self, session: &Session, made: Result<Summary>) -> Result<Exit> {
        match made {
            Err(error) if self.summary == Summary::default() => return Err(error),
            Err(error) => return Ok(session.ui.error_after(self, &error)),
            Ok(_) => session.ui.done(self)?,
        }
        if self.summary.differing == 0 {
            return Ok(Exit::DONE);
        }
        session.ui.warn(
            "what differs from the list was left as it is: change the list, or make that credential anew elsewhere",
        );
        Ok(Exit::NO)
    }
}

impl Answer for Told {
    fn json(&self) -> Value {
        json!({
            "kind": self.kind.id(),
            "bits": self.kind.strength().bits,
            "created": self.summary.created,
            "kept": self.summary.kept,
            "differing": self.summary.differing,
            "sites": self.sites,
        })
    }

    fn text(&self, page: &mut Page) {
        let Summary {
            created,
            kept,
            differing,
        } = self.summary;
        let differing = match differing {
            0 => String::new(),
            some => format!(", {some} of them not as asked"),
        };
        page.line(format_args!("{created} created, {kept} kept{differing}"));
        page.field("strength", self.kind.strength());
        if let Some(command) = &self.opened_with {
            page.field("open with", command);
        }
    }
}
