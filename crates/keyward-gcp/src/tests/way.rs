//! Endpoints that cannot be spoken to: what is said, and how soon.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use keyward_core::kms::{EncryptWith, KmsCode, KmsCrypt, KmsError};

use super::stub::{Stub, json};
use super::{key, kms_with, settings};
use crate::access::CredentialSource;
use crate::kms::GcpKms;

fn at(endpoint: &str) -> GcpKms {
    let stub = Stub::new(|_, _| json("{}"));
    let mut settings = settings(&stub);
    settings.endpoint = Some(endpoint.to_owned());
    kms_with(settings, CredentialSource::Anonymous)
}

async fn refusal(kms: &GcpKms) -> KmsError {
    kms.encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap_err()
}

/// Somebody who reads a little and then says these bytes, and how many came.
fn saying(bytes: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen: Arc<AtomicUsize> = Arc::default();
    let counted = Arc::clone(&seen);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(bytes);
        }
    });
    (address, seen)
}

#[tokio::test]
async fn http_to_a_server_of_tls_is_told_at_once() {
    // A fatal alert of TLS: protocol version.
    let (address, came) = saying(&[0x15, 3, 3, 0, 2, 2, 70]);
    let error = refusal(&at(&format!("http://{address}"))).await;
    assert_eq!(error.code, KmsCode::Unavailable, "{error}");
    assert!(error.message.contains("TLS") && error.hint.unwrap().contains("write https://"));
    assert_eq!(came.load(Ordering::SeqCst), 1, "it is not tried again");
}

#[tokio::test]
async fn a_certificate_of_the_emulator_that_is_not_trusted_is_told_with_its_cure() {
    let folder = std::env::temp_dir().join(format!("keyward-tls-{}", std::process::id()));
    let emulator = keyward_emulator::Emulator::builder()
        .tls(&folder)
        .start()
        .unwrap();
    let error = refusal(&at(&emulator.endpoint())).await;
    let hint = error.hint.clone().unwrap();
    assert!(hint.contains("SSL_CERT_FILE=DIR/ca.pem"), "{error}; {hint}");
    assert!(
        !hint.contains("regional") && error.message.contains("not trusted"),
        "{error}; {hint}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_ciphertext_that_was_not_sent_is_not_damaged() {
    for endpoint in ["http://kms.example", "127.0.0.1:9010"] {
        let answer = at(endpoint).decrypt(&key(), b"ciphertext", b"").await;
        let error = answer.err().unwrap();
        assert_eq!(error.code, KmsCode::Unavailable, "{error}");
    }
}
