//! Encryption and decryption against answers that cannot be true, refusals, quotas and silence.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keyward_core::kms::{EncryptWith, KmsCode, KmsCrypt};

use super::stub::{Reply, Stub, json, refusal};
use super::{KEY, key, kms, kms_with, settings, version};
use crate::access::{CredentialSource, Impersonate};
use crate::integrity::crc;

fn encrypted(name: &str, verified: bool, checksum: i64) -> Reply {
    let ciphertext = BASE64_STANDARD.encode(b"ciphertext");
    json(format!(
        r#"{{"name":"{name}","ciphertext":"{ciphertext}","ciphertextCrc32c":"{checksum}","verifiedPlaintextCrc32c":{verified},"verifiedAdditionalAuthenticatedDataCrc32c":true}}"#
    ))
}

fn good() -> Reply {
    encrypted(&format!("{KEY}/cryptoKeyVersions/3"), true, crc(b"ciphertext"))
}

fn decrypted(checksum: i64) -> Reply {
    let plaintext = BASE64_STANDARD.encode(b"secret");
    json(format!(
        r#"{{"plaintext":"{plaintext}","plaintextCrc32c":"{checksum}"}}"#
    ))
}

#[tokio::test]
async fn an_answer_that_cannot_be_true_is_discarded_and_asked_for_three_times() {
    let version_3 = format!("{KEY}/cryptoKeyVersions/3");
    let other = version_3.replace("/k/", "/other/");
    let bad: [(&str, bool, i64, &str); 4] = [
        (&version_3, true, crc(b"other"), "checksum"),
        (&version_3, false, crc(b"ciphertext"), "plaintext arrived whole"),
        (&other, true, crc(b"ciphertext"), "answered for it"),
        ("", true, crc(b"ciphertext"), "not named"),
    ];
    for (name, verified, checksum, why) in bad {
        let name = name.to_owned();
        let stub = Stub::new(move |_, _| encrypted(&name, verified, checksum));
        let error = kms(&stub)
            .encrypt(EncryptWith::Key(&key()), b"secret", b"aad")
            .await
            .unwrap_err();
        assert_eq!(error.code, KmsCode::Internal, "{error}");
        assert!(error.message.contains(why), "{error}");
        assert_eq!(stub.count(":encrypt"), 3, "{why}");
    }
}

#[tokio::test]
async fn after_a_bad_answer_a_good_one_counts() {
    let stub = Stub::new(|before, _| match before {
        0 => encrypted(&format!("{KEY}/cryptoKeyVersions/3"), true, 1),
        1 => refusal(
            400,
            "INVALID_ARGUMENT",
            "The checksum in field plaintext_crc32c did not match the data in field plaintext.",
            "",
        ),
        _ => good(),
    });
    let answer = kms(&stub)
        .encrypt(EncryptWith::Key(&key()), b"secret", b"aad")
        .await
        .unwrap();
    assert_eq!(
        (answer.version, answer.ciphertext.as_slice()),
        (key().version(3), &b"ciphertext"[..])
    );
    assert_eq!(stub.count(":encrypt"), 3);
}

#[tokio::test]
async fn a_named_version_answers_itself() {
    let stub = Stub::new(|_, _| good());
    let kms = kms(&stub);
    let third = key().version(3);
    let answer = kms
        .encrypt(EncryptWith::Version(&third), b"secret", b"")
        .await
        .unwrap();
    assert_eq!(answer.version, third);
    assert_eq!(stub.count("cryptoKeyVersions/3:encrypt"), 1);
    let error = kms
        .encrypt(EncryptWith::Version(&key().version(2)), b"secret", b"")
        .await
        .unwrap_err();
    assert_eq!(error.code, KmsCode::Internal, "{error}");
}

#[tokio::test]
async fn a_plaintext_with_a_wrong_checksum_is_no_plaintext() {
    let stub = Stub::new(|before, _| decrypted(if before == 0 { 1 } else { crc(b"secret") }));
    let plaintext = kms(&stub)
        .decrypt(&key(), b"ciphertext", b"aad")
        .await
        .ok()
        .unwrap();
    assert!(plaintext.same_as(b"secret"));
    assert_eq!(stub.count(":decrypt"), 2);
}

#[tokio::test]
async fn what_an_answer_held_is_in_no_error() {
    let stub = Stub::new(|_, _| json(r#"{"plaintext":"geheim-not-base64!","plaintextCrc32c":"geheim"}"#));
    let error = kms(&stub)
        .decrypt(&key(), b"ciphertext", b"")
        .await
        .err()
        .unwrap();
    assert_eq!(error.code, KmsCode::Internal);
    assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_ciphertext_is_asked_about_once() {
    let stub = Stub::new(|_, _| {
        refusal(
            400,
            "INVALID_ARGUMENT",
            "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
            "",
        )
    });
    let error = kms(&stub)
        .decrypt(&key(), b"ciphertext", b"")
        .await
        .err()
        .unwrap();
    assert_eq!(error.code, KmsCode::InvalidArgument);
    assert!(error.message.contains(KEY), "{error}");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn quota_errors_slow_down_and_do_not_fail() {
    let stub = Stub::new(|before, _| match before {
        0..20 => refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded", ""),
        _ => good(),
    });
    kms(&stub)
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap();
    assert_eq!(stub.count(":encrypt"), 21);
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let stub = Stub::new(|_, _| Reply::Late);
    let mut settings = settings(&stub);
    settings.deadline = Duration::from_millis(300);
    let start = Instant::now();
    let kms = kms_with(settings, CredentialSource::Anonymous);
    let error = kms
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap_err();
    assert_eq!(error.code, KmsCode::DeadlineExceeded, "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(stub.count(":encrypt"), 2, "half of the time each");
}

#[tokio::test]
async fn lost_answers_of_encryption_are_asked_for_again() {
    let stub = Stub::new(|before, _| match before {
        0 => Reply::Dropped,
        1 => refusal(503, "UNAVAILABLE", "try again", ""),
        2 => Reply::Json(502, "<html>bad gateway</html>".to_owned()),
        _ => good(),
    });
    kms(&stub)
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_scheduled_version_is_named_with_its_hours_and_the_way_back() {
    let stub = Stub::new(|_, asked| match asked.method.as_str() {
        "GET" => json(version(
            3,
            "DESTROY_SCHEDULED",
            r#","destroyTime":"2026-01-02T00:00:00Z""#,
        )),
        _ => refusal(
            400,
            "FAILED_PRECONDITION",
            &format!("{KEY}/cryptoKeyVersions/3 is not enabled, current state is: DESTROY_SCHEDULED."),
            &format!(
                r#"{{"@type":"type.googleapis.com/google.rpc.PreconditionFailure","violations":[{{"type":"KEY_DESTROY_SCHEDULED","subject":"{KEY}/cryptoKeyVersions/3"}}]}}"#
            ),
        ),
    });
    let error = kms(&stub)
        .decrypt(&key(), b"ciphertext", b"")
        .await
        .err()
        .unwrap();
    assert_eq!(error.code, KmsCode::FailedPrecondition);
    assert_eq!(error.violation.unwrap().kind, "KEY_DESTROY_SCHEDULED");
    let hint = error.hint.unwrap();
    assert!(hint.contains("24 hours left"), "{hint}");
    assert!(
        hint.contains(&format!(
            "keyward key restore gcp-kms://{KEY}/cryptoKeyVersions/3"
        )),
        "{hint}"
    );
}

#[tokio::test]
async fn identities_and_quota_projects_go_with_the_port() {
    let stub = Stub::new(|_, _| good());
    let mut settings = settings(&stub);
    settings.quota_project = Some("payer".to_owned());
    settings.impersonate = Impersonate {
        crypt: Some("robot@p.iam.gserviceaccount.com".to_owned()),
        ..Impersonate::default()
    };
    let kms = kms_with(settings, CredentialSource::ApplicationDefault);
    kms.encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap();
    let asked = stub.asked().remove(0);
    assert_eq!(
        asked.authorization.unwrap(),
        "Bearer robot@p.iam.gserviceaccount.com"
    );
    assert_eq!(asked.quota_project.unwrap(), "payer");
}

#[tokio::test]
async fn a_refused_token_is_asked_for_again_once() {
    let stub = Stub::new(|before, _| match before {
        0 => refusal(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
            "",
        ),
        _ => good(),
    });
    let command = ["sh", "-c", "date +token-%s%N"].map(OsString::from).to_vec();
    let kms = kms_with(settings(&stub), CredentialSource::Command(command));
    kms.encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap();
    let asked = stub.asked();
    assert_ne!(asked[0].authorization, asked[1].authorization);
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_said_soon() {
    let stub = Stub::new(|_, _| good());
    let mut settings = settings(&stub);
    settings.endpoint = Some("http://127.0.0.1:1".to_owned());
    let kms = kms_with(settings, CredentialSource::ApplicationDefault);
    let error = kms
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap_err();
    assert_eq!(error.code, KmsCode::Unavailable, "{error}");
    assert!(error.message.contains("127.0.0.1:1") && error.hint.unwrap().contains("emulator"));
}
