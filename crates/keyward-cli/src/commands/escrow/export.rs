//! `keyward escrow export`: what the offline machine is asked.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use keyward::atomic_file::Access;
use keyward::escrow::{Collected, Kept, Request, collect};
use keyward::project::Project;
use keyward::uses;
use keyward_age::AgeRecipientKey;
use keyward_core::error::{Error, ErrorKind, Result};
use keyward_core::escrow::{Bundle, Digest};
use keyward_core::name::AgeRecipient;
use keyward_core::recipient::Recipient;
use serde_json::{Value, json};

use super::{output, path_json, word};
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page, command, one_line};

/// Write what to ask the offline machine: headers of envelopes, and nothing secret
///
/// It is about everything under the manifest's rules that is sealed for an escrow recipient of the manifest. Take it to
/// the machine that keeps the identity, and run `keyward escrow drill` there.
#[derive(Args)]
pub(super) struct Export {
    /// Files and folders to ask about, instead of everything under the manifest's rules
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// File to write the bundle to, which must not exist; `-` is stdout
    #[arg(short, long, value_name = "BUNDLE")]
    output: PathBuf,

    /// Ask about N envelopes of each recipient, drawn at random, instead of all
    #[arg(long, value_name = "N")]
    sample: Option<NonZeroUsize>,
}

impl Export {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let output = output(session, &self.output)?;
        let project = session.needed_project()?;
        let recipients = recipients(session, project)?;
        let mut collected = self.collected(project)?;
        let envelopes = std::mem::take(&mut collected.envelopes);
        let request = Request {
            made: session.clock.now(),
            manifest: digest_of(project),
            recipients: &recipients,
            sample: self.sample.map(NonZeroUsize::get),
        };
        let bundle = request.bundle(envelopes, &mut session.rng())?;
        keep(session, project, &bundle)?;
        let written = output.write_whole(bundle.encode()?.as_bytes(), Access::Shared);
        let digest = vec![bundle.digest().to_string()];
        session.trail("escrow export", digest).note(&written);
        written?;
        let exported = Exported {
            output: output.path().map(Path::to_owned),
            silent: unasked(&recipients, &bundle),
            bundle: &bundle,
            collected: &collected,
        };
        if output.is_stdout() {
            session.ui.done(&exported)?;
        } else {
            session.ui.show(&exported)?;
        }
        for (name, why) in &collected.unread {
            session
                .ui
                .warn(format_args!("not in the bundle: {}: {why}", one_line(name)));
        }
        Ok(if collected.unread.is_empty() {
            Exit::DONE
        } else {
            ErrorKind::Unavailable.into()
        })
    }

    fn collected(&self, project: &Project) -> Result<Collected> {
        if self.paths.is_empty() {
            let survey = uses::survey(project, None);
            let mut collected = collect(&survey.inventory, &project.root);
            let unread = survey.inventory.unread.named().iter();
            collected
                .unread
                .extend(unread.map(|file| (file.clone(), "it could not be looked into".into())));
            return Ok(collected);
        }
        let mut all = Collected::default();
        for path in &self.paths {
            let real = path
                .canonicalize()
                .map_err(|why| keyward::io_error("look at it", path, why))?;
            let inventory = uses::survey_path(&real)?;
            let collected = collect(&inventory, &project.root);
            all.envelopes.extend(collected.envelopes);
            all.without += collected.without;
            all.unread.extend(collected.unread);
            let unread = inventory.unread.named().iter();
            all.unread
                .extend(unread.map(|file| (file.clone(), "it could not be looked into".into())));
        }
        // A file may be below two of the paths.
        let mut seen = std::collections::BTreeSet::new();
        all.envelopes
            .retain(|envelope| seen.insert(envelope.name.clone()));
        Ok(all)
    }
}

/// What a bundle says about the manifest: not its spelling, but its meaning.
pub(super) fn digest_of(project: &Project) -> Digest {
    Digest::of(project.manifest.encode().as_bytes())
}

/// The escrow recipients of the environment that was asked for, else of all.
fn recipients(session: &Session, project: &Project) -> Result<Vec<Arc<dyn Recipient>>> {
    let environment = session.requested_environment(project)?;
    let keyrings = project
        .manifest
        .keyrings()
        .filter(|keyring| environment.is_none_or(|environment| keyring.env == environment.name));
    let mut names: Vec<AgeRecipient> = keyrings.flat_map(|keyring| keyring.escrow.clone()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(Error::usage("the manifest has no escrow recipient").hint(
            "`keyward escrow new` makes an identity; its recipient, age1…, goes under `escrow:` of a keyring",
        ));
    }
    let recipient = |name| Ok(Arc::new(AgeRecipientKey::new(name)?) as Arc<dyn Recipient>);
    names.into_iter().map(recipient).collect()
}

/// Remembers what was asked, and forgets what counts no more.
fn keep(session: &Session, project: &Project, bundle: &Bundle) -> Result<()> {
    let state = session.state()?;
    state.make()?;
    let kept = Kept::in_folder(state.path());
    kept.forget(project.manifest.drill_every(), session.clock.now());
    kept.keep(bundle)
}

/// Recipients that nothing is sealed for.
fn unasked(recipients: &[Arc<dyn Recipient>], bundle: &Bundle) -> Vec<AgeRecipient> {
    let is_asked = |name: &AgeRecipient| bundle.asked().iter().any(|asked| asked.recipient == *name);
    let names = recipients.iter().map(|recipient| recipient.name());
    names.filter(|name| !is_asked(name)).cloned().collect()
}

struct Exported<'a> {
    /// `None`: stdout.
    output: Option<PathBuf>,
    bundle: &'a Bundle,
    collected: &'a Collected,
    silent: Vec<AgeRecipient>,
}

impl Answer for Exported<'_> {
    fn json(&self) -> Value {
        let asked = self.bundle.asked().iter();
        let recipients: Vec<_> = asked.map(|asked| asked.recipient.as_str()).collect();
        let unread: Vec<_> = self.collected.unread.iter().map(|(name, _)| name).collect();
        json!({
            "bundle": path_json(self.output.as_ref()),
            "digest": self.bundle.digest().to_string(),
            "made": self.bundle.made().to_string(),
            "recipients": recipients,
            "envelopes": self.bundle.envelopes().len(),
            "without_escrow": self.collected.without,
            "not_read": unread,
        })
    }

    fn text(&self, page: &mut Page) {
        let name = word(self.output.as_deref(), "BUNDLE");
        let count = self.bundle.envelopes().len();
        page.sentence(format_args!(
            "{}: {count} {} to open, nothing secret",
            one_line(&name),
            if count == 1 { "envelope" } else { "envelopes" },
        ));
        for asked in self.bundle.asked() {
            page.line(format_args!("asked: {}", asked.recipient));
        }
        for recipient in &self.silent {
            page.sentence(format_args!(
                "note: nothing here is sealed for {recipient}, so it is not asked"
            ));
        }
        if self.collected.without > 0 {
            page.sentence(format_args!(
                "note: envelopes without any escrow recipient, which are left out: {}",
                self.collected.without
            ));
        }
        let next = format!(
            "keyward escrow drill {} --identity FILE -o REPORT",
            one_line(&name)
        );
        page.line(format_args!("next, on the offline machine: {}", command(next)));
    }
}
