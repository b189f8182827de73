//! The time line: every rotation and destruction of every key, near things large and far things small.

use std::collections::BTreeMap;

use keyward_core::clock::Timestamp;
use keyward_core::verify::{Event, EventKind};
use maud::{Markup, html as markup};

use super::{Page, distance, moment};

const WIDTH: f64 = 1100.0;
const LABEL: f64 = 280.0;
const ROW: f64 = 20.0;
const TOP: f64 = 34.0;
/// Most keys that get a row of their own.
const ROWS: usize = 400;
/// Where the axis has marks: seconds from now, and their names.
const MARKS: [(f64, &str); 6] = [
    (3600.0, "1 h"),
    (86_400.0, "1 d"),
    (604_800.0, "1 w"),
    (2_592_000.0, "1 mo"),
    (7_776_000.0, "3 mo"),
    (31_536_000.0, "1 y"),
];

pub(super) fn section(page: &Page<'_>) -> Markup {
    let rows = rows(page);
    let now = page.report.at;
    markup! {
        section {
            h2 { "Time line" }
            (soon(page))
            @if rows.is_empty() { p { "No key could be seen." } }
            @else { (chart(&rows, now)) }
            @if rows.len() > ROWS { p { (rows.len() - ROWS) " more keys: see keyward verify --json" } }
        }
    }
}

/// Destructions that can still be stopped, in words: what matters most must not depend on a drawing.
fn soon(page: &Page<'_>) -> Markup {
    let now = page.report.at;
    let coming = page
        .report
        .events
        .iter()
        .filter(|event| event.kind == EventKind::Destruction);
    markup! {
        @for event in coming {
            p.alarm {
                strong { "destroyed " (distance(now, event.at)) } " (" (moment(event.at)) "): "
                (page.names.short(&event.resource)) ". "
                code { "keyward key restore " (event.resource) }
            }
        }
    }
}

/// The events of each key under its short name, versions with their key.
fn rows<'a>(page: &'a Page<'_>) -> Vec<(String, Vec<&'a Event>)> {
    let mut rows: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    for event in &page.report.events {
        let key = event
            .resource
            .split("/cryptoKeyVersions/")
            .next()
            .unwrap_or_default();
        rows.entry(page.names.short(key)).or_default().push(event);
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    let worst = |events: &[&Event]| {
        let ends = events.iter().filter(|event| event.kind == EventKind::Destruction);
        ends.map(|event| event.at).min().unwrap_or(Timestamp::MAX)
    };
    rows.sort_by_key(|(_, events)| worst(events));
    rows
}

fn chart(rows: &[(String, Vec<&Event>)], now: Timestamp) -> Markup {
    let shown = rows.len().min(ROWS);
    #[allow(clippy::cast_precision_loss, reason = "a few hundred rows")]
    let height = TOP + ROW * shown as f64 + 10.0;
    markup! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label="rotations and destructions by time" {
            (axis(height))
            @for (index, (name, events)) in rows.iter().take(ROWS).enumerate() { (row(index, name, events, now)) }
        }
        p.legend {
            span.dot.destruction {} " destruction "
            span.dot.rotation {} " next rotation "
            span.dot.created {} " version made "
            span.dot.destroyed {} " destroyed"
        }
    }
}

fn axis(height: f64) -> Markup {
    let lines = MARKS
        .iter()
        .flat_map(|(seconds, name)| [(-seconds, format!("-{name}")), (*seconds, format!("+{name}"))])
        .chain([(0.0, "now".to_owned())]);
    markup! {
        @for (seconds, name) in lines {
            line.now[seconds == 0.0] x1=(at(seconds)) x2=(at(seconds)) y1=(TOP - 8.0) y2=(height) {}
            text.mark x=(at(seconds)) y=(TOP - 14.0) { (name) }
        }
    }
}

fn row(index: usize, name: &str, events: &[&Event], now: Timestamp) -> Markup {
    #[allow(clippy::cast_precision_loss, reason = "a few hundred rows")]
    let y = TOP + ROW * index as f64 + ROW / 2.0;
    markup! {
        text.name x="0" y=(y + 4.0) { (cut(name)) title { (name) } }
        @for event in events {
            circle class=(event.kind.id()) cx=(at(seconds(now, event.at))) cy=(y) r=(radius(event.kind)) {
                title { (event.kind.id()) " " (distance(now, event.at)) ", " (moment(event.at)) ": " (event.resource) }
            }
        }
    }
}

fn radius(kind: EventKind) -> u8 {
    if kind == EventKind::Destruction { 7 } else { 4 }
}

#[allow(clippy::cast_precision_loss, reason = "a drawing")]
fn seconds(now: Timestamp, at: Timestamp) -> f64 {
    (at.as_second() - now.as_second()) as f64
}

/// Where a moment stands: logarithmic to both sides of now, so that hours and years fit on one axis.
fn at(seconds: f64) -> f64 {
    let far = (1.0 + 2.0 * 31_536_000.0 / 600.0_f64).ln();
    let offset = (1.0 + seconds.abs() / 600.0).ln() / far;
    let half = (WIDTH - LABEL) / 2.0 - 12.0;
    LABEL + (WIDTH - LABEL) / 2.0 + half * offset.min(1.0).copysign(seconds)
}

/// A name that fits beside its row.
fn cut(name: &str) -> String {
    let count = name.chars().count();
    if count <= 42 {
        return name.to_owned();
    }
    let tail: String = name.chars().skip(count - 41).collect();
    format!("…{tail}")
}
