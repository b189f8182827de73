//! The name of a site: a host name that is also safe as the name of a folder.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::limits;

/// A site, such as `library.example.org`. It is kept as given, upper case included, since the documents and the
/// folder of the old generator carry it as given.
///
/// What is accepted is a host name (RFC 1123 section 2.1), with one widening: underscores, because the old generator
/// took any text and machine names have them. Everything else that it took is refused: path separators, `..`, spaces,
/// control characters, ports, names outside ASCII, a final dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site(String);

impl Site {
    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that compares equal for every spelling of the same host: names are case-insensitive (RFC 4343).
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The name of the folder that holds its credential.
    pub fn folder_name(&self) -> String {
        format!("{}-credentials", self.0)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Site {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some((fault, hint)) => {
                let shown = text
                    .chars()
                    .take(120)
                    .flat_map(char::escape_debug)
                    .collect::<String>();
                Err(Error::usage(format!("`{shown}` is not a site name: {fault}")).hint(hint))
            }
        }
    }
}

const LIKE_THIS: &str = "a site is a host name, such as `library.example.org`";

fn fault(text: &str) -> Option<(&'static str, &'static str)> {
    if text.is_empty() {
        Some(("it is empty", LIKE_THIS))
    } else if text.len() > limits::SITE_LEN {
        Some(("it is longer than 243 bytes", LIKE_THIS))
    } else if !text.is_ascii() {
        Some((
            "it is not ASCII",
            "write an international name in its `xn--` form, as DNS has it",
        ))
    } else if text.contains("://") {
        Some(("it is a URL", "leave the scheme and the path out"))
    } else if text.ends_with('.') && !text.ends_with("..") {
        Some(("it ends with a dot", "leave the final dot out"))
    } else {
        text.split('.')
            .find_map(label_fault)
            .map(|fault| (fault, LIKE_THIS))
    }
}

fn label_fault(label: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if label.is_empty() {
        Some("there is nothing before, after or between its dots")
    } else if label.len() > 63 {
        Some("a part between dots is longer than 63 characters")
    } else if !label.bytes().all(allowed) {
        Some("only letters, digits, `-`, `_` and dots can be in it")
    } else if label.starts_with('-') || label.ends_with('-') {
        Some("a part begins or ends with `-`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_kept_as_given() {
        for name in [
            "library.example.org",
            "Library.Example.ORG",
            "localhost",
            "10.0.0.7",
            "my_site.test",
            "xn--mnchen-3ya.de",
        ] {
            let site = name.parse::<Site>().unwrap();
            assert_eq!(site.as_str(), name);
            assert_eq!(site.folder_name(), format!("{name}-credentials"));
        }
        assert!(
            format!("{}.{}", "a".repeat(63), "b".repeat(63))
                .parse::<Site>()
                .is_ok()
        );
    }

    #[test]
    fn hostile_names_are_refused() {
        let long = [&"a.".repeat(121), "bb"].concat();
        let label = "a".repeat(64);
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "/etc",
            "a\\b",
            "a b",
            "a\0b",
            "a\nb",
            "\u{1b}[2J",
            "münchen.example",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a-",
            "a.-b",
            "site:8080",
            "https://a.example",
            "~",
            "$HOME",
            "*",
            "a;b",
            &long,
            &label,
        ] {
            let error = name.parse::<Site>().unwrap_err();
            assert_eq!(error.kind().exit_code(), 2, "{name:?}");
            assert!(
                !error.to_string().contains(['\n', '\0', '\u{1b}']),
                "{name:?} is repeated raw"
            );
        }
    }
}
