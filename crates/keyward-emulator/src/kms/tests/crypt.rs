//! Encrypt, decrypt and random bytes: sizes, checksums, and the order in which things are checked.

use bytes::Bytes;
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound, Unimplemented};

use super::super::bench::{Bench, PLACE, code, key_name, refused, symmetric, version_name};
use super::super::{decrypt::Decrypt, encrypt::Encrypt, generate_random_bytes::GenerateRandomBytes};
use crate::interface::google::cloud::kms::v1 as wire;
use crate::kms::field::checksum;
use crate::refusal::Refusal;
use crate::rpc::Rpc;

const KIB: usize = 1024;

fn request(name: &str, plaintext: usize, aad: usize) -> wire::EncryptRequest {
    wire::EncryptRequest {
        name: name.to_owned(),
        plaintext: vec![7; plaintext].into(),
        additional_authenticated_data: vec![8; aad].into(),
        ..Default::default()
    }
}

fn opening(name: &str, ciphertext: &Bytes, aad: &'static [u8]) -> wire::DecryptRequest {
    wire::DecryptRequest {
        name: name.to_owned(),
        ciphertext: ciphertext.clone(),
        additional_authenticated_data: aad.into(),
        ..Default::default()
    }
}

fn encrypt(bench: &Bench, request: wire::EncryptRequest) -> Result<wire::EncryptResponse, Refusal> {
    bench.ask::<Encrypt>(request)
}

#[test]
fn there_and_back_with_checksums_both_ways() {
    let bench = Bench::with_keys(&["k"]);
    let (plaintext, aad) = (&b"plain"[..], &b"bound"[..]);
    let sealed = encrypt(
        &bench,
        wire::EncryptRequest {
            name: key_name("k"),
            plaintext: plaintext.into(),
            additional_authenticated_data: aad.into(),
            plaintext_crc32c: checksum::of(plaintext),
            additional_authenticated_data_crc32c: checksum::of(aad),
        },
    )
    .unwrap();
    assert_eq!(sealed.name, version_name("k", 1));
    assert_eq!(sealed.ciphertext_crc32c, checksum::of(&sealed.ciphertext));
    assert!(sealed.verified_plaintext_crc32c && sealed.verified_additional_authenticated_data_crc32c);
    assert_eq!(sealed.protection_level, 1);
    let opened = bench
        .ask::<Decrypt>(wire::DecryptRequest {
            ciphertext_crc32c: sealed.ciphertext_crc32c,
            additional_authenticated_data_crc32c: checksum::of(aad),
            ..opening(&key_name("k"), &sealed.ciphertext, b"bound")
        })
        .unwrap();
    assert_eq!(&*opened.plaintext, plaintext);
    assert_eq!(opened.plaintext_crc32c, checksum::of(plaintext));
    assert!(opened.used_primary);
    assert_eq!(opened.protection_level, 1);
}

#[test]
fn nothing_is_verified_that_was_not_sent() {
    let bench = Bench::with_keys(&["k"]);
    let sealed = encrypt(&bench, request(&key_name("k"), 0, 0)).unwrap();
    assert!(!sealed.verified_plaintext_crc32c && !sealed.verified_additional_authenticated_data_crc32c);
    let opened = bench
        .ask::<Decrypt>(opening(&key_name("k"), &sealed.ciphertext, b""))
        .unwrap();
    assert_eq!((opened.plaintext.len(), opened.plaintext_crc32c), (0, Some(0)));
}

#[test]
fn checksums_that_do_not_match_or_are_none() {
    let bench = Bench::with_keys(&["k"]);
    for wrong in [-1, 1, i64::from(u32::MAX) + 1, i64::MAX, i64::MIN] {
        let plaintext = wire::EncryptRequest {
            plaintext_crc32c: Some(wrong),
            ..request(&key_name("k"), 9, 9)
        };
        let aad = wire::EncryptRequest {
            additional_authenticated_data_crc32c: Some(wrong),
            ..request(&key_name("k"), 9, 9)
        };
        for (field, request) in [("plaintext", plaintext), ("additional_authenticated_data", aad)] {
            let (code, message) = refused(encrypt(&bench, request));
            assert_eq!(code, InvalidArgument);
            assert!(message.contains(&format!("{field}_crc32c")), "{message}");
            let is_mismatch = message
                == format!("The checksum in field {field}_crc32c did not match the data in field {field}.");
            assert_eq!(is_mismatch, wrong == 1, "{message}");
        }
    }
}

#[test]
fn a_ciphertext_that_was_damaged_on_its_way_is_told_by_its_checksum() {
    let bench = Bench::with_keys(&["k"]);
    let sealed = bench.encrypt(&key_name("k"), b"x").unwrap();
    let mut damaged = sealed.ciphertext.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let with_checksum = wire::DecryptRequest {
        ciphertext_crc32c: sealed.ciphertext_crc32c,
        ..opening(&key_name("k"), &damaged.clone().into(), b"")
    };
    let (_, message) = refused(bench.ask::<Decrypt>(with_checksum));
    assert!(
        message.starts_with("The checksum in field ciphertext_crc32c"),
        "{message}"
    );
    let without = bench.decrypt(&key_name("k"), &damaged.into());
    let sentence = "Decryption failed: verify that 'name' refers to the correct CryptoKey.";
    assert_eq!(refused(without), (InvalidArgument, sentence.to_owned()));
}

#[test]
fn what_does_not_open_says_the_same_whatever_the_reason() {
    let bench = Bench::with_keys(&["k", "other"]);
    let sealed = bench.encrypt(&key_name("k"), b"x").unwrap().ciphertext;
    let key = key_name("k");
    let cut = sealed.slice(..sealed.len() - 1);
    for (what, answer) in [
        ("another key", bench.decrypt(&key_name("other"), &sealed)),
        (
            "other data",
            bench.ask::<Decrypt>(opening(&key, &sealed, b"other")),
        ),
        ("cut", bench.decrypt(&key, &cut)),
        ("empty", bench.decrypt(&key, &Bytes::new())),
        ("noise", bench.decrypt(&key, &vec![0xff; 4 * KIB].into())),
    ] {
        let (code, message) = refused(answer);
        assert_eq!(code, InvalidArgument, "{what}");
        assert!(message.starts_with("Decryption failed: "), "{what}: {message}");
    }
    let elsewhere = "projects/p/locations/us/keyRings/r/cryptoKeys/k";
    assert_eq!(
        code(bench.decrypt(elsewhere, &sealed)),
        NotFound,
        "a ring that is not there"
    );
    assert_eq!(
        code(bench.decrypt(&version_name("k", 1), &sealed)),
        InvalidArgument,
        "decrypt takes keys only"
    );
}

#[test]
fn sizes_of_software_keys() {
    let bench = Bench::with_keys(&["k"]);
    let ask = |plaintext, aad| encrypt(&bench, request(&key_name("k"), plaintext, aad));
    ask(64 * KIB, 64 * KIB).expect("each of them may be 64 KiB");
    assert_eq!(code(ask(64 * KIB + 1, 0)), InvalidArgument);
    assert_eq!(code(ask(0, 64 * KIB + 1)), InvalidArgument);
}

#[test]
fn sizes_of_hardware_keys() {
    let bench = Bench::with_ring();
    let template = wire::CryptoKeyVersionTemplate {
        protection_level: 2,
        algorithm: 0,
    };
    bench
        .create(
            "k",
            wire::CryptoKey {
                version_template: Some(template),
                ..symmetric()
            },
        )
        .unwrap();
    let ask = |plaintext, aad| encrypt(&bench, request(&key_name("k"), plaintext, aad));
    let sealed = ask(4 * KIB, 4 * KIB).unwrap();
    assert_eq!(sealed.protection_level, 2);
    assert_eq!(code(ask(8 * KIB, 1)), InvalidArgument);
    assert_eq!(code(ask(1, 8 * KIB)), InvalidArgument);
}

#[test]
fn name_existence_state_size_checksum_in_this_order() {
    let bench = Bench::with_keys(&["k"]);
    let worst = |name: &str, length| wire::EncryptRequest {
        plaintext_crc32c: Some(-1),
        ..request(name, length, 0)
    };
    let (bad, missing, key) = ("bad name", key_name("missing"), key_name("k"));
    assert_eq!(code(encrypt(&bench, worst(bad, 65 * KIB))), InvalidArgument);
    assert_eq!(code(encrypt(&bench, worst(&missing, 65 * KIB))), NotFound);
    let (_, message) = refused(encrypt(&bench, worst(&key, 65 * KIB)));
    assert!(message.contains("at most 65536"), "{message}");
    let (_, message) = refused(encrypt(&bench, worst(&key, 1)));
    assert!(message.contains("plaintext_crc32c"), "{message}");
    let sealed = bench.encrypt(&key, b"x").unwrap().ciphertext;
    bench.set_state(&version_name("k", 1), 2).unwrap();
    assert_eq!(code(encrypt(&bench, worst(&key, 65 * KIB))), FailedPrecondition);
    let decrypt = |name: &str| {
        let request = opening(name, &sealed, b"");
        bench.ask::<Decrypt>(wire::DecryptRequest {
            ciphertext_crc32c: Some(-1),
            ..request
        })
    };
    assert_eq!(code(decrypt(&key)), FailedPrecondition);
    assert_eq!(code(decrypt(&missing)), NotFound);
}

#[test]
fn a_key_without_a_primary_encrypts_by_version_only() {
    let bench = Bench::with_ring();
    let request = wire::CreateCryptoKeyRequest {
        parent: super::super::bench::RING.to_owned(),
        crypto_key_id: "k".to_owned(),
        crypto_key: Some(symmetric()),
        skip_initial_version_creation: true,
        ..Default::default()
    };
    bench
        .ask::<super::super::create_crypto_key::CreateCryptoKey>(request)
        .unwrap();
    bench.add_version(&key_name("k")).unwrap();
    assert_eq!(code(bench.encrypt(&key_name("k"), b"x")), FailedPrecondition);
    let sealed = bench.encrypt(&version_name("k", 1), b"x").unwrap();
    assert!(
        !bench
            .decrypt(&key_name("k"), &sealed.ciphertext)
            .unwrap()
            .used_primary
    );
}

#[test]
fn checksums_can_be_spoiled_and_nothing_else_is() {
    let bench = Bench::with_keys(&["k"]);
    let sealed = bench.encrypt(&key_name("k"), b"x").unwrap();
    let mut spoiled = sealed.clone();
    Encrypt::corrupt(&mut spoiled);
    assert_ne!(spoiled.ciphertext_crc32c, sealed.ciphertext_crc32c);
    spoiled.ciphertext_crc32c = sealed.ciphertext_crc32c;
    assert_eq!(spoiled, sealed);
    let mut opened = bench.decrypt(&key_name("k"), &sealed.ciphertext).unwrap();
    Decrypt::corrupt(&mut opened);
    assert_ne!(opened.plaintext_crc32c, checksum::of(b"x"));
}

#[test]
fn random_bytes() {
    let bench = Bench::new();
    let ask = |length_bytes, protection_level| {
        bench.ask::<GenerateRandomBytes>(wire::GenerateRandomBytesRequest {
            location: PLACE.to_owned(),
            length_bytes,
            protection_level,
        })
    };
    let (one, other) = (ask(32, 2).unwrap(), ask(32, 2).unwrap());
    assert_ne!(one.data, other.data);
    assert_eq!(one.data_crc32c, checksum::of(&one.data));
    assert_eq!(
        (ask(8, 2).unwrap().data.len(), ask(1024, 2).unwrap().data.len()),
        (8, 1024)
    );
    for length in [i32::MIN, -1, 0, 7, 1025, i32::MAX] {
        assert_eq!(code(ask(length, 2)), InvalidArgument, "{length}");
    }
    assert_eq!(code(ask(32, 1)), Unimplemented);
    assert_eq!(code(ask(32, 0)), InvalidArgument);
}
