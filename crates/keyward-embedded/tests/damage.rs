//! Files that are foreign, damaged, exchanged, or were left in the middle of a change.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::fs;

use keyward_core::key::KeySpec;
use keyward_core::kms::{KmsAdmin, KmsCode, KmsRead, KmsRescue, Observed};
use keyward_core::name::KeyRingName;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;
use support::{Bench, decrypt, encrypt, key, refused, ring, version, wait};

#[track_caller]
fn unknown(bench: &Bench, says: &str) {
    match wait(bench.kms.get_key(&key())) {
        Observed::Unknown(why) => assert!(why.contains(says) && why.contains("europe-west1.db"), "{why}"),
        seen => panic!("{seen:?}"),
    }
    assert!(wait(bench.kms.enable(&version(1))).is_err());
    assert!(encrypt(&bench.kms).is_err());
}

#[test]
fn foreign_files_are_refused() {
    let bench = Bench::with_key();
    let good = fs::read(bench.db()).unwrap();
    fs::write(bench.db(), b"").unwrap();
    unknown(&bench, "not a key store of keyward");
    fs::write(bench.db(), b"certainly no database".repeat(100)).unwrap();
    unknown(&bench, "not a key store of keyward");
    fs::write(bench.db(), &good[..good.len() / 2]).unwrap();
    unknown(&bench, "damaged");
    fs::remove_file(bench.db()).unwrap();
    bench.sql("CREATE TABLE other (x)");
    unknown(&bench, "not a key store of keyward");
    fs::remove_file(bench.db()).unwrap();
    fs::create_dir(bench.db()).unwrap();
    unknown(&bench, "not a regular file");
}

#[test]
fn a_pipe_is_not_waited_for() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    let pipe = |path: &std::path::Path| {
        fs::remove_file(path).unwrap();
        assert!(
            std::process::Command::new("mkfifo")
                .arg(path)
                .status()
                .unwrap()
                .success()
        );
    };
    pipe(&bench.root());
    refused(
        decrypt(&bench.again(), &sealed),
        KmsCode::Internal,
        "root.key: it is not a regular file",
    );
    pipe(&bench.db());
    unknown(&bench, "not a regular file");
}

#[test]
fn a_newer_file_is_left_alone() {
    let bench = Bench::with_key();
    bench.sql("PRAGMA user_version = 3");
    let before = fs::read(bench.db()).unwrap();
    unknown(&bench, "newer keyward");
    assert_eq!(fs::read(bench.db()).unwrap(), before);
}

#[test]
fn the_file_of_another_location_says_nothing() {
    let bench = Bench::with_key();
    let elsewhere: KeyRingName = "projects/local/locations/us-central1/keyRings/secrets"
        .parse()
        .unwrap();
    wait(bench.kms.create_ring(&elsewhere)).unwrap();
    fs::rename(bench.kms_folder().join("us-central1.db"), bench.db()).unwrap();
    unknown(&bench, "the key store of us-central1");
}

#[test]
fn material_is_bound_to_its_version() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    wait(bench.kms.create_version(&key())).unwrap();
    let second = ring().key("second").unwrap();
    wait(bench.kms.create_key(&second, KeySpec::default())).unwrap();
    for source in ["number = 2", "crypto_key LIKE '%second'"] {
        let original = bench.material(1).unwrap();
        let take = "UPDATE version SET material = (SELECT material FROM version WHERE";
        bench.sql(&format!(
            "{take} {source}) WHERE number = 1 AND crypto_key LIKE '%app'"
        ));
        for answer in [
            encrypt(&bench.kms).map(drop),
            decrypt(&bench.kms, &sealed).map(drop),
        ] {
            refused(answer, KmsCode::Internal, "does not authenticate");
        }
        let database = Connection::open(bench.db()).unwrap();
        let put_back = "UPDATE version SET material = ?1 WHERE number = 1 AND crypto_key LIKE '%app'";
        database.execute(put_back, [original]).unwrap();
    }
    decrypt(&bench.kms, &sealed).unwrap();
}

#[test]
fn rows_that_break_an_invariant_cannot_be_written() {
    let bench = Bench::with_key();
    let database = Connection::open(bench.db()).unwrap();
    for statement in [
        "UPDATE version SET state = 'LOST'",
        "UPDATE version SET state = 'DESTROYED'",
        "UPDATE version SET state = 'DESTROY_SCHEDULED'",
        "UPDATE version SET material = NULL",
        "UPDATE version SET destroy_at = '2027-01-01T00:00:00Z'",
        "UPDATE version SET number = 0",
        "UPDATE crypto_key SET rotation_period = 'PT24H'",
        "PRAGMA foreign_keys = ON; UPDATE crypto_key SET primary_version = 7",
        "PRAGMA foreign_keys = ON; DELETE FROM ring",
    ] {
        assert!(database.execute_batch(statement).is_err(), "{statement}");
    }
    assert!(matches!(wait(bench.kms.get_key(&key())), Observed::Present(_)));
}

#[test]
fn values_that_cannot_be_are_damage() {
    for statement in [
        "UPDATE version SET created = 'yesterday'",
        "UPDATE crypto_key SET destroy_window = 'PT1H'",
        "UPDATE crypto_key SET destroy_window = 'soon'",
        "PRAGMA foreign_keys = OFF; UPDATE crypto_key SET primary_version = -1",
    ] {
        let bench = Bench::with_key();
        bench.sql(statement);
        unknown(&bench, "damaged");
    }
}

#[test]
fn no_flipped_bit_makes_a_wrong_plaintext() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    let good = fs::read(bench.db()).unwrap();
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..300 {
        let mut bad = good.clone();
        for _ in 0..rng.random_range(1..20) {
            let place = rng.random_range(0..bad.len());
            bad[place] ^= 1 << rng.random_range(0..8);
        }
        fs::write(bench.db(), bad).unwrap();
        let _ = wait(bench.kms.list_versions(&key()));
        if let Ok(opened) = decrypt(&bench.kms, &sealed) {
            assert_eq!(opened.expose(), b"plain");
        }
    }
}

/// A file and its journal as a process leaves them that dies while it writes the file.
fn leave_in_the_middle(bench: &Bench) {
    let writer = Connection::open(bench.db()).unwrap();
    writer
        .execute_batch(
            "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;
             UPDATE version SET state = 'DISABLED';
             CREATE TABLE much (x);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)
             INSERT INTO much SELECT hex(randomblob(100)) FROM n",
        )
        .unwrap();
    let (file, journal) = (fs::read(bench.db()).unwrap(), fs::read(journal(bench)).unwrap());
    writer.execute_batch("ROLLBACK").unwrap();
    drop(writer);
    fs::write(bench.db(), file).unwrap();
    fs::write(self::journal(bench), journal).unwrap();
}

fn journal(bench: &Bench) -> std::path::PathBuf {
    bench.kms_folder().join("europe-west1.db-journal")
}

#[test]
fn a_change_that_was_interrupted_is_undone_by_the_next_reader() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    let before = fs::read(bench.db()).unwrap();
    let seen = wait(bench.kms.list_versions(&key()));
    leave_in_the_middle(&bench);
    assert_ne!(fs::read(bench.db()).unwrap(), before);
    assert_eq!(wait(bench.kms.list_versions(&key())), seen);
    decrypt(&bench.kms, &sealed).unwrap();
    assert_eq!(fs::read(bench.db()).unwrap(), before);
    assert!(!journal(&bench).exists());
}

#[test]
fn a_journal_whose_file_is_away_is_not_played_into_a_new_one() {
    let bench = Bench::with_key();
    let sealed = bench.encrypt();
    leave_in_the_middle(&bench);
    let away = bench.path().join("away");
    fs::rename(bench.db(), &away).unwrap();
    unknown(&bench, "europe-west1.db-journal is left of it");
    refused(
        wait(bench.kms.create_ring(&ring())),
        KmsCode::Unavailable,
        "put the file back",
    );
    assert!(!bench.db().exists());
    fs::rename(&away, bench.db()).unwrap();
    decrypt(&bench.kms, &sealed).unwrap();
}

#[test]
fn a_write_ahead_log_is_refused_with_the_way_back() {
    let bench = Bench::with_key();
    bench.sql("PRAGMA journal_mode = WAL");
    unknown(&bench, "PRAGMA journal_mode = DELETE");
    bench.sql("PRAGMA journal_mode = DELETE");
    bench.encrypt();
}

#[test]
fn a_value_of_any_length_is_not_read() {
    let bench = Bench::with_key();
    bench.sql("INSERT INTO label SELECT name, 'long', hex(zeroblob(10000000)) FROM crypto_key");
    unknown(&bench, "damaged");
}

#[test]
fn only_so_many_rows_are_read() {
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n LIMIT 10000)";
    for rows in [
        "INSERT INTO label SELECT name, i, '' FROM crypto_key, n",
        "INSERT INTO version SELECT crypto_key, i, state, created, NULL, NULL, x'00' FROM version, n",
    ] {
        let bench = Bench::with_key();
        let (table, source) = rows.split_once(" SELECT").unwrap();
        bench.sql(&format!("{numbers} {table} SELECT{source}"));
        unknown(&bench, "damaged");
    }
}

#[test]
fn a_change_that_was_interrupted_is_undone_by_the_next_writer() {
    let bench = Bench::with_key();
    leave_in_the_middle(&bench);
    assert_eq!(wait(bench.kms.create_version(&key())).unwrap().name, version(2));
    assert!(!journal(&bench).exists());
}
