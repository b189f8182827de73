//! The encryption context: public name-value pairs that a wrap and a payload are bound to.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::limits;

/// Names that start so are reserved for keyward's own use.
pub const RESERVED_PREFIX: &str = "kw:";

/// Non-secret pairs, sorted by the bytes of their names; bound to the envelope, and demanded again when it is opened.
///
/// They are public: never put a secret into a context. (Vault calls key derivation input `context`; what is meant here
/// is its `associated_data`.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// No pairs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a pair.
    ///
    /// # Errors
    /// A name that is empty or starts with `kw:`, and anything over the limits (64 pairs, names of 256 bytes, values
    /// of 4096 bytes), is a usage error.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) -> Result<()> {
        let (name, value) = (name.into(), value.into());
        check_pair(&name, &value)?;
        if !self.0.contains_key(&name) && self.0.len() == limits::CONTEXT_PAIRS {
            return Err(Error::usage(format!(
                "an encryption context has at most {} pairs",
                limits::CONTEXT_PAIRS
            )));
        }
        self.0.insert(name, value);
        Ok(())
    }

    /// Parses `NAME=VALUE` and adds it.
    ///
    /// # Errors
    /// A usage error without a `=`, and those of [`Self::insert`].
    pub fn insert_pair(&mut self, pair: &str) -> Result<()> {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Error::usage(format!("`{pair}` is not a context pair")).hint("write it as NAME=VALUE")
        })?;
        self.insert(name, value)
    }

    /// The value stored under `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The pairs, in the order in which they are encoded.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Demands that every pair of `expected` is here with exactly that value. Other pairs are no error.
    ///
    /// # Errors
    /// The first pair that is missing or differs, as a refusal that names the option which accepts what is stored.
    pub fn must_contain(&self, expected: &Self) -> Result<()> {
        for (name, wanted) in expected.iter() {
            match self.get(name) {
                Some(stored) if stored == wanted => {}
                Some(stored) => {
                    let pair = shown(name, stored);
                    return Err(Error::refused(format!(
                        "the encryption context has {pair}, but {name}={wanted} is expected"
                    ))
                    .hint(match as_argument(name, stored) {
                        Some(argument) => format!("if that is the file you want: --context {argument}"),
                        None => "its value cannot be typed; `keyward inspect --json` shows it".into(),
                    }));
                }
                None => {
                    return Err(Error::refused(format!(
                        "the encryption context has no `{name}`, but {name}={wanted} is expected"
                    ))
                    .hint("this file was sealed for another purpose; `keyward inspect` shows its context"));
                }
            }
        }
        Ok(())
    }

    /// The stored pairs that `expected` says nothing about.
    pub fn unchecked_by<'a>(&'a self, expected: &'a Self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter().filter(|(name, _)| expected.get(name).is_none())
    }
}

/// `NAME=VALUE`, safe to print. A context comes out of a file, and may carry what a terminal takes for commands.
pub fn shown(name: &str, value: &str) -> String {
    format!("{}={}", name.escape_debug(), value.escape_debug())
}

/// `NAME=VALUE` as one word of a shell, to be pasted; `None` when something in it would not survive that. The file's
/// writer chose it, and may have chosen a command.
fn as_argument(name: &str, value: &str) -> Option<String> {
    let pair = format!("{name}={value}");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"=_-./:@,+%".contains(&b);
    if pair != shown(name, value).replace("\\'", "'").replace("\\\"", "\"") {
        None
    } else if pair.bytes().all(plain) && !pair.starts_with('-') {
        Some(pair)
    } else {
        Some(format!("'{}'", pair.replace('\'', "'\\''")))
    }
}

fn check_pair(name: &str, value: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::usage("a context pair needs a name"));
    }
    if name.starts_with(RESERVED_PREFIX) {
        return Err(Error::usage(format!(
            "`{name}`: context names that start with `kw:` are reserved"
        )));
    }
    if name.len() > limits::CONTEXT_NAME_LEN || value.len() > limits::CONTEXT_VALUE_LEN {
        return Err(Error::usage(format!(
            "a context name has at most {} bytes and its value {}",
            limits::CONTEXT_NAME_LEN,
            limits::CONTEXT_VALUE_LEN
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn context(pairs: &[&str]) -> EncryptionContext {
        let mut context = EncryptionContext::new();
        for pair in pairs {
            context.insert_pair(pair).unwrap();
        }
        context
    }

    #[test]
    fn expected_pairs_must_be_stored_exactly() {
        let stored = context(&["env=demo", "rule=secrets/**"]);
        assert!(stored.must_contain(&EncryptionContext::new()).is_ok());
        assert!(stored.must_contain(&context(&["env=demo"])).is_ok());
        for wrong in [context(&["env=prod"]), context(&["name=x"])] {
            assert_eq!(
                stored.must_contain(&wrong).unwrap_err().kind(),
                ErrorKind::Refused
            );
        }
        let known = context(&["env=demo"]);
        let unchecked: Vec<_> = stored.unchecked_by(&known).collect();
        assert_eq!(unchecked, [("rule", "secrets/**")]);
    }

    #[test]
    fn what_a_file_says_is_escaped() {
        let hostile = context(&["env=\u{1b}[2Jfine\u{202e}"]);
        let error = hostile.must_contain(&context(&["env=demo"])).unwrap_err();
        let said = format!("{error} {}", error.hints().join(" "));
        assert!(said.contains("env=\\u{1b}[2Jfine\\u{202e}"), "{said}");
        assert!(!said.contains('\u{1b}'));
    }

    #[test]
    fn a_pair_to_be_pasted_is_one_word_and_no_command() {
        assert_eq!(as_argument("env", "prod").unwrap(), "env=prod");
        assert_eq!(as_argument("rule", "secrets/**").unwrap(), "'rule=secrets/**'");
        assert_eq!(as_argument("env", "prod; $(id)").unwrap(), "'env=prod; $(id)'");
        assert_eq!(as_argument("who", "it's").unwrap(), r"'who=it'\''s'");
        assert_eq!(as_argument("env", "a\nb"), None);
        assert_eq!(as_argument("env", "\u{1b}[2J"), None);
    }

    #[test]
    fn bad_pairs_are_usage_errors() {
        let mut context = EncryptionContext::new();
        for pair in ["novalue", "=x", "kw:id=1"] {
            assert_eq!(
                context.insert_pair(pair).unwrap_err().kind(),
                ErrorKind::Usage,
                "{pair}"
            );
        }
        assert!(context.insert("n".repeat(257), "v").is_err());
        assert!(context.insert("n", "v".repeat(4097)).is_err());
        for i in 0..limits::CONTEXT_PAIRS {
            context.insert(format!("{i}"), "v").unwrap();
        }
        assert!(context.insert("one more", "v").is_err());
        assert!(context.insert("0", "replaced").is_ok());
    }
}
