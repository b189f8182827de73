//! Seals a secret under keys of Google Cloud KMS in two locations, and opens it again.
//!
//! `cargo run -p keyward --example cloud_kms -- http://127.0.0.1:9010`, with the address of an emulator. The keys it makes
//! there stay; in Google Cloud they would cost money, so that an address on this machine is demanded.

#![allow(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::sync::Arc;

use keyward::envelope::{open_bytes, seal_bytes};
use keyward::keyring::{Keyring, Opener, Permitted, Sealer};
use keyward::registry::Crypters;
use keyward_core::clock::{Clock, Timestamp};
use keyward_core::context::EncryptionContext;
use keyward_core::key::KeySpec;
use keyward_core::kms::{KmsAdmin, KmsCode, KmsError};
use keyward_core::manifest::is_on_this_machine;
use keyward_core::name::{KeyRef, Provider};
use keyward_gcp::{Access, GcpKms, Settings};
use rand::rngs::StdRng;

const LOCATIONS: [&str; 2] = ["europe-west1", "us-central1"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(endpoint) if is_on_this_machine(&endpoint) => seal_and_open(&endpoint).await,
        _ => Err("give the address of an emulator on this machine: http://127.0.0.1:9010".into()),
    }
}

async fn seal_and_open(endpoint: &str) -> Result<(), Box<dyn Error>> {
    let kms = Arc::new(cloud_kms(endpoint));
    let keyring = Keyring {
        keys: create_keys(&kms).await?,
        escrow: Vec::new(),
    };
    let crypters = Crypters::new().with(Provider::Gcp, kms);

    let mut context = EncryptionContext::new();
    context.insert("env", "demo")?;
    let sealer = Sealer::new(&crypters, &keyring);
    let mut rng = rand::make_rng::<StdRng>();
    let (envelope, sealed) = seal_bytes(b"open sesame", context.clone(), &sealer, &mut rng).await?;
    println!(
        "sealed: {} bytes, {} wraps",
        envelope.len(),
        sealed.header.wraps().len()
    );

    // Which keys may be asked is the reader's decision, never the envelope's.
    let permitted = Permitted::none().keys(keyring.keys.iter().cloned());
    let opener = Opener::new(&crypters, &permitted, &[], &context);
    let (secret, unlocked) = open_bytes(&envelope, &opener).await?;
    println!("opened by {}", unlocked.opened_by);
    assert_eq!(secret.expose(), b"open sesame");
    Ok(())
}

/// Every ring at one address. A program that reaches rings in several ways gives each a route.
fn cloud_kms(endpoint: &str) -> GcpKms {
    let access = Access {
        otherwise: Settings {
            endpoint: Some(endpoint.to_owned()),
            ..Settings::default()
        },
        ..Access::default()
    };
    let rng = Box::new(rand::make_rng::<StdRng>());
    GcpKms::new(access, Arc::new(SystemClock), rng)
}

async fn create_keys(kms: &GcpKms) -> Result<Vec<KeyRef>, Box<dyn Error>> {
    let mut keys = Vec::new();
    for location in LOCATIONS {
        let name = format!("gcp-kms://projects/demo/locations/{location}/keyRings/demo/cryptoKeys/reports");
        let key: KeyRef = name.parse()?;
        unless_there(kms.create_ring(key.name.ring()).await)?;
        unless_there(kms.create_key(&key.name, KeySpec::default()).await)?;
        keys.push(key);
    }
    Ok(keys)
}

fn unless_there<T>(made: Result<T, KmsError>) -> Result<(), KmsError> {
    match made {
        Err(why) if why.code != KmsCode::AlreadyExists => Err(why),
        _ => Ok(()),
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[tokio::test]
async fn it_runs_twice() {
    let emulator = keyward_emulator::Emulator::start().unwrap();
    for _ in 0..2 {
        seal_and_open(&emulator.endpoint()).await.unwrap();
    }
}
