//! What could still be opened after a loss: one row for each thing that may be lost.

use keyward_core::inventory::Files;
use keyward_core::survive::{Loss, Row};
use maud::{Markup, html as markup};

use super::class;
use crate::names::Names;

/// Losses by kind.
pub(crate) struct Matrix {
    /// Each kind of loss, with the things that may be lost, worst first.
    pub(crate) kinds: Vec<(String, Vec<Standing>)>,
}

/// What one loss would mean.
pub(crate) struct Standing {
    /// What would be lost.
    pub(crate) lost: String,
    /// `PASS`, `FAIL` or `UNKNOWN`.
    pub(crate) verdict: &'static str,
    /// What could not be opened any more, or why that is not known.
    pub(crate) what: String,
}

impl Matrix {
    /// The matrix of `rows`.
    pub(crate) fn of(rows: &[Row], names: &Names) -> Self {
        let kind = |row: &Row| {
            let mut standings: Vec<_> = row.losses.iter().map(|loss| Standing::of(loss, names)).collect();
            standings.extend(Standing::unseen(row));
            (row.kind.id().to_owned(), standings)
        };
        Self {
            kinds: rows
                .iter()
                .map(kind)
                .filter(|(_, standings)| !standings.is_empty())
                .collect(),
        }
    }
}

impl Standing {
    fn of(loss: &Loss, names: &Names) -> Self {
        let (lost, unknown) = (&loss.outcome.lost, &loss.outcome.unknown);
        let (verdict, what) = match (lost.is_empty(), unknown.is_empty()) {
            (false, _) => ("FAIL", counted(lost)),
            (true, false) => ("UNKNOWN", format!("not known of {}", counted(unknown))),
            (true, true) => ("PASS", "nothing".to_owned()),
        };
        Self {
            lost: names.short(&loss.thing.to_string()),
            verdict,
            what,
        }
    }

    /// What could not be seen about losses of a kind.
    fn unseen(row: &Row) -> Option<Self> {
        let reasons: Vec<_> = row.reasons.iter().map(String::as_str).collect();
        (!row.unknown.is_empty()).then(|| Self {
            lost: "what could not be seen".to_owned(),
            verdict: "UNKNOWN",
            what: format!("not known of {}: {}", counted(&row.unknown), reasons.join("; ")),
        })
    }
}

fn counted(things: &Files) -> String {
    format!("{} ({})", things.count(), things.text())
}

/// Things of one kind that are written out.
const MOST: usize = 20;

pub(super) fn section(matrix: &Matrix) -> Markup {
    markup! {
        section {
            h2 { "What would be lost with it" }
            table {
                tr { th { "loss of" } th { "which" } th { "could not be opened any more" } }
                @for (kind, standings) in &matrix.kinds { (rows(kind, standings)) }
            }
        }
    }
}

fn rows(kind: &str, standings: &[Standing]) -> Markup {
    markup! {
        @for (index, standing) in standings.iter().take(MOST).enumerate() {
            tr {
                td { @if index == 0 { (kind) } }
                td { (standing.lost) }
                td class=(class(standing.verdict)) { (standing.what) }
            }
        }
        @if standings.len() > MOST {
            tr { td {} td colspan="2" { (standings.len() - MOST) " more" } }
        }
    }
}
