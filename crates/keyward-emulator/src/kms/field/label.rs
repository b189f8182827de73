//! The rules for labels (Google Cloud documentation, "Requirements for labels").

use std::collections::BTreeMap;

use keyward_core::limits::KEY_LABELS;

use crate::kms::unverified;
use crate::refusal::Refusal;

/// Longest key and longest value, in characters.
const CHARACTERS: usize = 63;
/// The same in bytes.
const BYTES: usize = 128;

/// Checks all labels of a key.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the first label that no rule allows.
pub(crate) fn check(labels: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if labels.len() > KEY_LABELS {
        return Err(unverified::too_many_labels(labels.len()));
    }
    let bad = labels
        .iter()
        .find(|(key, value)| !is_key(key) || !is_value(value));
    bad.map_or(Ok(()), |(key, value)| Err(unverified::label(key, value)))
}

/// A key begins with a letter.
fn is_key(key: &str) -> bool {
    key.starts_with(is_letter) && is_value(key)
}

fn is_value(value: &str) -> bool {
    let allowed = |c: char| is_letter(c) || c.is_numeric() || c == '_' || c == '-';
    value.len() <= BYTES && value.chars().count() <= CHARACTERS && value.chars().all(allowed)
}

/// A lower-case letter, or one of a script that knows no case.
fn is_letter(c: char) -> bool {
    c.is_lowercase() || (c.is_alphabetic() && !c.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(key: &str, value: &str) -> bool {
        check(&BTreeMap::from([(key.to_owned(), value.to_owned())])).is_ok()
    }

    #[test]
    fn letters_digits_underscores_and_hyphens() {
        for (key, value) in [("team", "alpha"), ("a", ""), ("größe", "日本"), ("a-b_c1", "1-_")] {
            assert!(is_allowed(key, value), "{key}={value}");
        }
        for (key, value) in [
            ("", "x"),
            ("1a", "x"),
            ("-a", "x"),
            ("Team", "x"),
            ("team", "Alpha"),
            ("a.b", "x"),
            ("a", "x y"),
            ("a", "x\n"),
        ] {
            assert!(!is_allowed(key, value), "{key}={value}");
        }
    }

    #[test]
    fn lengths_and_number() {
        assert!(is_allowed(&"a".repeat(63), &"b".repeat(63)));
        assert!(!is_allowed(&"a".repeat(64), ""));
        assert!(!is_allowed("a", &"b".repeat(64)));
        assert!(!is_allowed("a", &"日".repeat(43)), "129 bytes");
        let labels = |n: usize| (0..n).map(|i| (format!("k{i}"), String::new())).collect();
        assert!(check(&labels(64)).is_ok());
        assert!(check(&labels(65)).is_err());
    }
}
