//! A state in a folder: what was answered is still so after a restart.

use tempfile::tempdir;
use tonic::Code::{AlreadyExists, FailedPrecondition};

use super::super::bench::{Bench, DAY, RING, code, key_name, symmetric, version_name};
use super::super::list_crypto_keys::ListCryptoKeys;
use crate::interface::google::cloud::kms::v1 as wire;

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
