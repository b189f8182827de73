//! What did not pass, worst first, each with the command that helps.

use keyward_core::verify::{Check, Verdict};
use maud::{Markup, html as markup};

use super::{Page, class};

/// Most findings that are written out; the rest is counted. A report in JSON has them all.
const MOST: usize = 500;

pub(super) fn section(page: &Page<'_>) -> Markup {
    let findings: Vec<_> = page
        .report
        .failures()
        .into_iter()
        .chain(page.report.unknowns())
        .collect();
    markup! {
        section {
            h2 { "Findings" }
            @if findings.is_empty() {
                p.fine { "Nothing failed, and nothing is unknown." }
            }
            @for check in findings.iter().take(MOST) { (finding(page, check)) }
            @if findings.len() > MOST {
                p { (findings.len() - MOST) " more: see keyward verify --json" }
            }
        }
    }
}

fn finding(page: &Page<'_>, check: &Check) -> Markup {
    markup! {
        article class=(class(check.verdict.id())) {
            h3 {
                span.verdict { (check.verdict.id()) }
                " " (page.names.short(&check.resource)) ": " (check.id.title())
                " " span.id { (check.id.to_string()) ", " (check.id.severity().id()) }
            }
            @if let Some(why) = check.verdict.reason() { p { (why) } }
            @if let Some(next) = &check.next { p.next { "next: " code { (next) } } }
            @else if matches!(check.verdict, Verdict::Unknown(_)) {
                p.next { "next: make it visible, and run " code { "keyward verify" } " again; nothing is known to be lost" }
            }
            p.resource { (check.resource) }
        }
    }
}
