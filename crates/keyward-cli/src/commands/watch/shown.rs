//! What one look shows, and the exit code that follows.

use keyward::project::Project;
use keyward::watch::Told;
use keyward_core::clock::Timestamp;
use keyward_core::error::Result;
use keyward_core::verify::Report;
use keyward_core::watch::{Alarm, Alert};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::names::Names;
use crate::session::Session;
use crate::ui::{Answer, Page, bad, command, faint, good, strong, uneasy};

/// One look.
pub(super) struct Shown<'a> {
    names: Names,
    told: &'a Told,
    complete: bool,
    report: &'a Report,
}

impl<'a> Shown<'a> {
    pub(super) fn new(project: &'a Project, told: &'a Told, complete: bool, report: &'a Report) -> Self {
        Self {
            names: Names::of(Some(project)),
            told,
            complete,
            report,
        }
    }

    pub(super) fn show(&self, session: &Session) -> Result<Exit> {
        session.ui.show(self)?;
        for trouble in &self.told.trouble {
            session.ui.error(trouble);
        }
        Ok(self.exit())
    }

    fn exit(&self) -> Exit {
        let failed = !self.report.failures().is_empty() || self.told.round.hidden > 0;
        match (
            failed && self.told.open,
            self.complete && self.told.trouble.is_empty(),
        ) {
            (true, _) => Exit::NO,
            (false, false) => Exit::UNSEEN,
            (false, true) => Exit::DONE,
        }
    }

    fn alert(&self, page: &mut Page, alert: &Alert, now: Timestamp) {
        let loud = match alert.alarm {
            Alarm::Critical => bad("CRITICAL").to_string(),
            Alarm::High => uneasy("HIGH").to_string(),
            Alarm::Medium => uneasy("MEDIUM").to_string(),
        };
        let short = self.names.short(&alert.resource);
        page.sentence(format_args!("{loud}  {}: {}", strong(short), alert.what));
        if let Some(hours) = alert.hours_left(now) {
            page.sentence(format_args!("      {} h left", strong(hours)));
        }
        page.sentence(format_args!("      lost: {}", alert.lost));
        page.sentence(format_args!("      next: {}", command(&alert.next)));
        page.sentence(format_args!("      {} {}", faint("alert:"), alert.id));
    }
}

impl Answer for Shown<'_> {
    fn json(&self) -> Value {
        let now = self.report.at;
        let of = |alerts: &[Alert]| -> Vec<Value> {
            let with_hours = |alert: &Alert| {
                let mut object = serde_json::to_value(alert).unwrap_or_default();
                object["hours_left"] = json!(alert.hours_left(now));
                object
            };
            alerts.iter().map(with_hours).collect()
        };
        json!({
            "at": now.to_string(),
            "complete": self.complete,
            "told": of(&self.told.round.tell),
            "silent": of(&self.told.round.silent),
            "over": self.told.round.over,
            "delivered": self.told.trouble.is_empty(),
        })
    }

    fn text(&self, page: &mut Page) {
        for alert in &self.told.round.tell {
            self.alert(page, alert, self.report.at);
        }
        for alert in &self.told.round.silent {
            let hours = alert.hours_left(self.report.at);
            let hours = hours.map_or(String::new(), |hours| format!(", {hours} h left"));
            page.sentence(format_args!("{} {}{hours}", faint("still going on:"), alert.id));
        }
        for id in &self.told.round.over {
            page.sentence(format_args!("{}  {id}", good("over")));
        }
        let keys = self.report.keys();
        let going_on = self.told.round.tell.len() + self.told.round.silent.len();
        let seen = if self.complete {
            "everything seen"
        } else {
            "not everything could be seen"
        };
        page.sentence(format_args!("{keys} keys, {going_on} alerts, {seen}"));
    }
}
