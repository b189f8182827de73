//! `keyward watch ack`: somebody answers for an alert, and it is silent from then on.

use clap::Args;
use keyward_core::error::{Error, Result, nearest};
use keyward_core::watch::Memory;
use serde_json::{Value, json};

use super::memory;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page};

/// Answer for an alert: it is not repeated any more
///
/// What is acknowledged is what it says now: it is told anew when it is about something else, gets worse, or its last day
/// begins.
#[derive(Args)]
pub(super) struct Ack {
    /// The alert, as `keyward watch --once` shows it: 'V07 gcp-kms://…'
    #[arg(value_name = "ALERT", required_unless_present = "all")]
    alerts: Vec<String>,

    /// Every alert that is going on
    #[arg(long, conflicts_with = "alerts")]
    all: bool,
}

impl Ack {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let env = session.requested_environment(project)?;
        let env = env.map(|env| env.name.as_str());
        let now = session.clock.now();
        let done = memory(session, env)?.update(|memory| {
            let ids = match self.all {
                true => memory.alerts.keys().cloned().collect(),
                false => self.alerts.clone(),
            };
            if let Some(id) = ids.iter().find(|id| !memory.alerts.contains_key(*id)) {
                return Err(unknown(id, memory));
            }
            for id in &ids {
                memory.acknowledge(id, now);
            }
            Ok(ids)
        })?;
        session.ui.done(&Acknowledged(done?))?;
        Ok(Exit::DONE)
    }
}

fn unknown(id: &str, memory: &Memory) -> Error {
    let error = Error::usage("no such alert is going on").on(id);
    match nearest(id, memory.alerts.keys().map(String::as_str)) {
        Some(meant) => error.hint(format!("did you mean '{meant}'?")),
        None => error.hint("`keyward watch --once` shows the alerts that are"),
    }
}

struct Acknowledged(Vec<String>);

impl Answer for Acknowledged {
    fn json(&self) -> Value {
        json!({"acknowledged": self.0})
    }

    fn text(&self, page: &mut Page) {
        for id in &self.0 {
            page.line(format_args!("acknowledged: {id}"));
        }
        if self.0.is_empty() {
            page.line("nothing is going on");
        }
    }
}
