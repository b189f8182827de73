//! The root key: lost, wrong, damaged, or under a passphrase.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use keyward_core::error::{Error, ErrorKind};
use keyward_core::key::KeySpec;
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRead, KmsRescue, Observed};
use keyward_core::secret::SecretBytes;
use keyward_embedded::{RootKeySource, is_passphrase_protected};
use support::{Bench, decrypt, encrypt, key, refused, ring, version, wait};

#[test]
fn a_lost_root_key_is_named_and_never_replaced() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    fs::remove_file(bench.root()).unwrap();
    let kms = bench.again();
    for answer in [
        encrypt(&kms).map(drop),
        decrypt(&kms, &sealed).map(drop),
        wait(kms.create_version(&key())).map(drop),
        wait(kms.create_key(&ring().key("second").unwrap(), KeySpec::default())).map(drop),
    ] {
        refused(answer, KmsCode::Unavailable, "root.key: the root key is missing");
    }
    let elsewhere = "projects/local/locations/us-central1/keyRings/r".parse().unwrap();
    wait(kms.create_ring(&elsewhere)).unwrap();
    refused(
        wait(kms.create_key(&elsewhere.key("k").unwrap(), KeySpec::default())),
        KmsCode::Unavailable,
        "europe-west1.db are sealed under it",
    );
    assert!(!bench.root().exists());
}

#[test]
fn looking_disabling_and_rescue_need_no_root_key() {
    let bench = Bench::with_key();
    fs::remove_file(bench.root()).unwrap();
    let kms = bench.again();
    assert!(matches!(wait(kms.get_key(&key())), Observed::Present(_)));
    wait(kms.disable(&version(1))).unwrap();
    wait(kms.enable(&version(1))).unwrap();
}

#[test]
fn a_root_key_is_made_only_for_material() {
    let bench = Bench::new();
    wait(bench.kms.create_ring(&ring())).unwrap();
    let bare = KeySpec {
        skip_initial_version: true,
        ..KeySpec::default()
    };
    wait(bench.kms.create_key(&key(), bare)).unwrap();
    assert!(!bench.root().exists());
    wait(bench.kms.create_version(&key())).unwrap();
    assert!(bench.root().exists());
    assert_eq!(is_passphrase_protected(&bench.root()).unwrap(), Some(false));
}

#[test]
fn a_link_to_nothing_is_named_and_not_replaced() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    fs::remove_file(bench.root()).unwrap();
    std::os::unix::fs::symlink("nowhere", bench.root()).unwrap();
    for answer in [
        decrypt(&bench.again(), &sealed).map(drop),
        wait(bench.again().create_version(&key())).map(drop),
    ] {
        refused(
            answer,
            KmsCode::Unavailable,
            "a link to a file that does not exist",
        );
    }
}

#[test]
fn another_root_key_is_told_from_damage() {
    let (bench, other) = (Bench::with_key(), Bench::with_key());
    let sealed = bench.encrypt();
    fs::copy(other.root(), bench.root()).unwrap();
    let kms = bench.again();
    for answer in [encrypt(&kms).map(drop), decrypt(&kms, &sealed).map(drop)] {
        refused(answer, KmsCode::Internal, "sealed under another root key");
    }
    refused(
        wait(kms.create_version(&key())),
        KmsCode::Internal,
        "sealed under another root key",
    );
}

#[test]
fn a_root_key_of_another_folder_is_not_taken_for_a_new_location() {
    let (bench, other) = (Bench::with_key(), Bench::with_key());
    fs::copy(other.root(), bench.root()).unwrap();
    let kms = bench.again();
    let elsewhere = "projects/local/locations/us-central1/keyRings/r".parse().unwrap();
    wait(kms.create_ring(&elsewhere)).unwrap();
    refused(
        wait(kms.create_key(&elsewhere.key("k").unwrap(), KeySpec::default())),
        KmsCode::Internal,
        "europe-west1.db are sealed under another root key",
    );
    let unmade = wait(kms.get_key(&elsewhere.key("k").unwrap()));
    assert_eq!(unmade, Observed::Absent);
}

#[test]
fn a_damaged_root_key_file_is_damage() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    let good = fs::read_to_string(bench.root()).unwrap();
    let short = good.replace("plain\n", "plain\nAAAA\n");
    for bad in [
        "",
        "# only a comment\n",
        "keyward-root-key 2 plain\n",
        &good[..good.len() - 4],
        &short,
    ] {
        fs::write(bench.root(), bad).unwrap();
        refused(
            decrypt(&bench.again(), &sealed),
            KmsCode::Internal,
            "not a root key file",
        );
    }
    let large = format!("{good}{}", "#\n".repeat(1 << 20));
    fs::write(bench.root(), large).unwrap();
    refused(
        decrypt(&bench.again(), &sealed),
        KmsCode::Internal,
        "not a root key file",
    );
    fs::write(bench.root(), format!("# moved here by hand\n{good}")).unwrap();
    decrypt(&bench.again(), &sealed).unwrap();
}

fn asking(file: PathBuf, passphrase: &'static str, asked: &Arc<AtomicU32>) -> RootKeySource {
    let asked = Arc::clone(asked);
    RootKeySource::Passphrase {
        file,
        ask: Box::new(move || {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(SecretBytes::new(passphrase.as_bytes().to_vec()))
        }),
    }
}

#[test]
fn a_passphrase_opens_and_a_wrong_one_is_damage() {
    let bench = Bench::new();
    let asked = Arc::new(AtomicU32::new(0));
    let kms = bench.under(asking(bench.root(), "correct horse", &asked));
    wait(kms.create_ring(&ring())).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    wait(kms.create_key(&key(), KeySpec::default())).unwrap();
    let sealed = encrypt(&kms).unwrap();
    decrypt(&kms, &sealed).unwrap();
    assert_eq!(
        asked.load(Ordering::Relaxed),
        1,
        "asked once, when material was made"
    );
    assert_eq!(is_passphrase_protected(&bench.root()).unwrap(), Some(true));

    let again = bench.under(asking(bench.root(), "correct horse", &asked));
    decrypt(&again, &sealed).unwrap();

    let wrong = bench.under(asking(bench.root(), "correct hors", &asked));
    let error = decrypt(&wrong, &sealed).err().unwrap();
    assert!(
        error
            .message
            .contains("root.key: the passphrase does not open it"),
        "{error}"
    );
    assert_eq!(keyward_core::error::Error::from(error).kind(), ErrorKind::Damaged);

    refused(
        decrypt(&bench.again(), &sealed),
        KmsCode::FailedPrecondition,
        "under a passphrase",
    );
}

/// Whose `ask` says that it was called, and answers when it is told to.
fn slow(file: PathBuf) -> (RootKeySource, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (asking, asked) = mpsc::channel();
    let (answer, answered) = mpsc::channel();
    let (asking, answered) = (Mutex::new(asking), Mutex::new(answered));
    let source = RootKeySource::Passphrase {
        file,
        ask: Box::new(move || {
            asking.lock().unwrap().send(()).unwrap();
            answered.lock().unwrap().recv().unwrap();
            Ok(SecretBytes::new(b"correct horse".to_vec()))
        }),
    };
    (source, asked, answer)
}

#[test]
fn nobody_waits_for_a_person_who_is_asked() {
    let bench = Bench::new();
    let kms = bench.under(asking(bench.root(), "correct horse", &Arc::default()));
    wait(kms.create_ring(&ring())).unwrap();
    wait(kms.create_key(&key(), KeySpec::default())).unwrap();
    let sealed = encrypt(&kms).unwrap();

    let (source, asked, answer) = slow(bench.root());
    let slow = bench.under(source);
    let opening = thread::spawn(move || decrypt(&slow, &sealed).map(|plain| plain.expose().to_vec()));
    asked.recv().unwrap();
    wait(bench.again().disable(&version(1))).unwrap();
    wait(bench.again().enable(&version(1))).unwrap();
    answer.send(()).unwrap();
    assert_eq!(opening.join().unwrap().unwrap(), b"plain");
}

#[test]
fn asking_ahead_asks_once_and_only_where_there_is_a_passphrase() {
    let bench = Bench::new();
    let asked = Arc::new(AtomicU32::new(0));
    let kms = bench.under(asking(bench.root(), "correct horse", &asked));
    kms.ask_ahead().unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0, "there is no root key yet");
    wait(kms.create_ring(&ring())).unwrap();
    wait(kms.create_key(&key(), KeySpec::default())).unwrap();

    let again = bench.under(asking(bench.root(), "correct horse", &asked));
    again.ask_ahead().unwrap();
    assert_eq!(asked.swap(0, Ordering::Relaxed), 2);
    encrypt(&again).unwrap();
    again.ask_ahead().unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_passphrase_that_nobody_can_be_asked_for_is_unavailable() {
    let bench = Bench::new();
    let kms = bench.under(asking(bench.root(), "correct horse", &Arc::default()));
    wait(kms.create_ring(&ring())).unwrap();
    wait(kms.create_key(&key(), KeySpec::default())).unwrap();
    let mute = bench.under(RootKeySource::Passphrase {
        file: bench.root(),
        ask: Box::new(|| Err(Error::usage("there is no terminal"))),
    });
    refused(encrypt(&mute), KmsCode::Unavailable, "there is no terminal");
}

#[test]
fn nothing_is_protected_where_nothing_is() {
    let bench = Bench::new();
    assert_eq!(is_passphrase_protected(&bench.root()).unwrap(), None);
}
