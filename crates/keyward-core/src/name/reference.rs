//! A key together with the provider that holds it, as URIs say it.

use std::fmt;
use std::str::FromStr;

use super::resource::shown;
use super::{CryptoKeyName, KeyVersionName, Provider};
use crate::error::{Error, Result};

/// A crypto key and who holds it: `gcp-kms://projects/…/cryptoKeys/K`. A bare resource name means Cloud KMS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef {
    /// Who holds the key: never [`Provider::Age`].
    pub provider: Provider,
    /// Its full name.
    pub name: CryptoKeyName,
}

/// A key version and who holds it: `embedded-kms://projects/…/cryptoKeyVersions/N`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionRef {
    /// Who holds the version: never [`Provider::Age`].
    pub provider: Provider,
    /// Its full name.
    pub name: KeyVersionName,
}

impl KeyRef {
    /// The version of this key with that number.
    pub fn version(&self, number: u64) -> VersionRef {
        VersionRef {
            provider: self.provider,
            name: self.name.version(number),
        }
    }
}

impl VersionRef {
    /// The key it is a version of.
    pub fn key(&self) -> KeyRef {
        KeyRef {
            provider: self.provider,
            name: self.name.key().clone(),
        }
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.provider, self.name)
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.provider, self.name)
    }
}

impl FromStr for KeyRef {
    type Err = Error;

    fn from_str(uri: &str) -> Result<Self> {
        let (provider, name) = split_provider(uri)?;
        Ok(Self {
            provider,
            name: name.parse()?,
        })
    }
}

impl FromStr for VersionRef {
    type Err = Error;

    fn from_str(uri: &str) -> Result<Self> {
        let (provider, name) = split_provider(uri)?;
        Ok(Self {
            provider,
            name: name.parse()?,
        })
    }
}

fn split_provider(uri: &str) -> Result<(Provider, &str)> {
    let Some((scheme, name)) = uri.split_once("://") else {
        return Ok((Provider::Gcp, uri));
    };
    match Provider::from_id(scheme) {
        Some(provider) if provider != Provider::Age => Ok((provider, name)),
        _ => Err(Error::usage(format!("`{}` is not a key provider", shown(scheme)))
            .hint("known: gcp-kms://… and embedded-kms://…")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_cloud_kms() {
        let name = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
        let bare: KeyRef = name.parse().unwrap();
        assert_eq!(bare.provider, Provider::Gcp);
        assert_eq!(bare.to_string(), format!("gcp-kms://{name}"));
        let embedded: KeyRef = format!("embedded-kms://{name}").parse().unwrap();
        assert_eq!(embedded.provider, Provider::Embedded);
        assert_eq!(
            embedded
                .version(3)
                .to_string()
                .parse::<VersionRef>()
                .unwrap()
                .key(),
            embedded
        );
        for bad in ["aws-kms://x", "age://x", "://x", "gcp-kms:/projects/p"] {
            assert!(bad.parse::<KeyRef>().is_err(), "{bad}");
        }
    }
}
