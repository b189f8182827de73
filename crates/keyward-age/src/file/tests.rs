//! Plain age files: both forms, passphrases, damage and files made to exhaust their reader.

use super::*;
use crate::passphrase::protect_with;
use crate::{Generated, generate};
use keyward_core::clock::Timestamp;
use keyward_core::error::ErrorKind;
use keyward_core::secret::SecretBytes;
use std::sync::Arc;

fn never(what: &str) -> Result<SecretBytes> {
    panic!("asked for the passphrase of {what}")
}

fn identity(made: &Generated) -> AgeIdentity {
    AgeIdentity::parse(
        "id.txt",
        &made.identity_file(Timestamp::UNIX_EPOCH),
        Arc::new(never),
    )
    .unwrap()
}

fn recipient(made: &Generated) -> age::x25519::Recipient {
    made.recipient.as_str().parse().unwrap()
}

fn decrypt(file: &[u8], identities: &[AgeIdentity]) -> Result<Vec<u8>> {
    let mut plaintext = Vec::new();
    let written = decrypt_age(&mut &*file, identities, &never, &mut plaintext)?;
    assert_eq!(written, plaintext.len() as u64);
    Ok(plaintext)
}

fn failure(file: &[u8], identities: &[AgeIdentity]) -> ErrorKind {
    decrypt(file, identities).unwrap_err().kind()
}

#[test]
fn binary_and_armored_files_open_at_every_length_around_a_chunk() {
    let made = generate().unwrap();
    let mine = [identity(&generate().unwrap()), identity(&made)];
    for len in [0, 1, 65_535, 65_536, 65_537, 131_072] {
        let plain = vec![7; len];
        let binary = age::encrypt(&recipient(&made), &plain).unwrap();
        assert!(decrypt(&binary, &mine).unwrap() == plain, "{len}");
        let armored = age::encrypt_and_armor(&recipient(&made), &plain).unwrap();
        assert!(
            decrypt(armored.as_bytes(), &mine).unwrap() == plain,
            "{len}, armored"
        );
    }
}

#[test]
fn without_a_fitting_identity_it_is_a_usage_error_that_says_so() {
    let file = age::encrypt(&recipient(&generate().unwrap()), b"x").unwrap();
    let none = decrypt(&file, &[]).unwrap_err();
    assert!(none.what().contains("no usable identity") && none.hints()[0].contains("--identity"));
    assert_eq!(
        failure(&file, &[identity(&generate().unwrap())]),
        ErrorKind::Usage
    );
}

#[test]
fn a_passphrase_opens_and_a_wrong_one_is_damage() {
    let file = protect_with(
        &SecretBytes::new(b"hello".to_vec()),
        &SecretBytes::new(b"right".to_vec()),
        8,
    )
    .unwrap();
    let try_with = |passphrase: &'static str| {
        let mut plaintext = Vec::new();
        let ask = move |_: &str| Ok(SecretBytes::new(passphrase.as_bytes().to_vec()));
        decrypt_age(&mut file.as_slice(), &[] as &[AgeIdentity], &ask, &mut plaintext).map(|_| plaintext)
    };
    assert_eq!(try_with("right").unwrap(), b"hello");
    assert_eq!(try_with("wrong").unwrap_err().kind(), ErrorKind::Damaged);
}

#[test]
fn a_changed_or_cut_file_is_damaged() {
    let made = generate().unwrap();
    let mine = [identity(&made)];
    let file = age::encrypt(&recipient(&made), &vec![7; 100_000]).unwrap();
    for at in [file.len() - 1, file.len() - 70_000] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert_eq!(failure(&changed, &mine), ErrorKind::Damaged);
        assert_eq!(failure(&file[..at], &mine), ErrorKind::Damaged);
    }
    let longer = [file.as_slice(), b"x"].concat();
    assert_eq!(failure(&longer, &mine), ErrorKind::Damaged);
    assert_eq!(failure(b"", &mine), ErrorKind::Damaged);
    assert_eq!(failure(b"age-encryption.org/v9\n", &mine), ErrorKind::Damaged);
}

#[test]
fn too_much_scrypt_work_is_refused_before_it_is_done() {
    let header = "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\n\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\
         --- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n0123456789abcdef";
    let ask = |_: &str| Ok(SecretBytes::new(b"x".to_vec()));
    let error = decrypt_age(
        &mut header.as_bytes(),
        &[] as &[AgeIdentity],
        &ask,
        &mut Vec::new(),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

/// Endless input, which counts what was taken of it.
struct Endless {
    begin: &'static [u8],
    given: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = if self.begin.is_empty() {
            buffer.len()
        } else {
            self.begin.len().min(buffer.len())
        };
        if self.begin.is_empty() {
            buffer.fill(b'a');
        } else {
            buffer[..len].copy_from_slice(&self.begin[..len]);
            self.begin = &self.begin[len..];
        }
        self.given += len;
        Ok(len)
    }
}

#[test]
fn a_header_or_an_armor_line_without_end_is_given_up_early() {
    for begin in [
        "age-encryption.org/v1\n-> X25519 ",
        "-----BEGIN AGE ENCRYPTED FILE-----\n",
    ] {
        let mut endless = Endless {
            begin: begin.as_bytes(),
            given: 0,
        };
        let error = decrypt_age(&mut endless, &[] as &[AgeIdentity], &never, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(
            endless.given < 4 * limits::AGE_HEADER_LEN,
            "{} bytes taken",
            endless.given
        );
    }
}

#[test]
fn what_a_target_keeps_back_is_not_counted_as_written() {
    let made = generate().unwrap();
    let file = age::encrypt(&recipient(&made), b"tail").unwrap();
    // Room for nothing: a buffered writer finds that out when it is flushed.
    let mut nothing = [0; 0];
    let mut target = io::BufWriter::new(&mut nothing[..]);
    let error = decrypt_age(&mut &file[..], &[identity(&made)], &never, &mut target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
