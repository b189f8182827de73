//! Texts and names in a Terraform configuration: whatever stands in them, they end where they should.

use std::fmt::Write;

/// `text` as a quoted string, in which nothing is a template (Terraform documentation, "Strings and Templates").
pub(super) fn text(text: &str) -> String {
    let mut quoted = String::from('"');
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => quoted.extend([next, next]),
            next if next.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(next));
            }
            next => quoted.push(next),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of quoted strings, one a line.
pub(super) fn list<'a>(indent: &str, items: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = String::from("[\n");
    for item in items {
        let _ = writeln!(list, "{indent}  {},", text(item));
    }
    list.push_str(indent);
    list.push(']');
    list
}

/// A part of a name that no other place has, whatever `text` is: what names cannot have is left out.
pub(super) fn label(text: &str, place: usize) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !text.is_empty() && text.chars().all(allowed) {
        true => text.to_owned(),
        false => {
            let plain: String = text.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
            format!("{plain}_{place}")
        }
    }
}

/// `text` in a comment: it stays on its line.
pub(super) fn comment(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_debug().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}
