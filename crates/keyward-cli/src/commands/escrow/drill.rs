//! `keyward escrow drill`: on the offline machine, which has the bundle and the identity and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use keyward::atomic_file::Access;
use keyward::escrow::drill;
use keyward_core::error::{ErrorKind, Result};
use keyward_core::escrow::{Bundle, Report, Tried};
use keyward_core::recipient::Identity;
use serde_json::{Value, json};

use super::{output, path_json, read_text, word};
use crate::exit::Exit;
use crate::identities;
use crate::session::Session;
use crate::ui::{Answer, Page, Progress, bad, command, good, one_line};

/// Open, with an offline identity, what a bundle asks about, and write a report that proves it
///
/// It needs the bundle and the identity: no manifest, no state, no network. The report holds nothing secret; take it
/// back, and run `keyward escrow import` there. Exit code 1 when something did not open, which the report says too.
#[derive(Args)]
pub(super) struct Drill {
    /// The bundle of `keyward escrow export`; `-` is stdin
    bundle: PathBuf,

    /// Age identity file; repeatable
    #[arg(long, value_name = "FILE", required = true)]
    identity: Vec<PathBuf>,

    /// File to write the report to, which must not exist; `-` is stdout
    #[arg(short, long, value_name = "REPORT")]
    output: PathBuf,
}

impl Drill {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let output = output(session, &self.output)?;
        let (text, name) = read_text(&self.bundle)?;
        let bundle = Bundle::parse(&text, &name)?;
        drop(text);
        let identities: Vec<_> = identities::named(&self.identity)?
            .into_iter()
            .map(|identity| identity as Arc<dyn Identity>)
            .collect();
        let progress = Progress::new(&session.ui, None);
        let tell = |wraps| progress.add(wraps);
        let report = drill(&bundle, &identities, session.clock.now(), &tell)?;
        drop(progress);
        output.write_whole(report.encode()?.as_bytes(), Access::Shared)?;
        let drilled = Drilled {
            output: output.path().map(Path::to_owned),
            bundle: &bundle,
            report: &report,
        };
        if output.is_stdout() {
            session.ui.done(&drilled)?;
        } else {
            session.ui.show(&drilled)?;
        }
        Ok(if drilled.failed().next().is_none() {
            Exit::DONE
        } else {
            ErrorKind::Refused.into()
        })
    }
}

struct Drilled<'a> {
    /// `None`: stdout.
    output: Option<PathBuf>,
    bundle: &'a Bundle,
    report: &'a Report,
}

impl Drilled<'_> {
    fn failed(&self) -> impl Iterator<Item = (&Tried, &str)> {
        let results = self.report.statement().results.iter();
        results.filter_map(|tried| Some((tried, tried.failed.as_deref()?)))
    }

    /// How many wraps of a recipient opened, and of how many.
    fn counted(&self, recipient: usize) -> (usize, usize) {
        let results = self.report.statement().results.iter();
        let own: Vec<_> = results.filter(|tried| tried.recipient == recipient).collect();
        (
            own.iter().filter(|tried| tried.failed.is_none()).count(),
            own.len(),
        )
    }

    fn absent(&self) -> impl Iterator<Item = &str> {
        let answers = &self.report.statement().answers;
        let asked = self.bundle.asked().iter().map(|asked| &asked.recipient);
        asked
            .filter(|name| !answers.iter().any(|answer| answer.recipient == **name))
            .map(|name| name.as_str())
    }
}

impl Answer for Drilled<'_> {
    fn json(&self) -> Value {
        let answers = self.report.statement().answers.iter().enumerate();
        let recipients = answers.map(|(place, answer)| {
            let (opened, wraps) = self.counted(place);
            json!({ "recipient": answer.recipient.as_str(), "wraps": wraps, "opened": opened })
        });
        let failed = self
            .failed()
            .map(|(tried, why)| json!({ "envelope": tried.envelope, "why": why }));
        json!({
            "report": path_json(self.output.as_ref()),
            "recipients": recipients.collect::<Vec<_>>(),
            "failed": failed.collect::<Vec<_>>(),
            "not_here": self.absent().collect::<Vec<_>>(),
        })
    }

    fn text(&self, page: &mut Page) {
        for (place, answer) in self.report.statement().answers.iter().enumerate() {
            let (opened, wraps) = self.counted(place);
            let count = format!("{opened} of {wraps} opened");
            let count = if opened == wraps {
                good(count).to_string()
            } else {
                bad(count).to_string()
            };
            page.line(format_args!("{}: {count}", answer.recipient));
        }
        for (tried, why) in self.failed() {
            page.sentence(format_args!(
                "did not open: {}: {}",
                one_line(&tried.envelope),
                one_line(why)
            ));
        }
        for recipient in self.absent() {
            page.sentence(format_args!(
                "note: the identity of {recipient} is not here; it needs a drill of its own"
            ));
        }
        let name = one_line(&word(self.output.as_deref(), "REPORT"));
        page.line(format_args!(
            "next, where the bundle was made: {}",
            command(format_args!("keyward escrow import {name}"))
        ));
    }
}
