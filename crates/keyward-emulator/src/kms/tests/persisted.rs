//! A state in a folder: what was answered is still so after a restart.

use tempfile::tempdir;
use tonic::Code::{AlreadyExists, FailedPrecondition};

use super::super::bench::{Bench, DAY, RING, code, key_name, symmetric, version_name};
use super::super::list_crypto_keys::ListCryptoKeys;
use crate::interface::google::cloud::kms::v1 as wire;
use crate::state::{Settings, State};

#[test]
fn keys_versions_and_page_tokens_outlive_a_restart() {
    let folder = tempdir().unwrap();
    let list = |bench: &Bench, page_token: String| {
        let request = wire::ListCryptoKeysRequest {
            parent: RING.to_owned(),
            page_size: 1,
            page_token,
            ..Default::default()
        };
        bench.ask::<ListCryptoKeys>(request).unwrap()
    };
    let bench = bench_with_keys(&folder);
    let sealed = bench.encrypt(&key_name("a"), b"kept").unwrap();
    let (key, page) = (bench.key(&key_name("a")), list(&bench, String::new()));
    drop(bench);
    let bench = Bench::in_folder(folder.path());
    assert_eq!(bench.key(&key_name("a")), key);
    assert_eq!(
        list(&bench, page.next_page_token).crypto_keys[0].name,
        key_name("b")
    );
    let opened = bench.decrypt(&key_name("a"), &sealed.ciphertext).unwrap();
    assert_eq!(&*opened.plaintext, b"kept");
    assert_eq!(code(bench.create("a", symmetric())), AlreadyExists);
}

#[test]
fn a_start_that_fails_moves_no_clock() {
    let folder = tempdir().unwrap();
    let late = Settings {
        data: Some(folder.path().to_owned()),
        clock_at: Some("2100-01-01T00:00:00Z".parse().unwrap()),
        ..Settings::default()
    };
    let bench = Bench::in_folder(folder.path());
    let refused = State::open(&late).map(drop).unwrap_err().to_string();
    assert!(refused.contains("another process"), "{refused}");
    let before = bench.now();
    drop(bench);
    // Alone, but with a root key that is none.
    std::fs::create_dir_all(folder.path().join("kms")).unwrap();
    std::fs::write(folder.path().join("kms/global.db"), "no key store").unwrap();
    State::open(&late).map(drop).unwrap_err();
    std::fs::remove_file(folder.path().join("kms/global.db")).unwrap();
    let bench = Bench::in_folder(folder.path());
    assert!(bench.now() < before.checked_add(DAY).unwrap());
}

#[test]
fn destroyed_is_for_good_also_after_a_restart() {
    let folder = tempdir().unwrap();
    let bench = bench_with_keys(&folder);
    let (key, version) = (key_name("a"), version_name("a", 1));
    let sealed = bench.encrypt(&key, b"archived logs").unwrap();
    bench.destroy(&version).unwrap();
    drop(bench);
    let bench = Bench::in_folder(folder.path());
    assert_eq!(
        bench.version(&version).unwrap().state,
        4,
        "the order outlives the restart"
    );
    bench.advance(31 * DAY);
    assert_eq!(bench.version(&version).unwrap().state, 3);
    drop(bench);
    let bench = Bench::in_folder(folder.path());
    assert_eq!(bench.version(&version).unwrap().state, 3);
    assert_eq!(code(bench.restore(&version)), FailedPrecondition);
    assert_eq!(code(bench.decrypt(&key, &sealed.ciphertext)), FailedPrecondition);
}

fn bench_with_keys(folder: &tempfile::TempDir) -> Bench {
    let bench = Bench::in_folder(folder.path());
    bench.add_ring();
    for id in ["a", "b"] {
        bench.create(id, symmetric()).unwrap();
    }
    bench
}
