//! The answer about every loss: a table of what would go with which, and a line for each kind.

use std::collections::BTreeMap;

use keyward::project::Project;
use keyward_core::error::Result;
use keyward_core::inventory::{Files, Inventory};
use keyward_core::manifest::LossKind;
use keyward_core::survive::{Loss, Outcome, Row, Survival};
use keyward_core::verify::{Check, Verdict, judge_survival};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::names::Names;
use crate::session::Session;
use crate::ui::{Answer, Cell, Page, Table, bad, command, faint, good, uneasy};

/// Losses of one kind that are written out.
const MOST: usize = 3;

/// Every loss.
pub(super) struct Matrix<'a> {
    names: Names,
    inventory: &'a Inventory,
    rows: Vec<Row>,
    total: u64,
    now: Outcome,
    objections: BTreeMap<String, String>,
    checks: Vec<Check>,
}

impl<'a> Matrix<'a> {
    pub(super) fn new(
        project: &'a Project,
        env: Option<&str>,
        inventory: &'a Inventory,
        survival: &Survival<'_>,
    ) -> Self {
        Self {
            names: Names::of(Some(project)),
            inventory,
            rows: LossKind::ALL
                .into_iter()
                .map(|kind| survival.row(kind, env))
                .collect(),
            total: survival.count(env),
            now: survival.now(env),
            objections: survival.objections(),
            checks: judge_survival(&project.manifest, env, inventory, survival, true),
        }
    }

    pub(super) fn show(&self, session: &Session) -> Result<Exit> {
        session.ui.show(self)?;
        warn_unread(session, self.inventory);
        let is = |wanted: fn(&Verdict) -> bool| self.checks.iter().any(|check| wanted(&check.verdict));
        Ok(
            if !self.now.lost.is_empty() || is(|verdict| matches!(verdict, Verdict::Fail(_))) {
                Exit::NO
            } else if is(|verdict| matches!(verdict, Verdict::Unknown(_))) {
                Exit::UNSEEN
            } else {
                Exit::DONE
            },
        )
    }

    fn table(&self) -> Option<Table> {
        let mut table = Table::new(["LOSS OF", "WHICH", "LOST", "UNKNOWN", "FIRST"]);
        let mut any = false;
        for row in &self.rows {
            let bad: Vec<_> = row.losses.iter().filter(is_bad).collect();
            for loss in bad.iter().take(MOST) {
                table.row(self.cells(row.kind, loss));
                any = true;
            }
            if bad.len() > MOST {
                let more = format!("and {} more", bad.len() - MOST);
                table.row(["".into(), Cell::prose(more), "".into(), "".into(), "".into()]);
            }
        }
        any.then_some(table)
    }

    fn cells(&self, kind: LossKind, loss: &Loss) -> [Cell; 5] {
        let Outcome { lost, unknown } = &loss.outcome;
        let first = if lost.is_empty() { unknown } else { lost };
        [
            kind.id().into(),
            self.names.short(&loss.thing.to_string()).into(),
            lost.count().to_string().into(),
            unknown.count().to_string().into(),
            Cell::prose(first.text()),
        ]
    }

    /// One line about the losses of a kind.
    fn answer(&self, row: &Row) -> String {
        let worst = row.losses.first().filter(|loss| !loss.outcome.lost.is_empty());
        if let Some(worst) = worst {
            let (lost, thing) = (
                worst.outcome.lost.count(),
                self.names.short(&worst.thing.to_string()),
            );
            let unknown = match row.unknown.count() {
                0 => String::new(),
                more => format!("; {} for {more}", uneasy("unknown")),
            };
            return format!("{} {lost} of {} with {thing}{unknown}", bad("lost:"), self.total);
        }
        if !row.unknown.is_empty() {
            let reasons: Vec<_> = row.reasons.iter().map(String::as_str).collect();
            let (count, why) = (row.unknown.count(), reasons.join("; "));
            return format!("{} for {count} of {}: {why}", uneasy("unknown"), self.total);
        }
        match row.losses.len() {
            0 => self.nothing(row.kind).to_owned(),
            1 => format!("{}, if the one that there is goes", good("survived")),
            more => format!("{}, whichever of {more} goes", good("survived")),
        }
    }

    fn nothing(&self, kind: LossKind) -> &'static str {
        match kind {
            LossKind::State => "nothing hangs on one, as far as `managed_by:` in the manifest says",
            _ => "nothing hangs on one",
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |files: &Files, what: &str| {
            if !files.is_empty() {
                notes.push(format!("{what}: {}", files.text()));
            }
        };
        note(&self.now.lost, "nothing that counts opens these even now");
        note(&self.now.unknown, "not known whether these open now");
        let objections = self.objections.iter().take(MOST);
        notes.extend(objections.map(|(way, why)| format!("{} does not count: {why}", self.names.short(way))));
        if self.objections.len() > MOST {
            notes.push(format!(
                "{} more ways do not count either",
                self.objections.len() - MOST
            ));
        }
        notes
    }

    fn verdicts(&self, page: &mut Page) {
        for check in &self.checks {
            let verdict = match &check.verdict {
                Verdict::Fail(_) => bad(check.verdict.id()).to_string(),
                Verdict::Unknown(_) => uneasy(check.verdict.id()).to_string(),
                _ => good(check.verdict.id()).to_string(),
            };
            page.sentence(format_args!(
                "{verdict}  {}: {} ({})",
                check.resource,
                check.id.title(),
                check.id
            ));
            if let Some(why) = check.verdict.reason() {
                page.sentence(format_args!("      {why}"));
            }
            if let Some(next) = &check.next {
                page.line(format_args!("      next: {}", command(next)));
            }
        }
    }
}

impl Answer for Matrix<'_> {
    fn json(&self) -> Value {
        json!({
            "total": self.total,
            "now": outcome(&self.now),
            "kinds": self.rows.iter().map(kind).collect::<Vec<_>>(),
            "not_counted": self.objections.iter().map(objection).collect::<Vec<_>>(),
            "checks": self.checks,
            "whole": self.inventory.is_whole(),
        })
    }

    fn text(&self, page: &mut Page) {
        if let Some(table) = self.table() {
            page.table(&table);
            page.line("");
        }
        for row in &self.rows {
            page.field(row.kind.id(), self.answer(row));
        }
        for note in self.notes() {
            page.sentence(format_args!("{} {note}", faint("note:")));
        }
        self.verdicts(page);
    }
}

/// Says what could not be looked into: it may hang on anything.
pub(super) fn warn_unread(session: &Session, inventory: &Inventory) {
    if !inventory.unread.is_empty() {
        let unread = inventory.unread.text();
        session
            .ui
            .warn(format!("could not be read, and may hang on anything: {unread}"));
    }
    for why in &inventory.unseen {
        session
            .ui
            .warn(format!("not seen, and may hang on anything: {why}"));
    }
}

fn is_bad(loss: &&Loss) -> bool {
    !loss.outcome.lost.is_empty() || !loss.outcome.unknown.is_empty()
}

fn objection((way, why): (&String, &String)) -> Value {
    json!({ "way": way, "why": why })
}

fn kind(row: &Row) -> Value {
    let things = row.losses.iter().map(|loss| {
        let Outcome { lost, unknown } = &loss.outcome;
        json!({
            "thing": loss.thing.to_string(),
            "lost": lost.count(),
            "first_lost": lost.named(),
            "unknown": unknown.count(),
            "first_unknown": unknown.named(),
        })
    });
    json!({
        "kind": row.kind.id(),
        "unknown": row.unknown.count(),
        "reasons": row.reasons,
        "things": things.collect::<Vec<_>>(),
    })
}

fn outcome(outcome: &Outcome) -> Value {
    let Outcome { lost, unknown } = outcome;
    json!({
        "lost": lost.count(),
        "first_lost": lost.named(),
        "unknown": unknown.count(),
        "first_unknown": unknown.named(),
    })
}
