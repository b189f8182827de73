//! What is said about a file that was looked at.

use keyward_core::context::{EncryptionContext, shown};
use keyward_core::envelope::{Detached, Wrap, recover};
use serde_json::{Value, json};

use super::found::{Body, Envelope, Found};
use crate::ui::{Answer, Page, Table, one_line, uneasy};
use crate::wraps;

const SUITE: &str = "Cobblestone-256 (AES-256-GCM, HKDF-SHA-512)";

/// Everything that can be told.
pub(super) struct Inspected<'a> {
    pub(super) name: &'a str,
    pub(super) found: &'a Found,
}

impl Answer for Inspected<'_> {
    fn json(&self) -> Value {
        match self.found {
            Found::Age { form } => json!({ "file": self.name, "format": "age", "form": form }),
            Found::Envelope(envelope) => json!({
                "file": self.name,
                "format": "kw",
                "form": envelope.form,
                "format_version": 1,
                "suite": SUITE,
                "id": hex(envelope.header().envelope_id()),
                "context": wraps::context_json(envelope.header().context()),
                "wraps": wraps::json(envelope.header().wraps()),
                "detached": envelope.detached().map(detached_json),
                "header_bytes": envelope.header().len(),
                "content_bytes": match envelope.body { Body::Holds(len) => Some(len), _ => None },
                "damaged": matches!(envelope.body, Body::Wrong(_)),
            }),
        }
    }

    fn text(&self, page: &mut Page) {
        let name = one_line(self.name);
        match self.found {
            Found::Age { form } => page.line(format_args!("{name}: an age file ({form})")),
            Found::Envelope(envelope) => {
                let form = envelope.form;
                page.line(format_args!("{name}: a keyward envelope ({form}, format 1)"));
                envelope_text(page, envelope);
            }
        }
    }
}

fn envelope_text(page: &mut Page, envelope: &Envelope) {
    let header = envelope.header();
    page.field("suite", SUITE);
    page.field("id", hex(header.envelope_id()));
    page.field("header", format_args!("{} bytes", header.len()));
    match &envelope.body {
        Body::Holds(len) => page.field("content", format_args!("{len} bytes")),
        Body::Unknown => page.field("content", "not known of a stream"),
        Body::Wrong(_) => page.field("content", uneasy("not whole")),
    }
    context_text(page, header.context());
    page.heading("wraps: the data key, once for each of these; any one opens");
    wraps_text(page, header.wraps());
    match envelope.detached() {
        None => {}
        Some(Detached::Current(newer)) => {
            page.heading("wraps in the file beside it (.wraps), which are tried first");
            wraps_text(page, newer.wraps());
        }
        Some(Detached::Stale) => page.line(uneasy("the .wraps file beside it is another envelope's")),
        Some(Detached::Unreadable(why)) => {
            page.line(uneasy(format_args!(
                "the .wraps file beside it cannot be used: {why}"
            )));
        }
    }
}

fn context_text(page: &mut Page, context: &EncryptionContext) {
    page.heading("context, public, bound to the content");
    for (name, value) in context.iter() {
        page.line(format_args!("  {}", shown(name, value)));
    }
    if context.iter().next().is_none() {
        page.line("  none");
    }
}

fn wraps_text(page: &mut Page, wraps: &[Wrap]) {
    let mut table = Table::new(["KIND", "LOCATION", "KEY", "VERSION"]);
    for wrap in wraps {
        let version = if wrap.is_missing() {
            "MISSING: wanted, not there"
        } else {
            wrap.version.as_str()
        };
        table.row([
            wraps::kind(wrap.kind).into(),
            wrap.location.as_str().into(),
            wrap.key.as_str().into(),
            version.into(),
        ]);
    }
    page.table(&table);
    if wraps.iter().any(Wrap::is_missing) {
        page.line(uneasy("this envelope wants repair"));
    }
}

fn detached_json(detached: &Detached) -> Value {
    match detached {
        Detached::Current(newer) => json!({ "state": "current", "wraps": wraps::json(newer.wraps()) }),
        Detached::Stale => json!({ "state": "stale", "wraps": [] }),
        Detached::Unreadable(_) => json!({ "state": "unreadable", "wraps": [] }),
    }
}

/// The stock commands.
pub(super) struct Recovery<'a> {
    pub(super) name: &'a str,
    /// The file in a command line.
    pub(super) word: &'a str,
    pub(super) found: &'a Found,
}

impl Recovery<'_> {
    fn commands(&self) -> String {
        match self.found {
            Found::Age { .. } => recover::of_age_file(self.word),
            Found::Envelope(envelope) => {
                let own = recover::commands(envelope.header(), self.word);
                match envelope.detached() {
                    Some(Detached::Current(newer)) => format!(
                        "# By the newer wraps in the .wraps file beside it.\n{}\n# By the wraps in the file itself.\n{own}",
                        recover::commands(newer, self.word)
                    ),
                    _ => own,
                }
            }
        }
    }
}

impl Answer for Recovery<'_> {
    fn json(&self) -> Value {
        json!({ "file": self.name, "commands": self.commands() })
    }

    fn text(&self, page: &mut Page) {
        page.line(self.commands().trim_end());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
