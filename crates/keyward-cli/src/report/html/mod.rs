//! A report as one HTML page that needs nothing else: no script, no font, no address outside.

mod findings;
mod keys;
mod matrix;
mod timeline;

use keyward_core::clock::Timestamp;
use keyward_core::manifest::Manifest;
use keyward_core::verify::{Report, Verdict};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

pub(crate) use matrix::Matrix;
#[cfg(test)]
use matrix::Standing;

use crate::names::Names;

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded and nothing runs, whatever a name in the report may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// What the page shows.
pub(crate) struct Page<'a> {
    pub(crate) report: &'a Report,
    pub(crate) manifest: &'a Manifest,
    pub(crate) names: Names,
    /// What could still be opened after each kind of loss, when that was looked at.
    pub(crate) matrix: Option<Matrix>,
    pub(crate) strict: bool,
}

/// The whole page.
pub(crate) fn html(page: &Page<'_>) -> String {
    let verdict = page.report.verdict(page.strict);
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "keyward verify: " (verdict) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (heading(page, verdict))
                main {
                    (findings::section(page))
                    (timeline::section(page))
                    @if let Some(matrix) = &page.matrix { (matrix::section(matrix)) }
                    (keys::section(page))
                    (notes(page))
                }
            }
        }
    }
    .into_string()
}

fn heading(page: &Page<'_>, verdict: &str) -> Markup {
    let count = |like: Verdict| page.report.count(&like);
    let none = String::new;
    let environments: Vec<_> = page
        .manifest
        .environments()
        .map(|env| env.name.as_str())
        .collect();
    markup! {
        header class=(class(verdict)) {
            h1 { span.verdict { (verdict) } " keyward verify" }
            p {
                (page.report.keys()) " keys in " (environments.join(", ")) ", seen at " (moment(page.report.at)) ". "
                (page.report.passed()) " checks passed, "
                (count(Verdict::Fail(none()))) " failed, "
                (count(Verdict::Unknown(none()))) " unknown, "
                (count(Verdict::NotApplicable(none()))) " not applicable."
            }
        }
    }
}

fn notes(page: &Page<'_>) -> Markup {
    markup! {
        @if !page.report.notes.is_empty() {
            section {
                h2 { "Notes" }
                ul { @for note in &page.report.notes { li { (note) } } }
            }
        }
    }
}

/// The style class of a verdict.
fn class(verdict: &str) -> &'static str {
    match verdict {
        "PASS" => "pass",
        "FAIL" => "fail",
        "UNKNOWN" => "unknown",
        _ => "not-applicable",
    }
}

/// A time for people: to the second, in UTC.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How far `at` is from `now`, in the largest unit that tells it.
fn distance(now: Timestamp, at: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    let size = seconds.unsigned_abs();
    let text = match size {
        0..7_200 => format!("{} min", size / 60),
        7_200..259_200 => format!("{} h", size / 3600),
        _ => format!("{} d", size / 86_400),
    };
    if seconds < 0 {
        format!("{text} ago")
    } else {
        format!("in {text}")
    }
}

#[cfg(test)]
mod tests;
