//! `keyward verify`: the gate. It holds what looks and what seals canaries, and nothing that could change a key.

mod attest;
mod terraform;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use keyward::lock_file::Found;
use keyward::project::Project;
use keyward::uses::survey;
use keyward::verify::{Canaries, DEADLINE, Verified as Seen, Verify as Request, verify_in_full};
use keyward_core::error::{Error, Result};
use keyward_core::manifest::{CanaryMode, LossKind};
use keyward_core::verify::{Check, Report, Verdict, judge_survival};
use serde_json::{Value, json};

use super::survive::Hangings;
use super::uses::index_file;
use crate::endpoints::For;
use crate::exit::Exit;
use crate::names::Names;
use crate::report::{Matrix, Page as ReportPage, html, sarif, write_report};
use crate::session::Session;
use crate::surroundings::Surroundings;
use crate::ui::{Answer, Page, bad, command, faint, good, strong, uneasy};

/// Prove that every key is there, enabled, on schedule and works
///
/// Reads only; nothing is changed.
/// Exits with 1 when a check fails, else with 3 when one could not be decided, else with 0.
#[derive(Args)]
pub(crate) struct Verify {
    /// Seal and open a small secret under every key, here or not at all, or believe who attests that they opened; else as
    /// the manifest says
    #[arg(long, value_name = "here|attested|off")]
    canary: Option<String>,

    /// With `--canary here`: write down for a day what opened, for pipelines that may only look. It has to be signed by one
    /// of the manifest's `attesters:`, as `ssh-keygen -Y sign` does
    #[arg(long, value_name = "FILE")]
    attest: Option<PathBuf>,

    /// With `--canary attested`: what was written down, with its signature in FILE.sig; else keyward.attestation beside the
    /// manifest
    #[arg(long, value_name = "FILE")]
    attestation: Option<PathBuf>,

    /// Let every check that could not be decided block, not only those of the gate
    #[arg(long)]
    strict: bool,

    /// Also write the report as one HTML page, which needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Also write what did not pass as SARIF 2.1.0, for code hosts
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,

    /// Also judge a plan of Terraform or OpenTofu: the output of `terraform show -json PLAN`, or `-` for stdin. Without
    /// a manifest, judge that alone
    #[arg(long, value_name = "FILE")]
    terraform_plan: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let plan = self
            .terraform_plan
            .as_deref()
            .map(terraform::Named::read)
            .transpose()?;
        if let (Some(plan), None) = (&plan, session.project()?) {
            return plan.judge_alone(&self, session);
        }
        let project = session.needed_project()?;
        let env = session
            .requested_environment(project)?
            .map(|env| env.name.as_str());
        let keyrings = project.manifest.keyrings();
        let keyrings = keyrings.filter(|keyring| env.is_none_or(|env| keyring.env == env));
        session.reaches(keyrings.flat_map(|keyring| keyring.keys()), For::Keys)?;
        let providers = session.providers()?;
        let (readers, crypters) = (providers.readers(), providers.crypters());
        let canary = self.canary.as_deref().map(CanaryMode::parse).transpose()?;
        let canary = canary.unwrap_or(project.manifest.canary());
        if self.attest.is_some() && canary != CanaryMode::Here {
            return Err(Error::usage("only what opened here can be attested").hint("add `--canary here`"));
        }
        let attested = match canary {
            CanaryMode::Attested => attest::believed(session, project, self.attestation.as_deref()),
            CanaryMode::Here | CanaryMode::Off => Err(String::new()),
        };
        let lock = Found::look(&project.lock_file());
        let around = Surroundings::new(session, project, env)?;
        let mut found = survey(project, index_file(session, false).as_ref());
        around.add_to(&mut found)?;
        let scan = &found.scan;
        let request = Request {
            manifest: &project.manifest,
            env,
            lock: lock.state(),
            scan,
            readers: &readers,
            canaries: match canary {
                CanaryMode::Here => Canaries::Here(&crypters),
                CanaryMode::Attested => Canaries::Attested(attested.as_ref().map_err(String::as_str)),
                CanaryMode::Off => Canaries::Off,
            },
            now: session.clock.now(),
            deadline: DEADLINE,
        };
        let asked = !matches!(request.canaries, Canaries::Off);
        let verified = async { Ok(verify_in_full(request, &mut session.rng()).await) };
        let Seen {
            mut report,
            sight,
            opened,
        } = session.wait_for(verified)?;
        let seen = around.look(&sight, around.need_powers())?;
        report.checks.extend(around.judge(seen.as_ref()));
        let powers = around.powers(seen.as_ref());
        let hangings = Hangings::new(session, project, lock.state(), &sight, powers);
        let survival = hangings.survival(&found.inventory);
        let losses = judge_survival(&project.manifest, env, &found.inventory, &survival, asked);
        report.checks.extend(losses);
        if let Some(plan) = &plan {
            plan.add_to(&mut report, project, scan);
        }
        let exit = Exit(report.exit_code(self.strict));
        let names = Names::of(Some(project));
        let rows = || LossKind::ALL.map(|kind| survival.row(kind, env));
        if let Some(file) = &self.attest {
            attest::write(session, project, file, attest::sound(opened, &report))?;
        }
        self.write_forms(project, &report, || Matrix::of(&rows(), &names))?;
        session.ui.show(&Verified {
            project,
            env,
            report: &report,
            strict: self.strict,
        })?;
        Ok(exit)
    }
}

impl Verify {
    fn write_forms(&self, project: &Project, report: &Report, matrix: impl Fn() -> Matrix) -> Result<()> {
        if let Some(file) = &self.sarif {
            let sarif = sarif(report, &project.manifest);
            let text = format!("{sarif:#}\n");
            write_report(file, &text, &["sarif-schema-2.1.0.json", "\"name\": \"keyward\""])?;
        }
        if let Some(file) = &self.html {
            let text = html(&ReportPage {
                report,
                manifest: &project.manifest,
                names: Names::of(Some(project)),
                matrix: Some(matrix()),
                strict: self.strict,
            });
            write_report(file, &text, &["<title>keyward verify: "])?;
        }
        Ok(())
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
        for findings in together(self.findings()) {
            for checks in &findings {
                finding(page, checks, &names);
            }
            for next in nexts(&findings.concat()) {
                page.line(format_args!("      next: {}", command(next)));
            }
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
        grouped(self.report)
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
        let passed = match self.report.passed() {
            1 => "1 check".to_owned(),
            more => format!("{more} checks"),
        };
        let verdict = match self.report.verdict(self.strict) {
            "PASS" => good("PASS").to_string(),
            "FAIL" => bad("FAIL").to_string(),
            other => uneasy(other).to_string(),
        };
        format!(
            "{verdict}  {keys} in {}, {passed} passed, {} failed, {} unknown, {} not applicable",
            self.place(),
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
const LOOK_UP: &str = "what each check demands is shown by `keyward verify --json`; what to do first about each, in the \
                       operations guide of keyward, under \"What a finding asks for\"";

/// What did not pass, worst first; checks that came to the same end for the same reason stand together.
fn grouped(report: &Report) -> Vec<Vec<&Check>> {
    let mut findings: Vec<Vec<&Check>> = Vec::new();
    for check in report.failures().into_iter().chain(report.unknowns()) {
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

/// Findings that the same commands help with stand together, at the place of the first, so that what is to be done once is
/// told once.
fn together(findings: Vec<Vec<&Check>>) -> Vec<Vec<Vec<&Check>>> {
    let mut groups: Vec<Vec<Vec<&Check>>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Vec<Vec<&Check>>| {
            let next = nexts(&finding);
            !next.is_empty() && group.first().is_some_and(|first| nexts(first) == next)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

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
}
