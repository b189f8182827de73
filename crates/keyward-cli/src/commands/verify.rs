//! `keyward verify`: the gate. It holds what looks and what seals canaries, and nothing that could change a key.

use std::collections::BTreeSet;

use clap::Args;
use keyward::lock_file::Found;
use keyward::project::Project;
use keyward::uses;
use keyward::verify::{Canaries, DEADLINE, Verify as Request, verify};
use keyward_core::error::Result;
use keyward_core::manifest::CanaryMode;
use keyward_core::verify::{Check, Report, Verdict};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::names::Names;
use crate::session::Session;
use crate::ui::{Answer, Page, bad, command, faint, good, strong, uneasy};

/// Prove that every key is there, enabled, on schedule and works
///
/// Reads only; nothing is changed.
/// Exits with 1 when a check fails, else with 3 when one could not be decided, else with 0.
#[derive(Args)]
pub(crate) struct Verify {
    /// Seal and open a small secret under every key, here or not at all; else as the manifest says. Of attested ones,
    /// made by another identity, this release knows nothing: they stay undecided
    #[arg(long, value_name = "here|attested|off")]
    canary: Option<String>,

    /// Let every check that could not be decided block, not only those of the gate
    #[arg(long)]
    strict: bool,
}

impl Verify {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let project = session.needed_project()?;
        let env = session
            .requested_environment(project)?
            .map(|env| env.name.as_str());
        let providers = session.providers()?;
        let (readers, crypters) = (providers.readers(), providers.crypters());
        let canary = self.canary.as_deref().map(CanaryMode::parse).transpose()?;
        let lock = Found::look(&project.lock_file());
        let scan = uses::scan(project);
        let request = Request {
            manifest: &project.manifest,
            env,
            lock: lock.state(),
            scan: &scan,
            readers: &readers,
            canaries: match canary.unwrap_or(project.manifest.canary()) {
                CanaryMode::Here => Canaries::Here(&crypters),
                CanaryMode::Attested => Canaries::Attested,
                CanaryMode::Off => Canaries::Off,
            },
            now: session.clock.now(),
            deadline: DEADLINE,
        };
        let report = session.wait_for(async { Ok(verify(request, &mut session.rng()).await) })?;
        let exit = Exit(report.exit_code(self.strict));
        session.ui.show(&Verified {
            project,
            env,
            report: &report,
            strict: self.strict,
        })?;
        Ok(exit)
    }
}

struct Verified<'a> {
    project: &'a Project,
    /// The one that was asked for, else all of them.
    env: Option<&'a str>,
    report: &'a Report,
    strict: bool,
}

impl Answer for Verified<'_> {
    fn json(&self) -> Value {
        let mut object = serde_json::to_value(self.report).unwrap_or_default();
        object["verdict"] = json!(self.report.verdict(self.strict));
        object["exit_code"] = json!(self.report.exit_code(self.strict));
        object["environments"] = json!(self.environments());
        object["audit"] = json!(self.project.manifest.audit().id());
        object
    }

    fn text(&self, page: &mut Page) {
        let names = Names::of(Some(self.project));
        for checks in self.findings() {
            finding(page, &checks, &names);
        }
        for note in &self.report.notes {
            page.sentence(format_args!("{} {note}", faint("note:")));
        }
        if !self.findings().is_empty() {
            page.sentence(format_args!("{} {LOOK_UP}", faint("note:")));
        }
        page.sentence(self.summary());
    }
}

impl Verified<'_> {
    /// What did not pass, worst first; checks that came to the same end for the same reason stand together.
    fn findings(&self) -> Vec<Vec<&Check>> {
        let mut findings: Vec<Vec<&Check>> = Vec::new();
        for check in self.report.failures().into_iter().chain(self.report.unknowns()) {
            match findings
                .iter_mut()
                .find(|known| known[0].verdict == check.verdict)
            {
                Some(same) => same.push(check),
                None => findings.push(vec![check]),
            }
        }
        findings
    }

    /// The environments that were looked at.
    fn environments(&self) -> Vec<&str> {
        let all = self.project.manifest.environments().map(|env| env.name.as_str());
        all.filter(|name| self.env.is_none_or(|env| env == *name))
            .collect()
    }

    fn place(&self) -> String {
        match self.env {
            Some(env) => format!("environment {env}"),
            None => "all environments".to_owned(),
        }
    }

    fn summary(&self) -> String {
        let count = |verdict: Verdict| self.report.count(&verdict);
        let keys = match self.report.keys() {
            1 => "1 key".to_owned(),
            more => format!("{more} keys"),
        };
        let verdict = match self.report.verdict(self.strict) {
            "PASS" => good("PASS").to_string(),
            "FAIL" => bad("FAIL").to_string(),
            other => uneasy(other).to_string(),
        };
        format!(
            "{verdict}  {keys} in {}, {} checks passed, {} failed, {} unknown, {} not applicable",
            self.place(),
            self.report.passed(),
            count(Verdict::Fail(String::new())),
            count(Verdict::Unknown(String::new())),
            count(Verdict::NotApplicable(String::new())),
        )
    }
}

/// Under what could not be seen, and no command is known to help.
const UNSEEN: &str =
    "      next: make it visible again, and run `keyward verify`; nothing is known to be lost";
/// Above the summary when something did not pass.
const LOOK_UP: &str = "what a check such as V01 is about, and what to do first, is in docs/operations.md";

/// Every command that helps with one of `checks`, once, in their order.
fn nexts<'a>(checks: &[&'a Check]) -> Vec<&'a String> {
    let mut nexts = Vec::new();
    for next in checks.iter().filter_map(|check| check.next.as_ref()) {
        if !nexts.contains(&next) {
            nexts.push(next);
        }
    }
    nexts
}

fn finding(page: &mut Page, checks: &[&Check], names: &Names) {
    let Some(first) = checks.first() else { return };
    let verdict = match first.verdict {
        Verdict::Fail(_) => bad(first.verdict.id()).to_string(),
        _ => uneasy(first.verdict.id()).to_string(),
    };
    let resources: BTreeSet<_> = checks.iter().map(|check| names.short(&check.resource)).collect();
    let resources = resources.into_iter().collect::<Vec<_>>().join(", ");
    match checks {
        [only] => page.sentence(format_args!(
            "{verdict}  {}: {} ({})",
            strong(resources),
            only.id.title(),
            only.id
        )),
        _ => {
            let ids: BTreeSet<_> = checks.iter().map(|check| check.id.to_string()).collect();
            page.sentence(format_args!(
                "{verdict}  {}: {} checks ({})",
                strong(resources),
                checks.len(),
                ids.into_iter().collect::<Vec<_>>().join(" ")
            ));
        }
    }
    if let Some(why) = first.verdict.reason() {
        page.sentence(format_args!("      {why}"));
    }
    if nexts(checks).is_empty() && matches!(first.verdict, Verdict::Unknown(_)) {
        page.sentence(UNSEEN);
    }
    for next in nexts(checks) {
        page.line(format_args!("      next: {}", command(next)));
    }
}
