//! A command in one word of the command line, taken apart as a shell would, and without one: words between blanks,
//! quotes, and nothing that is expanded.

use std::ffi::OsString;

use keyward_core::error::{Error, Result};

/// The words of `line`, the program first.
///
/// # Errors
/// A usage error when there is none, or a quote is not closed. The line is not repeated: it may name what is secret.
pub(crate) fn split(line: &str) -> Result<Vec<OsString>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('"') | None, '\\') => {
                let escaped = rest.next().ok_or_else(|| wrong("ends in a backslash"))?;
                word.get_or_insert_default().push(escaped);
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take().map(OsString::from)),
            (_, '\0') => return Err(wrong("holds a zero byte")),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(wrong("has a quote that is not closed"));
    }
    words.extend(word.map(OsString::from));
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err(wrong("names no program")),
    }
}

fn wrong(what: &str) -> Error {
    Error::usage(format!("the command {what}"))
        .hint("it is a program and its arguments, run without a shell: gcloud auth print-access-token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell_and_nothing_is_expanded() {
        for (line, words) in [
            (
                "gcloud auth print-access-token",
                &["gcloud", "auth", "print-access-token"][..],
            ),
            ("  a\t b\n", &["a", "b"]),
            (r#"a "b c" 'd "e"' f\ g"#, &["a", "b c", "d \"e\"", "f g"]),
            (r#"a "" b"c"'d'"#, &["a", "", "bcd"]),
            (r#"a "\"x\\" '\'"#, &["a", "\"x\\", "\\"]),
            (
                "a $HOME `b` $(c) ; d | e > f",
                &["a", "$HOME", "`b`", "$(c)", ";", "d", "|", "e", ">", "f"],
            ),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for bad in ["", "  ", "\"", "a 'b", "a\\", "'' b", "a\0b"] {
            let error = split(bad).unwrap_err();
            assert!(!error.hints().is_empty(), "{bad}");
        }
    }
}
