//! Identities: what opens, what is not ours, what is broken.

use super::*;
use crate::passphrase::protect_with;
use crate::{AgeRecipientKey, generate};
use keyward_core::clock::Timestamp;
use keyward_core::error::ErrorKind;
use keyward_core::recipient::Recipient;
use std::sync::atomic::{AtomicUsize, Ordering};

fn never() -> Arc<AskPassphrase> {
    Arc::new(|what| panic!("asked for the passphrase of {what}"))
}

fn answers(passphrase: &'static str, asked: &Arc<AtomicUsize>) -> Arc<AskPassphrase> {
    let asked = Arc::clone(asked);
    Arc::new(move |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(SecretBytes::new(passphrase.as_bytes().to_vec()))
    })
}

fn secret(text: &[u8]) -> SecretBytes {
    SecretBytes::new(text.to_vec())
}

/// An identity file's text, and a data key with its wrap for that identity.
fn sealed() -> (SecretBytes, SecretBytes, Vec<u8>) {
    let made = generate().unwrap();
    let data_key = secret(&[7; 32]);
    let wrapped = AgeRecipientKey::new(made.recipient.clone())
        .unwrap()
        .wrap(&data_key)
        .unwrap();
    (made.identity_file(Timestamp::UNIX_EPOCH), data_key, wrapped)
}

#[test]
fn the_identity_file_is_what_age_keygen_writes() {
    let made = generate().unwrap();
    let text = made.identity_file(Timestamp::UNIX_EPOCH);
    let text = std::str::from_utf8(text.expose()).unwrap();
    let lines = text.split('\n').collect::<Vec<_>>();
    assert_eq!(lines[0], "# created: 1970-01-01T00:00:00Z");
    assert_eq!(lines[1], format!("# public key: {}", made.recipient));
    assert!(lines[2].starts_with("AGE-SECRET-KEY-1") && lines[2].len() == 74);
    assert_eq!(lines[3..], [""]);
}

#[test]
fn a_wrap_opens_with_its_identity_and_no_other() {
    let (file, data_key, wrapped) = sealed();
    let mine = AgeIdentity::parse("mine.txt", &file, never()).unwrap();
    let opened = mine.unwrap(&wrapped).unwrap().unwrap();
    assert_eq!(opened.expose(), data_key.expose());
    let other = AgeIdentity::parse("other.txt", &sealed().0, never()).unwrap();
    assert!(other.unwrap(&wrapped).unwrap().is_none());
}

#[test]
fn every_changed_byte_is_damage_or_not_mine_and_never_opens() {
    let (file, _, wrapped) = sealed();
    let mine = AgeIdentity::parse("mine.txt", &file, never()).unwrap();
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        match mine.unwrap(&changed) {
            Ok(opened) => assert!(opened.is_none(), "byte {at}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Damaged, "byte {at}"),
        }
        assert!(mine.unwrap(&wrapped[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_protected_identity_asks_once_and_only_when_needed() {
    let (file, data_key, wrapped) = sealed();
    let asked = Arc::default();
    let protected = protect_with(&file, &secret(b"open sesame"), 8).unwrap();
    let identity = AgeIdentity::parse("id.age", &secret(&protected), answers("open sesame", &asked)).unwrap();
    assert!(identity.is_locked() && asked.load(Ordering::Relaxed) == 0);
    for _ in 0..2 {
        assert_eq!(
            identity.unwrap(&wrapped).unwrap().unwrap().expose(),
            data_key.expose()
        );
    }
    assert!(!identity.is_locked());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_wrong_passphrase_is_damage_on_the_identity_file() {
    let (file, _, wrapped) = sealed();
    let protected = protect_with(&file, &secret(b"open sesame"), 8).unwrap();
    let identity = AgeIdentity::parse(
        "id.age",
        &secret(&protected),
        answers("open barley", &Arc::default()),
    )
    .unwrap();
    let error = identity.unwrap(&wrapped).err().unwrap();
    assert_eq!(
        (error.kind(), error.resource()),
        (ErrorKind::Damaged, Some("id.age"))
    );
}

#[test]
fn a_passphrase_that_was_wrong_is_not_asked_for_again() {
    let (file, _, wrapped) = sealed();
    let asked = Arc::default();
    let protected = protect_with(&file, &secret(b"open sesame"), 8).unwrap();
    let identity = AgeIdentity::parse("id.age", &secret(&protected), answers("wrong", &asked)).unwrap();
    for _ in 0..3 {
        assert_eq!(
            identity.unwrap(&wrapped).err().unwrap().kind(),
            ErrorKind::Damaged
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn an_empty_passphrase_is_refused() {
    assert!(crate::protect(&secret(b"x"), &secret(b"")).is_err());
}
