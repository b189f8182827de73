//! What is said about a file that was opened.

use std::path::Path;

use keyward_core::context::EncryptionContext;
use serde_json::{Value, json};

use crate::names::Names;
use crate::ui::{Answer, Page, good, one_line};
use crate::wraps;

/// How it was opened.
pub(super) struct Opened {
    /// `kw` or `age`.
    pub(super) format: &'static str,
    /// Length of the content.
    pub(super) bytes: u64,
    /// The key version or identity.
    pub(super) opened_by: String,
    /// Whether something nearer did not open it.
    pub(super) degraded: bool,
    /// The pairs bound to it.
    pub(super) context: EncryptionContext,
}

/// What was done.
pub(super) struct Report<'a> {
    pub(super) input: &'a str,
    pub(super) output: Option<&'a Path>,
    pub(super) opened: &'a Opened,
    pub(super) names: Names,
}

impl Answer for Report<'_> {
    fn json(&self) -> Value {
        json!({
            "input": self.input,
            "output": self.output.map(|path| path.display().to_string()),
            "format": self.opened.format,
            "bytes": self.opened.bytes,
            "opened_by": self.opened.opened_by,
            "degraded": self.opened.degraded,
            "context": wraps::context_json(&self.opened.context),
        })
    }

    fn text(&self, page: &mut Page) {
        let output = self.output.map_or_else(
            || "stdout".to_owned(),
            |path| one_line(&path.display().to_string()),
        );
        let by = self.names.short(&self.opened.opened_by);
        page.line(format_args!("{output}: {} by {by}", good("opened")));
    }
}
