//! Patterns over key names, as `--allow` takes them.

use std::fmt;
use std::str::FromStr;

use super::{KeyRef, Provider};
use crate::error::{Error, Result};

/// Which keys may be asked: a full key name, or a prefix of one that ends in `/*`.
///
/// `gcp-kms://projects/p/*` is every key of project `p`, and nothing of project `p-2`: the star stands behind a slash,
/// so it never completes a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    provider: Provider,
    prefix: String,
    exact: bool,
}

impl KeyPattern {
    /// Whether `key` may be asked.
    pub fn matches(&self, key: &KeyRef) -> bool {
        let name = key.name.to_string();
        self.provider == key.provider
            && if self.exact {
                name == self.prefix
            } else {
                name.starts_with(&self.prefix)
            }
    }
}

impl FromStr for KeyPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some(prefix) = text.strip_suffix('*') else {
            let key: KeyRef = text.parse()?;
            return Ok(Self {
                provider: key.provider,
                prefix: key.name.to_string(),
                exact: true,
            });
        };
        let (provider, prefix) = match prefix.split_once("://") {
            Some((scheme, rest)) => (Provider::from_id(scheme).filter(|p| *p != Provider::Age), rest),
            None => (Some(Provider::Gcp), prefix),
        };
        let well_formed = prefix.starts_with("projects/")
            && prefix.ends_with('/')
            && prefix.len() > "projects/".len()
            && !prefix.contains('*')
            && !prefix.contains("//");
        match provider {
            Some(provider) if well_formed => Ok(Self { provider, prefix: prefix.to_owned(), exact: false }),
            _ => Err(Error::usage(format!("`{}` is not a key pattern", super::resource::shown(text)))
                .hint("write a full key name, or the start of one up to a slash and `*`: gcp-kms://projects/p/*")),
        }
    }
}

impl fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.provider,
            self.prefix,
            if self.exact { "" } else { "*" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_never_completes_a_name() {
        let key: KeyRef = "gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k"
            .parse()
            .unwrap();
        let other: KeyRef = "gcp-kms://projects/p-2/locations/global/keyRings/r/cryptoKeys/k"
            .parse()
            .unwrap();
        let pattern: KeyPattern = "gcp-kms://projects/p/*".parse().unwrap();
        assert!(pattern.matches(&key) && !pattern.matches(&other));
        let exact: KeyPattern = key.to_string().parse().unwrap();
        assert!(exact.matches(&key) && !exact.matches(&other));
        let embedded = KeyRef {
            provider: Provider::Embedded,
            ..key
        };
        assert!(!pattern.matches(&embedded));
        for bad in [
            "*",
            "gcp-kms://*",
            "projects/*",
            "gcp-kms://projects/p*",
            "projects//*",
            "age://projects/p/*",
        ] {
            assert!(bad.parse::<KeyPattern>().is_err(), "{bad}");
        }
    }
}
