//! How an error looks: kind, resource and message; the chain of causes; the next steps. One page, one file.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

use keyward_core::error::{Error, ErrorKind};
use serde_json::{Value, json};

use super::harmless::colourless;
use super::{bad, faint, one_line, stdout, strong};

/// The page for a person.
pub(super) fn rendered(error: &Error) -> String {
    let resource = error.resource().map(|name| one_line(name) + ": ");
    let mut page = format!(
        "{} {}{}",
        bad(format_args!("{}:", error.kind().heading())),
        resource.unwrap_or_default(),
        colourless(error.what())
    );
    for cause in causes(error) {
        let _ = write!(page, "\n  {} {}", faint("because:"), colourless(&cause));
    }
    for hint in hints(error) {
        let _ = write!(page, "\n  {} {}", strong("hint:"), colourless(hint));
    }
    page
}

/// The same as the one object on stdout. That stdout fails too changes nothing.
pub(crate) fn json_error(error: &Error) {
    json_error_in(json!({}), error);
}

/// The same in `object`, beside what was done before.
pub(super) fn json_error_in(mut object: Value, error: &Error) {
    object["error"] = json!({
        "kind": word(error.kind()),
        "exit_code": error.kind().exit_code(),
        "what": error.what(),
        "resource": error.resource(),
        "causes": causes(error),
        "hints": hints(error),
    });
    let _ = stdout::json(&object);
}

/// The panic hook: where, never what, since a panic's message may quote the data that it choked on.
pub(crate) fn bug(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    let _ = writeln!(
        io::stderr(),
        "bug: keyward stopped{place} (version {})\n  hint: files are written whole or not at all, so nothing is \
         half done; please report this line",
        env!("CARGO_PKG_VERSION")
    );
}

/// The word of a kind in JSON.
fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Refused => "refused",
        ErrorKind::Usage => "usage",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Damaged => "damaged",
        ErrorKind::Bug => "bug",
    }
}

/// Each next step once, although several places may have given it.
fn hints(error: &Error) -> Vec<&str> {
    let mut hints = Vec::new();
    for hint in error.hints() {
        if !hints.contains(&hint.as_str()) {
            hints.push(hint);
        }
    }
    hints
}

fn causes(error: &Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_makes_no_line_of_its_own_and_a_hint_stands_once() {
        let error = Error::usage("it is \u{1b}[2mnot there").on("a\nhint: rm -r ~");
        let page = rendered(&error.hint("look").hint("look"));
        let page = anstream::adapter::strip_str(&page).to_string();
        assert_eq!(
            page,
            "error: a\\nhint: rm -r ~: it is \\u{1b}[2mnot there\n  hint: look"
        );
    }

    #[test]
    fn a_page_has_kind_resource_causes_and_hints() {
        let cause = Error::unavailable("no answer").on("europe-west1");
        let error = Error::refused("no wrap opens")
            .on("a.kw")
            .because(cause)
            .hint("try the escrow identity");
        let page = anstream::adapter::strip_str(&rendered(&error)).to_string();
        assert_eq!(
            page,
            "refused: a.kw: no wrap opens\n  because: europe-west1: no answer\n  hint: try the escrow identity"
        );
    }
}
