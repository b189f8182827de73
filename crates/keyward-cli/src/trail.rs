//! What a command leaves in the audit log, and what happens when the log cannot be written.
//!
//! Then nothing is disabled, as no trace of it would remain; whatever cannot lock anybody out goes on with a warning.

use std::cell::Cell;
use std::fmt::Display;

use keyward::audit_log::JsonLines;
use keyward_core::audit::{Audit, Durability, Entry, Outcome};
use keyward_core::error::{Error, Result};
use keyward_core::manifest::AuditMode;

use crate::session::Session;
use crate::state::StateFolder;
use crate::ui::one_line;

/// The audit log of one command.
pub(crate) struct Trail<'s> {
    session: &'s Session,
    action: &'static str,
    resources: Vec<String>,
    log: Result<Box<dyn Audit>>,
    /// Whether it was said that something could not be recorded.
    is_said: Cell<bool>,
}

impl<'s> Trail<'s> {
    /// The trail of `action` on `resources`. The log is opened now, and made if it is not there.
    pub(crate) fn new(
        session: &'s Session,
        action: &'static str,
        resources: Vec<String>,
        mode: AuditMode,
        state: Result<StateFolder>,
    ) -> Self {
        Self {
            session,
            action,
            resources,
            log: open(mode, state),
            is_said: Cell::new(false),
        }
    }

    /// Records, on disk, what is about to be attempted.
    ///
    /// # Errors
    /// A refusal when the log cannot be written: for changes that could make something harder to open.
    pub(crate) fn must_intend(&self) -> Result<()> {
        self.record(Outcome::Intended, Durability::Synced).map_err(|why| {
            Error::refused("the audit log cannot be written, and this change is not made without it")
                .because(why)
                .hint("make it writable, name another place with `--state DIR`, or set `audit: stderr` in the manifest")
        })
    }

    /// Records, on disk, what is about to be attempted; goes on without.
    pub(crate) fn intend(&self) {
        self.or_say(self.record(Outcome::Intended, Durability::Synced));
    }

    /// Adds what came out of the work to what is recorded from now on.
    pub(crate) fn also(&mut self, resource: impl Display) {
        self.resources.push(resource.to_string());
    }

    /// Records, on disk, how a change ended.
    pub(crate) fn ended<T>(&self, result: &Result<T>) {
        self.or_say(self.record(outcome(result), Durability::Synced));
    }

    /// Records, not synced, how something ended that changed no key: one line a command.
    pub(crate) fn note<T>(&self, result: &Result<T>) {
        self.or_say(self.record(outcome(result), Durability::Written));
    }

    fn record(&self, outcome: Outcome, durability: Durability) -> Result<()> {
        let entry = Entry {
            at: self.session.clock.now(),
            action: self.action.to_owned(),
            resources: self.resources.clone(),
            outcome,
        };
        match &self.log {
            Ok(log) => log.record(&entry, durability),
            Err(why) => Err(Error::new(why.kind(), why.to_string())),
        }
    }

    fn or_say(&self, recorded: Result<()>) {
        if let Err(why) = recorded
            && !self.is_said.replace(true)
        {
            self.session.ui.warn(format_args!(
                "`{}` could not be recorded in the audit log: {why}",
                self.action
            ));
        }
    }
}

fn open(mode: AuditMode, state: Result<StateFolder>) -> Result<Box<dyn Audit>> {
    match mode {
        AuditMode::File => {
            let state = state?;
            state.make()?;
            Ok(Box::new(JsonLines::open(&state.audit_log())?))
        }
        AuditMode::Stderr => Ok(Box::new(Stderr)),
        AuditMode::Off => Ok(Box::new(Off)),
    }
}

fn outcome<T>(result: &Result<T>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(why) => Outcome::Failed(why.to_string()),
    }
}

/// `audit: stderr`: whoever collects stderr keeps the log.
struct Stderr;

impl Audit for Stderr {
    fn record(&self, entry: &Entry, _: Durability) -> Result<()> {
        use std::io::Write;

        let outcome = match &entry.outcome {
            Outcome::Intended => "intended".to_owned(),
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(why) => format!("failed: {}", one_line(why)),
        };
        let (at, action, on) = (entry.at, &entry.action, one_line(&entry.resources.join(" ")));
        writeln!(std::io::stderr(), "audit: {at} {action} {on} {outcome}")
            .map_err(|why| Error::unavailable("stderr cannot be written").because(why))
    }
}

/// `audit: off`: a choice that `keyward verify` reports.
struct Off;

impl Audit for Off {
    fn record(&self, _: &Entry, _: Durability) -> Result<()> {
        Ok(())
    }
}
