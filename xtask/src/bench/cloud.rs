//! The provider for Cloud KMS: what it adds to Google's bare client, and wraps in several locations at once.

use std::sync::Arc;
use std::time::Duration;

use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_kms_v1::client::KeyManagementService;
use keyward::keyring::{Keyring, Sealer};
use keyward::registry::Crypters;
use keyward_core::clock::{Clock, Timestamp};
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::Draft;
use keyward_core::error::{Error, Result};
use keyward_core::key::KeySpec;
use keyward_core::kms::{EncryptWith, KmsAdmin, KmsCrypt};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRef, KeyRingName, Provider};
use keyward_emulator::{Emulator, Fault};
use keyward_gcp::{Access, GcpKms, Quota, Settings};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Runtime;

use super::contest::{contest, time};
use super::row::Row;

const LOCATIONS: [&str; 4] = ["europe-west1", "us-central1", "asia-east1", "global"];
/// Calls of one round against the bare client.
const CALLS: usize = 300;
/// What a call takes that has to cross a sea.
const LATENCY: Duration = Duration::from_millis(50);

/// Measures both against an emulator in this process.
pub(super) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let cloud = Cloud::start()?;
    let overhead = cloud.overhead(rounds * 3)?;
    let spread = cloud.four_locations(rounds)?;
    Ok(vec![overhead, spread])
}

struct Cloud {
    runtime: Runtime,
    emulator: Emulator,
    kms: Arc<GcpKms>,
    keys: Vec<KeyRef>,
}

impl Cloud {
    /// An emulator with one key in each of the locations.
    fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::unavailable("no runtime").because(error))?;
        let emulator = Emulator::start()?;
        let kms = Arc::new(provider(emulator.endpoint()));
        let cloud = Self {
            keys: LOCATIONS.into_iter().map(key).collect::<Result<_>>()?,
            runtime,
            emulator,
            kms,
        };
        for key in &cloud.keys {
            cloud.runtime.block_on(cloud.kms.create_ring(key.name.ring()))?;
            let made = cloud.kms.create_key(&key.name, KeySpec::default());
            cloud.runtime.block_on(made)?;
        }
        Ok(cloud)
    }

    /// One call after the other, by the provider and by the client that it stands on.
    fn overhead(&self, rounds: usize) -> Result<Row> {
        let client = self.runtime.block_on(bare(self.emulator.endpoint()))?;
        let name = self.keys[0].name.to_string();
        let [ours, theirs] = contest(
            rounds,
            [
                Box::new(|| time(|| self.again(CALLS, || self.encrypt(&self.keys[0].name)))),
                Box::new(|| time(|| self.again(CALLS, || encrypt_bare(&client, &name)))),
            ],
        )?;
        let what = format!("{CALLS} encrypts by the provider, one after the other");
        Ok(Row::cost(what, &ours, "Google's bare client", &theirs, 1.05))
    }

    /// All wraps of one envelope, against one call.
    fn four_locations(&self, rounds: usize) -> Result<Row> {
        self.emulator
            .trouble()
            .add(Fault::delay("Encrypt", LATENCY).times(0))?;
        let crypters = Crypters::new().with(Provider::Gcp, self.kms.clone());
        let keyring = Keyring {
            keys: self.keys.clone(),
            escrow: Vec::new(),
        };
        let draft = Draft::new(EncryptionContext::default(), &mut StdRng::seed_from_u64(1))?;
        let [four, one] = contest(
            rounds,
            [
                Box::new(|| {
                    time(|| {
                        let sealer = Sealer::new(&crypters, &keyring);
                        let wrapped = sealer.wrap(draft.data_key(), draft.binding());
                        self.runtime.block_on(wrapped).map(drop)
                    })
                }),
                Box::new(|| time(|| self.runtime.block_on(self.encrypt(&self.keys[0].name)))),
            ],
        )?;
        Ok(Row::cost(
            "wraps of one envelope in four locations, 50 ms away each",
            &four,
            "one call",
            &one,
            1.2,
        ))
    }

    fn again<F: Future<Output = Result<()>>>(&self, calls: usize, call: impl Fn() -> F) -> Result<()> {
        self.runtime.block_on(async {
            for _ in 0..calls {
                call().await?;
            }
            Ok(())
        })
    }

    async fn encrypt(&self, key: &CryptoKeyName) -> Result<()> {
        let answer = self
            .kms
            .encrypt(EncryptWith::Key(key), &[7; 32], &[1; 79])
            .await?;
        (!answer.ciphertext.is_empty()).then_some(()).ok_or_else(nothing)
    }
}

/// The provider, with a quota that a loop on this machine does not meet.
fn provider(endpoint: String) -> GcpKms {
    let quota = Quota {
        reads_per_minute: u32::MAX,
        writes_per_minute: u32::MAX,
        crypto_per_minute: u32::MAX,
        ..Quota::default()
    };
    let otherwise = Settings {
        endpoint: Some(endpoint),
        quota,
        ..Settings::default()
    };
    let access = Access {
        otherwise,
        ..Access::default()
    };
    GcpKms::new(access, Arc::new(SystemClock), Box::new(StdRng::seed_from_u64(2)))
}

async fn bare(endpoint: String) -> Result<KeyManagementService> {
    KeyManagementService::builder()
        .with_endpoint(endpoint)
        .with_credentials(anonymous::Builder::new().build())
        .with_retry_policy(NeverRetry)
        .build()
        .await
        .map_err(|error| Error::unavailable("Google's client does not start").because(error))
}

/// As the provider asks, checksums included; nothing of the answer is checked.
async fn encrypt_bare(client: &KeyManagementService, key: &str) -> Result<()> {
    let (plaintext, aad) = ([7_u8; 32], [1_u8; 79]);
    let answer = client
        .encrypt()
        .set_name(key)
        .set_plaintext(plaintext.to_vec())
        .set_plaintext_crc32c(i64::from(crc32c::crc32c(&plaintext)))
        .set_additional_authenticated_data(aad.to_vec())
        .set_additional_authenticated_data_crc32c(i64::from(crc32c::crc32c(&aad)))
        .send()
        .await
        .map_err(|error| Error::unavailable("Google's client failed").because(error))?;
    (!answer.ciphertext.is_empty()).then_some(()).ok_or_else(nothing)
}

fn key(location: &str) -> Result<KeyRef> {
    let ring = KeyRingName::new("bench", Location::parse(location)?, "bench")?;
    Ok(KeyRef {
        provider: Provider::Gcp,
        name: ring.key("bench")?,
    })
}

fn nothing() -> Error {
    Error::bug("nothing came back")
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
