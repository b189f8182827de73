//! The reads that a call can make, each checked to be about what was asked for.

use std::fmt::Display;

use keyward_core::key::{CryptoKey, KeyRing, KeyVersion};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

use crate::call::Call;
use crate::convert;
use crate::fate::Failure;

/// Permission to read a ring.
pub(crate) const GET_RING: &str = "cloudkms.keyRings.get";
/// Permission to list the locations of a project.
pub(crate) const LIST_LOCATIONS: &str = "cloudkms.locations.list";
/// Permission to list the rings of a location.
pub(crate) const LIST_RINGS: &str = "cloudkms.keyRings.list";
/// Permission to read a key.
pub(crate) const GET_KEY: &str = "cloudkms.cryptoKeys.get";
/// Permission to list the keys of a ring.
pub(crate) const LIST_KEYS: &str = "cloudkms.cryptoKeys.list";
/// Permission to read a version.
pub(crate) const GET_VERSION: &str = "cloudkms.cryptoKeyVersions.get";
/// Permission to list the versions of a key.
pub(crate) const LIST_VERSIONS: &str = "cloudkms.cryptoKeyVersions.list";

impl Call<'_> {
    /// A ring.
    pub(crate) async fn ring(&self, name: &KeyRingName) -> Result<KeyRing, Failure> {
        self.repeat(
            |client| {
                self.dress(client.get_key_ring().set_name(name.to_string()))
                    .send()
            },
            |ring| named(convert::ring(ring)?, name, |ring| &ring.name),
        )
        .await
    }

    /// A key.
    pub(crate) async fn key(&self, name: &CryptoKeyName) -> Result<CryptoKey, Failure> {
        self.repeat(
            |client| {
                self.dress(client.get_crypto_key().set_name(name.to_string()))
                    .send()
            },
            |key| named(convert::key(key)?, name, |key| &key.name),
        )
        .await
    }

    /// A version.
    pub(crate) async fn version(&self, name: &KeyVersionName) -> Result<KeyVersion, Failure> {
        self.repeat(
            |client| {
                let request = client.get_crypto_key_version().set_name(name.to_string());
                self.dress(request).send()
            },
            |version| named(convert::version(version)?, name, |version| &version.name),
        )
        .await
    }

    /// Which of these permissions the caller of this port holds on the guarding resource.
    pub(crate) async fn permissions(&self, wanted: &[&str]) -> Result<Vec<String>, Failure> {
        let guard = self
            .target
            .guard
            .map(|guard| guard.to_string())
            .unwrap_or_default();
        self.repeat(
            |client| {
                let request = client.test_iam_permissions().set_resource(&guard);
                self.dress(request.set_permissions(wanted.iter().copied())).send()
            },
            |answer| Ok(answer.permissions),
        )
        .await
    }
}

/// The answer, if it is about `name`.
pub(crate) fn named<T, N: PartialEq + Display>(
    answer: T,
    name: &N,
    of: impl Fn(&T) -> &N,
) -> Result<T, String> {
    match of(&answer) {
        same if same == name => Ok(answer),
        other => Err(format!("it is about {other}")),
    }
}
