//! Whole calls against a scripted server.

mod changes;
mod credentials;
mod crypt;
mod estate;
mod reads;
mod stub;
mod way;

use std::sync::Arc;
use std::time::Duration;

use keyward_core::clock::ManualClock;
use keyward_core::name::CryptoKeyName;
use rand::SeedableRng;
use rand::rngs::StdRng;

use self::stub::Stub;
use crate::access::{Access, CredentialSource, Settings};
use crate::backoff::Backoff;
use crate::kms::GcpKms;

const KEY: &str = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";

fn key() -> CryptoKeyName {
    KEY.parse().unwrap()
}

fn settings(stub: &Stub) -> Settings {
    Settings {
        endpoint: Some(stub.endpoint()),
        deadline: Duration::from_secs(10),
        ..Settings::default()
    }
}

fn kms_with(settings: Settings, credentials: CredentialSource) -> GcpKms {
    let access = Access {
        otherwise: settings,
        credentials,
        ..Access::default()
    };
    let clock = ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
    let backoff = Backoff {
        first: Duration::from_millis(4),
        most: Duration::from_millis(40),
    };
    GcpKms::with_backoff(
        access,
        Arc::new(clock),
        Box::new(StdRng::seed_from_u64(1)),
        backoff,
    )
}

fn kms(stub: &Stub) -> GcpKms {
    kms_with(settings(stub), CredentialSource::ApplicationDefault)
}

/// A version as the API shows it.
fn version(number: u64, state: &str, more: &str) -> String {
    format!(
        r#"{{"name":"{KEY}/cryptoKeyVersions/{number}","state":"{state}","protectionLevel":"SOFTWARE","algorithm":"GOOGLE_SYMMETRIC_ENCRYPTION","createTime":"2025-01-01T00:00:00Z"{more}}}"#
    )
}

/// A key as the API shows it.
fn crypto_key(name: &str, more: &str) -> String {
    format!(
        r#"{{"name":"{name}","purpose":"ENCRYPT_DECRYPT","createTime":"2025-01-01T00:00:00Z","versionTemplate":{{"protectionLevel":"SOFTWARE","algorithm":"GOOGLE_SYMMETRIC_ENCRYPTION"}},"destroyScheduledDuration":"2592000s"{more}}}"#
    )
}
