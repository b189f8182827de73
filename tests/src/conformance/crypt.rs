//! Encrypting and decrypting.

use keyward_core::key::KeySpec;
use keyward_core::kms::{EncryptWith, KmsCode, Observed};
use keyward_core::limits;

use super::Subject;
use super::subject::{present, refused, says};

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
    let sealed = subject.encrypt_with(&second).await.unwrap();
    assert_eq!(sealed.version, second);
    subject.assert_opens(&key, &sealed).await;
    refused(subject.encrypt_with(&key.version(3)).await, KmsCode::NotFound);
}

pub(super) async fn old_versions_decrypt_after_the_primary_changed(subject: &Subject) {
    let key = subject.key().await;
    let old = subject.encrypt(&key).await.unwrap();
    let second = subject.admin.create_version(&key).await.unwrap().name;
    subject.admin.set_primary(&second).await.unwrap();
    let new = subject.encrypt_by(&second).await;
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
    says(
        &refusal,
        "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
    );
}

pub(super) async fn the_same_id_in_another_ring_is_another_key(subject: &Subject) {
    let mine = subject.key().await;
    let ring = subject.ring_beside("beside");
    subject.admin.create_ring(&ring).await.unwrap();
    assert_eq!(present(subject.read.list_keys(&ring).await), []);
    let other = ring.key(mine.id()).unwrap();
    assert_eq!(subject.read.get_key(&other).await, Observed::Absent);
    subject
        .admin
        .create_key(&other, KeySpec::default())
        .await
        .unwrap();
    let listed = present(subject.read.list_keys(&ring).await);
    assert_eq!(listed, [subject.seen(&other).await]);
    let (sealed, beside) = (
        subject.encrypt(&mine).await.unwrap(),
        subject.encrypt(&other).await.unwrap(),
    );
    refused(subject.decrypt(&other, &sealed).await, KmsCode::InvalidArgument);
    refused(subject.decrypt(&mine, &beside).await, KmsCode::InvalidArgument);
    subject.assert_opens(&other, &beside).await;
}

pub(super) async fn a_version_that_is_not_enabled_is_not_used(subject: &Subject) {
    let key = subject.key().await;
    let sealed = subject.encrypt(&key).await.unwrap();
    subject.admin.disable(&sealed.version).await.unwrap();
    let message = format!("{} is not enabled, current state is: DISABLED.", sealed.version);
    let refusal = subject.refusal(async || subject.encrypt(&key).await).await;
    says(&refusal, &message);
    let refusal = subject
        .refusal(async || subject.decrypt(&key, &sealed).await)
        .await;
    says(&refusal, &message);
    subject.rescue.enable(&sealed.version).await.unwrap();
    subject.assert_opens(&key, &sealed).await;
}

pub(super) async fn a_named_version_encrypts_only_while_it_is_enabled(subject: &Subject) {
    let key = subject.key().await;
    let second = subject.admin.create_version(&key).await.unwrap().name;
    subject.admin.disable(&second).await.unwrap();
    subject
        .refusal(async || subject.encrypt_with(&second).await)
        .await;
    subject.rescue.enable(&second).await.unwrap();
    assert_eq!(subject.encrypt_with(&second).await.unwrap().version, second);
}

pub(super) async fn an_old_version_decrypts_only_while_it_is_enabled(subject: &Subject) {
    let key = subject.key().await;
    let old = subject.encrypt(&key).await.unwrap();
    let second = subject.admin.create_version(&key).await.unwrap().name;
    subject.admin.set_primary(&second).await.unwrap();
    subject.admin.disable(&old.version).await.unwrap();
    subject.refusal(async || subject.decrypt(&key, &old).await).await;
    subject.rescue.enable(&old.version).await.unwrap();
    subject.assert_opens(&key, &old).await;
}

pub(super) async fn without_a_primary_a_key_does_not_encrypt(subject: &Subject) {
    let spec = KeySpec {
        skip_initial_version: true,
        ..KeySpec::default()
    };
    let key = subject.key_like(spec).await;
    subject.refusal(async || subject.encrypt(&key).await).await;
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
    subject
        .refusal(async || subject.crypt.encrypt(EncryptWith::Key(&key), &more, b"").await)
        .await;
    let missing = subject.unused();
    let answer = subject
        .crypt
        .encrypt(EncryptWith::Key(&missing), &more, b"")
        .await;
    refused(answer, KmsCode::NotFound);
}

pub(super) async fn a_refusal_names_the_version_and_its_state(subject: &Subject) {
    let key = subject.key().await;
    let sealed = subject.encrypt(&key).await.unwrap();
    subject.admin.disable(&sealed.version).await.unwrap();
    for refusal in [
        subject.refusal(async || subject.encrypt(&key).await).await,
        subject
            .refusal(async || subject.decrypt(&key, &sealed).await)
            .await,
    ] {
        let violation = refusal.violation.expect("a violation");
        assert_eq!(violation.kind, "KEY_DISABLED");
        assert_eq!(violation.subject, sealed.version.to_string());
    }
}
