//! What is said about a file that was sealed.

use std::path::Path;

use keyward::envelope::Sealed;
use keyward::keyring::Attempt;
use serde_json::{Value, json};

use crate::recipients::Chosen;
use crate::session::Session;
use crate::ui::{Answer, Page, faint, good, one_line, uneasy};
use crate::wraps;

/// What was done.
pub(super) struct Report<'a> {
    pub(super) input: &'a str,
    /// Whether the input is a file that is still there.
    pub(super) keeps_input: bool,
    pub(super) output: Option<&'a Path>,
    pub(super) chosen: &'a Chosen,
    pub(super) sealed: &'a Sealed,
}

/// Says which locations are missing, and that the envelope wants repair.
pub(super) fn say_missing(session: &Session, sealed: &Sealed) {
    let names = session.names();
    for Attempt { resource, error } in &sealed.missing {
        session
            .ui
            .warn(format_args!("{}: {error}", names.short(resource)));
    }
    if !sealed.missing.is_empty() {
        session.ui.warn(format_args!(
            "{}: what is missing is marked in the envelope as wanting repair",
            uneasy("degraded")
        ));
    }
}

impl Answer for Report<'_> {
    fn json(&self) -> Value {
        json!({
            "input": self.input,
            "output": self.output.map(|path| path.display().to_string()),
            "keyring": self.chosen.name,
            "bytes": self.sealed.plain_len,
            "context": wraps::context_json(self.sealed.header.context()),
            "wraps": wraps::json(self.sealed.header.wraps()),
            "degraded": !self.sealed.missing.is_empty(),
        })
    }

    fn text(&self, page: &mut Page) {
        let output = self.output.map_or_else(
            || "stdout".to_owned(),
            |path| one_line(&path.display().to_string()),
        );
        let whom = wraps::whom(self.sealed.header.wraps());
        page.line(format_args!("{output}: {} for {whom}", good("sealed")));
        if self.keeps_input {
            let input = one_line(self.input);
            page.line(format_args!(
                "{} {input} itself is still readable; remove it, or use -i",
                faint("note:")
            ));
        }
    }
}
