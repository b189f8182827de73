//! Encrypting and decrypting.

use keyward_core::key::KeySpec;
use keyward_core::kms::{EncryptWith, KmsCode};
use keyward_core::limits;

use super::Subject;
use super::subject::refused;

pub(super) async fn a_key_encrypts_with_its_primary_and_says_so(subject: &Subject) {
    let key = subject.key().await;
    let sealed = subject.encrypt(&key).await.unwrap();
    assert_eq!(sealed.version, key.version(1));
    subject.assert_opens(&key, &sealed).await;
    let empty = subject
        .crypt
        .encrypt(EncryptWith::Key(&key), b"x", b"")
        .await
        .unwrap();
    let opened = subject.crypt.decrypt(&key, &empty.ciphertext, b"").await.unwrap();
    assert_eq!(opened.expose(), b"x");
}

pub(super) async fn a_version_encrypts_by_its_own_name(subject: &Subject) {
    let key = subject.key().await;
    let second = subject.admin.create_version(&key).await.unwrap().name;
    let with = EncryptWith::Version(&second);
    let sealed = subject.crypt.encrypt(with, b"plaintext", b"aad").await.unwrap();
    assert_eq!(sealed.version, second);
    subject.assert_opens(&key, &sealed).await;
    let missing = key.version(3);
    let with = EncryptWith::Version(&missing);
    refused(
        subject.crypt.encrypt(with, b"plaintext", b"aad").await,
        KmsCode::NotFound,
    );
}

pub(super) async fn old_versions_decrypt_after_the_primary_changed(subject: &Subject) {
    let key = subject.key().await;
    let old = subject.encrypt(&key).await.unwrap();
    let second = subject.admin.create_version(&key).await.unwrap().name;
    subject.admin.set_primary(&second).await.unwrap();
    let new = subject.encrypt(&key).await.unwrap();
    assert_eq!(new.version, second);
    subject.assert_opens(&key, &old).await;
    subject.assert_opens(&key, &new).await;
}

pub(super) async fn equal_plaintexts_have_different_ciphertexts(subject: &Subject) {
    let key = subject.key().await;
    let (one, two) = (
        subject.encrypt(&key).await.unwrap(),
        subject.encrypt(&key).await.unwrap(),
    );
    assert_ne!(one.ciphertext, two.ciphertext);
}

pub(super) async fn what_was_changed_does_not_open(subject: &Subject) {
    let key = subject.key().await;
    let sealed = subject.encrypt(&key).await.unwrap().ciphertext;
    let mut changed = vec![
        Vec::new(),
        sealed[..sealed.len() - 1].to_vec(),
        [&sealed[..], b"x"].concat(),
    ];
    for place in [0, sealed.len() / 2, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[place] ^= 1;
        changed.push(flipped);
    }
    for ciphertext in changed {
        refused(
            subject.crypt.decrypt(&key, &ciphertext, b"aad").await,
            KmsCode::InvalidArgument,
        );
    }
    for aad in [&b""[..], b"Aad", b"aad "] {
        refused(
            subject.crypt.decrypt(&key, &sealed, aad).await,
            KmsCode::InvalidArgument,
        );
    }
}

pub(super) async fn another_key_does_not_open(subject: &Subject) {
    let (mine, other) = (subject.key().await, subject.key().await);
    let sealed = subject.encrypt(&mine).await.unwrap();
    let refusal = refused(subject.decrypt(&other, &sealed).await, KmsCode::InvalidArgument);
    assert_eq!(
        refusal.message,
        "Decryption failed: verify that 'name' refers to the correct CryptoKey."
    );
}

pub(super) async fn a_version_that_is_not_enabled_is_not_used(subject: &Subject) {
    let key = subject.key().await;
    let sealed = subject.encrypt(&key).await.unwrap();
    subject.admin.disable(&sealed.version).await.unwrap();
    let message = format!("{} is not enabled, current state is: DISABLED.", sealed.version);
    let refusal = refused(subject.encrypt(&key).await, KmsCode::FailedPrecondition);
    assert_eq!(refusal.message, message);
    let refusal = refused(subject.decrypt(&key, &sealed).await, KmsCode::FailedPrecondition);
    assert_eq!(refusal.message, message);
    subject.rescue.enable(&sealed.version).await.unwrap();
    subject.assert_opens(&key, &sealed).await;
}

pub(super) async fn without_a_primary_a_key_does_not_encrypt(subject: &Subject) {
    let spec = KeySpec {
        skip_initial_version: true,
        ..KeySpec::default()
    };
    let key = subject.key_like(spec).await;
    refused(subject.encrypt(&key).await, KmsCode::FailedPrecondition);
}

pub(super) async fn a_missing_key_is_not_found(subject: &Subject) {
    let sealed = subject.encrypt(&subject.key().await).await.unwrap();
    let missing = subject.unused();
    refused(subject.encrypt(&missing).await, KmsCode::NotFound);
    refused(subject.decrypt(&missing, &sealed).await, KmsCode::NotFound);
}

pub(super) async fn sizes_are_limited(subject: &Subject) {
    let key = subject.key().await;
    let with = EncryptWith::Key(&key);
    let most = vec![7; limits::KMS_PLAINTEXT_LEN];
    let sealed = subject.crypt.encrypt(with, &most, &most).await.unwrap();
    let opened = subject
        .crypt
        .decrypt(&key, &sealed.ciphertext, &most)
        .await
        .unwrap();
    assert_eq!(opened.expose(), most);
    let more = vec![7; limits::KMS_PLAINTEXT_LEN + 1];
    refused(
        subject.crypt.encrypt(with, &more, b"").await,
        KmsCode::InvalidArgument,
    );
    refused(
        subject.crypt.encrypt(with, b"x", &more).await,
        KmsCode::InvalidArgument,
    );
    refused(
        subject.crypt.decrypt(&key, &sealed.ciphertext, &more).await,
        KmsCode::InvalidArgument,
    );
}

pub(super) async fn state_is_checked_before_arguments(subject: &Subject) {
    let key = subject.key().await;
    subject.admin.disable(&key.version(1)).await.unwrap();
    let more = vec![7; limits::KMS_PLAINTEXT_LEN + 1];
    let answer = subject.crypt.encrypt(EncryptWith::Key(&key), &more, b"").await;
    refused(answer, KmsCode::FailedPrecondition);
    let missing = subject.unused();
    let answer = subject
        .crypt
        .encrypt(EncryptWith::Key(&missing), &more, b"")
        .await;
    refused(answer, KmsCode::NotFound);
}
