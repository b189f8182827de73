//! `keyward escrow import`: a report is believed as far as it is proven, and then recorded.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use keyward::escrow::{Checker, Kept, Outcome};
use keyward::keyring::Permitted;
use keyward::lock_file;
use keyward::project::Project;
use keyward_core::clock::later;
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::escrow::{Bundle, Report};
use keyward_core::manifest::{Drill, KeyringSpec, Lock};
use keyward_core::name::AgeRecipient;
use serde_json::{Value, json};

use super::export::digest_of;
use super::read_text;
use crate::endpoints::For;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, Progress, bad, good, one_line, uneasy};

/// How far clocks may disagree before somebody is told.
const CLOCKS: Duration = Duration::from_secs(60 * 60);
/// The command, as the lock and the audit log name it.
const ACTION: &str = "escrow import";

/// Bring back the report of a drill, and record in keyward.lock what it proves
///
/// Every envelope that the report says opened is opened here too, with a key, and its proof compared; a report that
/// somebody forged, changed or cut is refused whole. Import it where the bundle was exported.
#[derive(Args)]
pub(super) struct Import {
    /// The report of `keyward escrow drill`; `-` is stdin
    report: PathBuf,
}

impl Import {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let (text, name) = read_text(&self.report)?;
        let checked = self.checked(session, project, &text, &name);
        if checked.is_err() {
            session.trail(ACTION, vec![name]).note(&checked);
        }
        let (bundle, outcomes) = checked?;
        let recorded = record(session, project, &bundle, &outcomes)?;
        let imported = Imported {
            bundle: &bundle,
            outcomes: &outcomes,
            recorded,
        };
        session.ui.show(&imported)?;
        Ok(imported.exit())
    }

    /// Everything that a report has to be, the cheapest first.
    fn checked(
        &self,
        session: &Session,
        project: &Project,
        text: &str,
        name: &str,
    ) -> Result<(Bundle, Vec<Outcome>)> {
        let report = Report::parse(text, name)?;
        let bundle = asked_here(session, &report)?.ok_or_else(|| not_asked(name))?;
        timely(session, project, &bundle).map_err(|why| why.on(name))?;
        let lock = lock_file::read(&project.lock_file())?.unwrap_or_default();
        report.answers(&bundle).map_err(|why| why.on(name))?;
        not_again(&lock, &report, &bundle).map_err(|why| why.on(name))?;
        let keys: Vec<_> = project.manifest.keyrings().flat_map(KeyringSpec::keys).collect();
        session.reaches(keys.iter().copied(), For::Opening)?;
        let permitted = Permitted::none().keys(keys.into_iter().cloned());
        let crypters = session.providers()?.crypters();
        let checker = Checker {
            crypters: &crypters,
            permitted: &permitted,
            root: &project.root,
        };
        let progress = Progress::new(&session.ui, None);
        let tell = |envelopes| progress.add(envelopes);
        let outcomes = session.wait_for(checker.check(&bundle, &report, &tell));
        drop(progress);
        let outcomes = outcomes.map_err(|why| why.on(name))?;
        say_clocks(session, &bundle, &report);
        if bundle.manifest() != Some(digest_of(project)) {
            session
                .ui
                .say("note: keyward.yaml was changed since; the drill is about what was sealed then");
        }
        Ok((bundle, outcomes))
    }
}

fn asked_here(session: &Session, report: &Report) -> Result<Option<Bundle>> {
    Kept::in_folder(session.state()?.path()).find(report.bundle())
}

fn not_asked(name: &str) -> Error {
    Error::refused("it answers a bundle that was not made here, or one that counts no more")
        .on(name)
        .hint("import it where `keyward escrow export` was run: the same checkout, or its state with `--state DIR`")
        .hint("or ask again: keyward escrow export -o BUNDLE")
}

/// The bundle was made before now, and not so long ago that the drill would not count.
fn timely(session: &Session, project: &Project, bundle: &Bundle) -> Result<()> {
    let (now, made) = (session.clock.now(), bundle.made());
    if later(now, CLOCKS) < made {
        return Err(Error::refused(format!(
            "its bundle was made at {made}, which is still to come by the clock of this machine"
        ))
        .hint("set the clock, and export a new bundle"));
    }
    if later(made, project.manifest.drill_every()) < now {
        return Err(Error::refused(format!(
            "its bundle was made at {made}, longer ago than a drill counts (`drill_every` of the manifest)"
        ))
        .hint("ask again: keyward escrow export -o BUNDLE"));
    }
    Ok(())
}

/// Somebody is new in it.
fn not_again(lock: &Lock, report: &Report, bundle: &Bundle) -> Result<()> {
    let answers = &report.statement().answers;
    if answers.is_empty()
        || answers
            .iter()
            .any(|answer| is_news(lock, &answer.recipient, bundle))
    {
        return Ok(());
    }
    Err(
        Error::refused("keyward.lock has this drill already, or a later one")
            .hint("for a new one: keyward escrow export -o BUNDLE"),
    )
}

fn is_news(lock: &Lock, recipient: &AgeRecipient, bundle: &Bundle) -> bool {
    let last = lock.escrow.get(recipient);
    last.is_none_or(|last| last.drilled < bundle.made())
}

fn say_clocks(session: &Session, bundle: &Bundle, report: &Report) {
    let drilled = report.statement().drilled;
    if later(drilled, CLOCKS) < bundle.made() || later(session.clock.now(), CLOCKS) < drilled {
        session.ui.say(format_args!(
            "note: the clock of the offline machine said {drilled}; what is recorded is when the bundle was made"
        ));
    }
}

/// Records the drills that are proven: in the lock, then in the audit log with the headers that opened.
fn record(
    session: &Session,
    project: &Project,
    bundle: &Bundle,
    outcomes: &[Outcome],
) -> Result<Vec<AgeRecipient>> {
    let proven: Vec<_> = outcomes.iter().filter(|outcome| outcome.is_proof()).collect();
    if proven.is_empty() {
        return Ok(Vec::new());
    }
    let recorded = lock_file::update(&project.lock_file(), |lock| {
        let mut recorded = Vec::new();
        for outcome in &proven {
            if is_news(lock, &outcome.recipient, bundle) {
                lock.escrow
                    .insert(outcome.recipient.clone(), drill_of(bundle, outcome));
                recorded.push(outcome.recipient.clone());
            }
        }
        Ok(recorded)
    })?;
    for outcome in proven {
        let digests = outcome.proven.iter().map(ToString::to_string);
        let resources = [outcome.recipient.to_string()].into_iter().chain(digests);
        session.trail(ACTION, resources.collect()).ended(&Ok(()));
    }
    Ok(recorded)
}

fn drill_of(bundle: &Bundle, outcome: &Outcome) -> Drill {
    Drill {
        drilled: bundle.made(),
        by: format!(
            "{ACTION}, {} of {} wraps proven",
            proven_wraps(outcome),
            outcome.wraps
        ),
    }
}

/// Wraps of which nothing is in doubt; copies of one envelope count as often as there are.
fn proven_wraps(outcome: &Outcome) -> usize {
    let doubted = [
        outcome.failed.len(),
        outcome.changed.len(),
        outcome.unchecked.len(),
        outcome.unseen.len(),
    ];
    outcome.wraps - doubted.iter().sum::<usize>()
}

struct Imported<'a> {
    bundle: &'a Bundle,
    outcomes: &'a [Outcome],
    recorded: Vec<AgeRecipient>,
}

impl Imported<'_> {
    fn exit(&self) -> Exit {
        let mut without = self
            .outcomes
            .iter()
            .filter(|outcome| !outcome.is_proof())
            .peekable();
        if without.peek().is_none() {
            return Exit::DONE;
        }
        let is_unseen = |outcome: &Outcome| outcome.failed.is_empty() && !outcome.unseen.is_empty();
        if without.all(is_unseen) {
            ErrorKind::Unavailable.into()
        } else {
            ErrorKind::Refused.into()
        }
    }

    fn verdict(&self, outcome: &Outcome) -> String {
        if self.recorded.contains(&outcome.recipient) {
            good(format_args!(
                "recorded in keyward.lock as drilled at {}",
                self.bundle.made()
            ))
            .to_string()
        } else if outcome.is_proof() {
            "keyward.lock has this drill already".into()
        } else if outcome.failed.is_empty() && !outcome.unseen.is_empty() {
            uneasy("not recorded: not everything could be checked; run this again").to_string()
        } else if outcome.failed.is_empty() {
            uneasy("not recorded: nothing of it could be checked here").to_string()
        } else {
            bad("not recorded: it does not open everything that is sealed for it").to_string()
        }
    }
}

impl Answer for Imported<'_> {
    fn json(&self) -> Value {
        let with_why = |list: &[(String, String)]| -> Vec<Value> {
            list.iter()
                .map(|(name, why)| json!({ "envelope": name, "why": why }))
                .collect()
        };
        let recipients = self.outcomes.iter().map(|outcome| {
            json!({
                "recipient": outcome.recipient.as_str(),
                "recorded": self.recorded.contains(&outcome.recipient),
                "wraps": outcome.wraps,
                "proven": proven_wraps(outcome),
                "failed": with_why(&outcome.failed),
                "changed": outcome.changed,
                "unchecked": with_why(&outcome.unchecked),
                "unseen": with_why(&outcome.unseen),
            })
        });
        let recipients: Vec<_> = recipients.collect();
        json!({ "drilled": self.bundle.made().to_string(), "recipients": recipients })
    }

    fn text(&self, page: &mut Page) {
        for outcome in self.outcomes {
            let (proven, wraps) = (proven_wraps(outcome), outcome.wraps);
            page.line(format_args!("{}: {proven} of {wraps} proven", outcome.recipient));
            page.sentence(format_args!("  {}", self.verdict(outcome)));
            for (list, what) in [
                (&outcome.failed, "did not open"),
                (&outcome.unseen, "could not be checked now"),
                (
                    &outcome.unchecked,
                    "opens with no key here, so that it is only said to have opened",
                ),
            ] {
                for (name, why) in list {
                    page.sentence(format_args!("  {what}: {}: {}", one_line(name), one_line(why)));
                }
            }
            for name in &outcome.changed {
                page.sentence(format_args!(
                    "  changed or gone since the export: {}",
                    one_line(name)
                ));
            }
        }
    }
}
