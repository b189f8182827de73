//! The loss that this project answers, acted out: a bucket of archived logs, and the key under it.

use super::bench::{Bench, DAY, logs_under};

/// Archived logs under a key of `global`, as they were that day.
fn archive(bench: &Bench) -> keyward_core::name::CryptoKeyName {
    let key = bench.key("global", "log-export");
    bench.make(&logs_under(&key));
    bench.upload("2018", "a year of logs", "").ok();
    bench.upload("2019", vec![9; 2_000_000], "").ok();
    key
}

#[test]
fn logs_under_a_key_that_is_destroyed_are_gone_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path());
    let key = archive(&bench);
    assert_eq!(bench.read("2018").content(), b"a year of logs");
    bench.schedule(&key.version(1));
    for name in ["2018", "2019"] {
        assert_eq!(
            bench.read(name).refused(),
            (400, "cloudKmsDisabledKey".to_owned())
        );
    }
    bench.state.trouble.advance(DAY * 31).unwrap();
    let gone = bench.read("2018");
    assert_eq!(gone.refused(), (400, "cloudKmsDisabledKey".to_owned()));
    assert!(gone.message().contains("DESTROYED"), "{}", gone.message());
    let copy = tempfile::tempdir().unwrap();
    let database = std::fs::read(folder.path().join("emulator.db")).unwrap();
    drop(bench);
    let bench = Bench::in_folder(folder.path());
    assert_eq!(bench.read("2019").refused().0, 400, "also after a restart");
    assert_eq!(
        bench.get("/storage/v1/b/logs/o/2019").ok()["size"],
        "2000000",
        "what it was can still be seen"
    );
    std::fs::write(copy.path().join("emulator.db"), database).unwrap();
    let other = Bench::in_folder(copy.path());
    assert_eq!(
        other.read("2018").refused(),
        (400, "cloudKmsDecryptionKeyNotFound".to_owned())
    );
    let same = other.key("global", "log-export");
    assert_eq!(same, key);
    assert_eq!(
        other.read("2018").refused().0,
        400,
        "a key of the same name is another key"
    );
}

#[test]
fn logs_are_back_when_the_version_is_restored_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path());
    let key = archive(&bench);
    bench.schedule(&key.version(1));
    bench.state.trouble.advance(DAY * 29).unwrap();
    drop(bench);
    let bench = Bench::in_folder(folder.path());
    bench.restore(&key.version(1));
    assert_eq!(bench.read("2018").refused().0, 400, "restored is disabled");
    bench.enable(&key.version(1));
    assert_eq!(bench.read("2018").content(), b"a year of logs");
    bench.state.trouble.advance(DAY * 100).unwrap();
    assert_eq!(bench.read("2019").content().len(), 2_000_000);
}

#[test]
fn logs_that_were_rewritten_to_another_key_are_saved() {
    let bench = Bench::new();
    let key = archive(&bench);
    let near = bench.key("europe-west3", "log-export");
    let path = format!("/storage/v1/b/logs/o/2018/rewriteTo/b/logs/o/2018?destinationKmsKeyName={near}");
    let moved = bench.post(&path, &serde_json::json!({})).ok();
    assert_eq!(moved["resource"]["kmsKeyName"], near.version(1).to_string());
    bench.schedule(&key.version(1));
    bench.state.trouble.advance(DAY * 31).unwrap();
    assert_eq!(bench.read("2018").content(), b"a year of logs");
    assert_eq!(bench.read("2019").refused().0, 400);
}
