//! The name of an age recipient.

use std::fmt;
use std::str::FromStr;

use super::resource::shown;
use crate::error::{Error, Result};
use crate::limits;

/// An age recipient's text (`age1…`), checked in form only; `keyward-age` checks that it is a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgeRecipient(String);

impl AgeRecipient {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgeRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AgeRecipient {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            // Do not repeat it: it is a secret.
            return Err(
                Error::usage("an age identity (secret key) was given where a recipient is expected")
                    .hint("give the public key, `age1…`; `keyward escrow new` prints it"),
            );
        }
        let bech32 = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if text.starts_with("age1") && text.len() <= limits::KEY_NAME_LEN && text.bytes().all(bech32) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::usage(format!("`{}` is not an age recipient", shown(text)))
                .hint("a recipient starts with `age1`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_refused_without_being_repeated() {
        let error = "AGE-SECRET-KEY-1QQQ".parse::<AgeRecipient>().unwrap_err();
        assert!(!error.to_string().contains("1QQQ"));
        assert!("age1qqq".parse::<AgeRecipient>().is_ok());
        assert!("age1 x".parse::<AgeRecipient>().is_err());
    }
}
