//! Seals a file under a keyring of two locations and an offline recipient, loses a location, and opens the file again.
//!
//! `cargo run -p keyward --example seal_file`

#![allow(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use keyward::body::Workers;
use keyward::envelope::{EnvelopeFile, seal_file};
use keyward::keyring::{Keyring, Opener, Permitted, Sealer};
use keyward::registry::Crypters;
use keyward_age::AgeRecipientKey;
use keyward_core::clock::{Clock, Timestamp};
use keyward_core::context::EncryptionContext;
use keyward_core::key::KeySpec;
use keyward_core::kms::KmsAdmin;
use keyward_core::name::{KeyRef, Provider};
use keyward_embedded::{EmbeddedKms, RootKeySource};
use rand::rngs::StdRng;

const LOCATIONS: [&str; 2] = ["europe-west1", "us-central1"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let kms = Arc::new(embedded_kms(folder.path()));
    let keyring = Keyring {
        keys: create_keys(&kms).await?,
        escrow: vec![Arc::new(AgeRecipientKey::new(
            keyward_age::generate()?.recipient,
        )?)],
    };
    let crypters = Crypters::new().with(Provider::Embedded, kms);

    let plain = folder.path().join("report.pdf");
    let sealed = folder.path().join("report.pdf.kw");
    fs::write(&plain, "nine hundred pages")?;
    seal(&plain, &sealed, &Sealer::new(&crypters, &keyring)).await?;

    fs::remove_file(folder.path().join("kms/europe-west1.db"))?;
    println!("europe-west1 is gone");

    let opened = folder.path().join("opened.pdf");
    open(&sealed, &opened, &crypters, &keyring).await?;
    assert_eq!(fs::read(&plain)?, fs::read(&opened)?);
    Ok(())
}

/// A KMS in files; its root key is a file too, which is for development.
fn embedded_kms(folder: &Path) -> EmbeddedKms {
    let root = RootKeySource::File(folder.join("root.key"));
    let rng = Box::new(rand::make_rng::<StdRng>());
    EmbeddedKms::new(&folder.join("kms"), root, Arc::new(SystemClock), rng)
}

async fn create_keys(kms: &EmbeddedKms) -> Result<Vec<KeyRef>, Box<dyn Error>> {
    let mut keys = Vec::new();
    for location in LOCATIONS {
        let name =
            format!("embedded-kms://projects/local/locations/{location}/keyRings/demo/cryptoKeys/reports");
        let key: KeyRef = name.parse()?;
        kms.create_ring(key.name.ring()).await?;
        kms.create_key(&key.name, KeySpec::default()).await?;
        keys.push(key);
    }
    Ok(keys)
}

async fn seal(plain: &Path, sealed: &Path, sealer: &Sealer<'_>) -> Result<(), Box<dyn Error>> {
    let mut context = EncryptionContext::new();
    context.insert("env", "demo")?;
    let (source, target) = (File::open(plain)?, File::create_new(sealed)?);
    let mut rng = rand::make_rng::<StdRng>();
    let work = Workers::default();
    let made = seal_file(&source, &target, context, sealer, &mut rng, (work, &|_| {})).await?;
    println!(
        "sealed {} bytes in {} wraps",
        made.plain_len,
        made.header.wraps().len()
    );
    Ok(())
}

async fn open(
    sealed: &Path,
    target: &Path,
    crypters: &Crypters,
    keyring: &Keyring,
) -> Result<(), Box<dyn Error>> {
    // Which keys may be asked is the reader's decision, never the file's.
    let permitted = Permitted::none().keys(keyring.keys.iter().cloned());
    let mut expected = EncryptionContext::new();
    expected.insert("env", "demo")?;

    let envelope = EnvelopeFile::open(sealed)?;
    let opener = Opener::new(crypters, &permitted, &[], &expected);
    let unlocked = envelope.unlock(&opener).await?;
    for attempt in &unlocked.passed_over {
        println!("degraded: {}", attempt.text());
    }
    println!("opened by {}", unlocked.opened_by);
    envelope.open_into(
        &File::create_new(target)?,
        &unlocked.opener,
        Workers::default(),
        &|_| {},
    )?;
    Ok(())
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[test]
fn it_runs() {
    main().unwrap();
}
