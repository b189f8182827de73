//! `keyward audit show`: what this checkout did to keys and files, from its own log.

use clap::{Args, Subcommand};
use keyward::audit_log::{Past, read};
use keyward_core::audit::{Entry, Outcome};
use keyward_core::clock::{Timestamp, until};
use keyward_core::error::Result;
use keyward_core::manifest::parse_duration;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Cell, Page, Table, bad, faint};

/// What keyward did here
#[derive(Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Show(Show),
}

/// Show the audit log of this state folder, the oldest entry first
///
/// A change is recorded before it is tried and after it; one that was intended and has no end was interrupted.
#[derive(Args)]
struct Show {
    /// Only what happened within this time: 30d, 24h
    #[arg(long, value_name = "DURATION")]
    since: Option<String>,

    /// Only what is about this: part of a name or path
    #[arg(value_name = "RESOURCE")]
    about: Option<String>,
}

impl Audit {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let Verb::Show(verb) = self.verb;
        // The manifest says where the state folder is; without one it is the user's.
        session.if_readable(session.project());
        let since = verb.since.as_deref().map(parse_duration).transpose()?;
        let now = session.clock.now();
        let is_wanted = |entry: &Entry| {
            let recent = since.is_none_or(|since| until(entry.at, now) <= since);
            let about = |part: &String| entry.resources.iter().any(|name| name.contains(part.as_str()));
            recent && verb.about.as_ref().is_none_or(about)
        };
        let mut entries = Vec::new();
        let past = read(&session.state()?.audit_log(), |entry| {
            if is_wanted(&entry) {
                entries.push(entry);
            }
        })?;
        session.ui.show(&Log(&entries, past))?;
        if past.unreadable > 0 {
            let what = format!(
                "{} of {} lines are no entries of keyward",
                past.unreadable, past.lines
            );
            session.ui.warn(what);
        }
        Ok(Exit::DONE)
    }
}

struct Log<'a>(&'a [Entry], Past);

impl Answer for Log<'_> {
    fn json(&self) -> Value {
        let entry = |entry: &Entry| {
            let (outcome, message) = outcome(&entry.outcome);
            json!({
                "at": entry.at.to_string(),
                "action": entry.action,
                "resources": entry.resources,
                "outcome": outcome,
                "message": message,
            })
        };
        let entries: Vec<_> = self.0.iter().map(entry).collect();
        json!({"entries": entries, "unreadable": self.1.unreadable})
    }

    fn text(&self, page: &mut Page) {
        if self.0.is_empty() {
            return page.line("nothing is recorded");
        }
        let mut table = Table::new(["WHEN", "WHAT", "OUTCOME", "ON"]);
        for entry in self.0 {
            table.row([
                moment(entry.at).into(),
                entry.action.clone().into(),
                shown(&entry.outcome).into(),
                Cell::prose(entry.resources.join(", ")),
            ]);
        }
        page.table(&table);
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn outcome(outcome: &Outcome) -> (&'static str, Option<&str>) {
    match outcome {
        Outcome::Intended => ("intended", None),
        Outcome::Done => ("done", None),
        Outcome::Failed(message) => ("failed", Some(message)),
    }
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Intended => faint("intended").to_string(),
        Outcome::Done => "done".to_owned(),
        Outcome::Failed(message) => format!("{} {message}", bad("failed:")),
    }
}
