//! A state in memory to try RPCs on, with a clock that stands until it is moved.

use std::path::Path;
use std::time::Duration;

use keyward_core::clock::{Clock, Timestamp};
use prost_types::FieldMask;

use super::*;
use crate::interface::google::cloud::kms::v1 as wire;
use crate::refusal::Refusal;
use crate::rpc::{Call, Caller, Rpc};
use crate::state::{Settings, State};

pub(crate) const PLACE: &str = "projects/p/locations/europe-west1";
pub(crate) const RING: &str = "projects/p/locations/europe-west1/keyRings/r";
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct Bench {
    pub(crate) state: State,
}

impl Bench {
    /// Without a ring.
    pub(crate) fn new() -> Self {
        Self::open(Settings {
            seed: Some(1),
            ..Settings::default()
        })
    }

    /// What is in a folder; its clock goes on where it was, and stands.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self::open(Settings {
            data: Some(folder.to_owned()),
            ..Settings::default()
        })
    }

    fn open(settings: Settings) -> Self {
        let start: Timestamp = "2026-11-25T10:00:00.123456789Z".parse().unwrap();
        let settings = Settings {
            clock_at: Some(start - Duration::from_secs(60)),
            clock_rate: Some(0.0),
            ..settings
        };
        let state = State::open(&settings).unwrap();
        // It ran for a moment before it stood. One that was here before is further on.
        let _ = state.clock.move_to(start);
        Self { state }
    }

    /// With the ring `r`.
    pub(crate) fn with_ring() -> Self {
        let bench = Self::new();
        bench.add_ring();
        bench
    }

    /// Creates the ring `r`.
    pub(crate) fn add_ring(&self) {
        let request = wire::CreateKeyRingRequest {
            parent: PLACE.to_owned(),
            key_ring_id: "r".to_owned(),
            key_ring: None,
        };
        self.ask::<create_key_ring::CreateKeyRing>(request).unwrap();
    }

    /// With these keys in the ring `r`, each with one version.
    pub(crate) fn with_keys(ids: &[&str]) -> Self {
        let bench = Self::with_ring();
        for id in ids {
            bench.create(id, symmetric()).unwrap();
        }
        bench
    }

    pub(crate) fn ask<R: Rpc>(&self, request: R::Request) -> Result<R::Response, Refusal> {
        let call = Call {
            state: &self.state,
            keys: &self.state.keys,
            caller: &Caller::Owner,
        };
        R::answer(&call, request)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.state.clock.advance(by).unwrap();
    }

    pub(crate) fn create(&self, id: &str, key: wire::CryptoKey) -> Result<wire::CryptoKey, Refusal> {
        self.ask::<create_crypto_key::CreateCryptoKey>(wire::CreateCryptoKeyRequest {
            parent: RING.to_owned(),
            crypto_key_id: id.to_owned(),
            crypto_key: Some(key),
            ..Default::default()
        })
    }

    pub(crate) fn add_version(&self, key: &str) -> Result<wire::CryptoKeyVersion, Refusal> {
        self.ask::<create_crypto_key_version::CreateCryptoKeyVersion>(wire::CreateCryptoKeyVersionRequest {
            parent: key.to_owned(),
            crypto_key_version: None,
        })
    }

    pub(crate) fn key(&self, name: &str) -> Result<wire::CryptoKey, Refusal> {
        self.ask::<get_crypto_key::GetCryptoKey>(wire::GetCryptoKeyRequest {
            name: name.to_owned(),
        })
    }

    pub(crate) fn version(&self, name: &str) -> Result<wire::CryptoKeyVersion, Refusal> {
        let name = name.to_owned();
        self.ask::<get_crypto_key_version::GetCryptoKeyVersion>(wire::GetCryptoKeyVersionRequest { name })
    }

    pub(crate) fn update(&self, key: wire::CryptoKey, paths: &[&str]) -> Result<wire::CryptoKey, Refusal> {
        self.ask::<update_crypto_key::UpdateCryptoKey>(wire::UpdateCryptoKeyRequest {
            crypto_key: Some(key),
            update_mask: Some(mask(paths)),
        })
    }

    pub(crate) fn set_state(&self, name: &str, state: i32) -> Result<wire::CryptoKeyVersion, Refusal> {
        self.ask::<update_crypto_key_version::UpdateCryptoKeyVersion>(wire::UpdateCryptoKeyVersionRequest {
            crypto_key_version: Some(wire::CryptoKeyVersion {
                name: name.to_owned(),
                state,
                ..Default::default()
            }),
            update_mask: Some(mask(&["state"])),
        })
    }

    pub(crate) fn set_primary(&self, key: &str, id: &str) -> Result<wire::CryptoKey, Refusal> {
        self.ask::<update_crypto_key_primary_version::UpdateCryptoKeyPrimaryVersion>(
            wire::UpdateCryptoKeyPrimaryVersionRequest {
                name: key.to_owned(),
                crypto_key_version_id: id.to_owned(),
            },
        )
    }

    pub(crate) fn destroy(&self, name: &str) -> Result<wire::CryptoKeyVersion, Refusal> {
        let name = name.to_owned();
        self.ask::<destroy_crypto_key_version::DestroyCryptoKeyVersion>(
            wire::DestroyCryptoKeyVersionRequest { name },
        )
    }

    pub(crate) fn restore(&self, name: &str) -> Result<wire::CryptoKeyVersion, Refusal> {
        let name = name.to_owned();
        self.ask::<restore_crypto_key_version::RestoreCryptoKeyVersion>(
            wire::RestoreCryptoKeyVersionRequest { name },
        )
    }

    pub(crate) fn encrypt(
        &self,
        name: &str,
        plaintext: &'static [u8],
    ) -> Result<wire::EncryptResponse, Refusal> {
        self.ask::<encrypt::Encrypt>(wire::EncryptRequest {
            name: name.to_owned(),
            plaintext: plaintext.into(),
            ..Default::default()
        })
    }

    pub(crate) fn decrypt(
        &self,
        name: &str,
        ciphertext: &bytes::Bytes,
    ) -> Result<wire::DecryptResponse, Refusal> {
        self.ask::<decrypt::Decrypt>(wire::DecryptRequest {
            name: name.to_owned(),
            ciphertext: ciphertext.clone(),
            ..Default::default()
        })
    }
}

/// Full name of a key in the ring `r`.
pub(crate) fn key_name(id: &str) -> String {
    format!("{RING}/cryptoKeys/{id}")
}

/// Full name of a version of such a key.
pub(crate) fn version_name(id: &str, number: u64) -> String {
    format!("{RING}/cryptoKeys/{id}/cryptoKeyVersions/{number}")
}

/// The plainest key that can be created.
pub(crate) fn symmetric() -> wire::CryptoKey {
    wire::CryptoKey {
        purpose: 1,
        ..Default::default()
    }
}

pub(crate) fn mask(paths: &[&str]) -> FieldMask {
    FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    }
}

/// Code and sentence of a refusal.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> (tonic::Code, String) {
    let refusal = answer.unwrap_err();
    (refusal.code, refusal.message)
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> tonic::Code {
    refused(answer).0
}
