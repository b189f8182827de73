//! `--terraform-plan FILE`: a plan is judged with the keys of a manifest, or alone.

use std::collections::BTreeMap;
use std::path::Path;

use keyward::project::Project;
use keyward::terraform::{Most, read};
use keyward_core::error::{Error, Result};
use keyward_core::manifest::AuditMode;
use keyward_core::terraform::Given;
use keyward_core::verify::{Around, Files, Report, Scan, Verdict, judge_plan};
use serde_json::{Value, json};

use super::{Verify, finding, grouped, nexts, together};
use crate::exit::Exit;
use crate::files::Input;
use crate::names::Names;
use crate::session::Session;
use crate::ui::{Answer, Page, bad, command, faint, good, uneasy};

/// A plan, and what messages call it.
pub(super) struct Named {
    file: String,
    given: Given,
}

impl Named {
    /// Reads a plan; one that is no plan is judged as such.
    ///
    /// # Errors
    /// There is no such file.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut input = Input::open(path)?;
        Ok(Self {
            file: input.name(),
            given: read(input.reader(), Most::default()),
        })
    }

    /// Adds what becomes of the plan to a report about the keys of `project`.
    pub(super) fn add_to(&self, report: &mut Report, project: &Project, scan: &Scan) {
        let judged = judge_plan(
            &self.given,
            Around {
                file: &self.file,
                manifest: Some(&project.manifest),
                uses: &scan.uses,
                unread: &scan.unread,
            },
        );
        report.checks.extend(judged.checks);
        report.notes.extend(judged.notes);
    }

    /// Judges the plan where there is no manifest: nothing else is looked at.
    ///
    /// # Errors
    /// A usage error for forms of the report that are about the keys of a manifest.
    pub(super) fn judge_alone(&self, verify: &Verify, session: &Session) -> Result<Exit> {
        if verify.html.is_some() || verify.sarif.is_some() {
            return Err(
                Error::usage("no keyward.yaml here or above, and --html and --sarif need one")
                    .hint("leave them out, or name the manifest with --manifest"),
            );
        }
        let (uses, unread) = (BTreeMap::new(), Files::default());
        let judged = judge_plan(
            &self.given,
            Around {
                file: &self.file,
                manifest: None,
                uses: &uses,
                unread: &unread,
            },
        );
        let report = Report {
            at: session.clock.now(),
            checks: judged.checks,
            events: Vec::new(),
            notes: judged.notes,
        };
        session.ui.show(&Alone {
            report: &report,
            file: &self.file,
        })?;
        Ok(Exit(report.exit_code(true)))
    }
}

struct Alone<'a> {
    report: &'a Report,
    file: &'a str,
}

impl Answer for Alone<'_> {
    fn json(&self) -> Value {
        let mut object = serde_json::to_value(self.report).unwrap_or_default();
        object["verdict"] = json!(self.report.verdict(true));
        object["exit_code"] = json!(self.report.exit_code(true));
        object["environments"] = json!([]);
        object["audit"] = json!(AuditMode::default().id());
        object
    }

    fn text(&self, page: &mut Page) {
        let names = Names::of(None);
        for findings in together(grouped(self.report)) {
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
        page.sentence(self.summary());
    }
}

impl Alone<'_> {
    fn summary(&self) -> String {
        let count = |verdict: Verdict| self.report.count(&verdict);
        let verdict = match self.report.verdict(true) {
            "PASS" => good("PASS").to_string(),
            "FAIL" => bad("FAIL").to_string(),
            other => uneasy(other).to_string(),
        };
        let so = match self.report.exit_code(true) {
            0 => "takes no key away",
            _ => "is not to be applied as it is",
        };
        format!(
            "{verdict}  {} {so}: {} failed, {} unknown; no manifest here, so that nothing else was looked at",
            self.file,
            count(Verdict::Fail(String::new())),
            count(Verdict::Unknown(String::new())),
        )
    }
}
