//! Objects under customer-managed keys.

use serde_json::{Value, json};

use super::bench::{Bench, logs, logs_under};
use crate::storage::agent;

const A: &str = "/storage/v1/b/logs/o/a";

#[test]
fn an_object_is_under_the_key_it_names_else_the_buckets_else_none() {
    let bench = Bench::new();
    let (default, own) = (bench.key("europe-west3", "default"), bench.key("global", "own"));
    bench.make(&logs_under(&default));
    assert_eq!(
        bench.upload("a", "x", "").ok()["kmsKeyName"],
        default.version(1).to_string()
    );
    let named = bench.upload("b", "x", &format!("&kmsKeyName={own}")).ok();
    assert_eq!(named["kmsKeyName"], own.version(1).to_string());
    let version = bench.rotate(&default);
    assert_eq!(
        bench.upload("c", "x", "").ok()["kmsKeyName"],
        version.to_string(),
        "the primary of now"
    );
    bench
        .patch("/storage/v1/b/logs", &json!({ "encryption": null }))
        .ok();
    assert_eq!(bench.upload("d", "x", "").ok()["kmsKeyName"], Value::Null);
    for name in ["a", "b", "c", "d"] {
        assert_eq!(bench.read(name).content(), b"x", "{name}");
    }
    assert_eq!(
        bench.read("a").header("x-goog-encryption-kms-key-name"),
        [default.version(1).to_string()]
    );
}

#[test]
fn a_content_opens_while_its_version_is_enabled() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    let made = bench.upload("a", "123456789", "").ok();
    bench.rotate(&key);
    bench.disable(&key.version(1));
    let refused = bench.read("a");
    assert_eq!(refused.refused(), (400, "cloudKmsDisabledKey".to_owned()));
    assert!(
        refused
            .message()
            .starts_with("Cloud KMS key is disabled, destroyed, or scheduled to be destroyed."),
        "{}",
        refused.message()
    );
    let shown = bench.get(A).ok();
    assert_eq!(shown["kmsKeyName"], made["kmsKeyName"], "metadata needs no key");
    assert_eq!(
        (&shown["crc32c"], &shown["md5Hash"]),
        (&Value::Null, &Value::Null),
        "the checksums do"
    );
    let listed = bench.get("/storage/v1/b/logs/o").ok();
    assert_eq!(listed["items"][0]["size"], "9");
    assert_eq!(bench.ask("HEAD", "/logs/a", &[], "").status, 200);
    bench.patch(A, &json!({ "metadata": { "still": "here" } })).ok();
    bench.enable(&key.version(1));
    assert_eq!(bench.read("a").content(), b"123456789");
    assert_eq!(bench.get(A).ok()["crc32c"], "4waSgw==");
    bench.disable(&key.version(1));
    assert_eq!(bench.delete(A).status, 204, "deleting needs no key");
}

#[test]
fn nothing_is_written_under_a_key_that_does_not_encrypt() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    bench.disable(&key.version(1));
    assert_eq!(
        bench.upload("a", "x", "").refused(),
        (400, "cloudKmsDisabledKey".to_owned())
    );
    bench.schedule(&key.version(1));
    assert_eq!(bench.upload("a", "x", "").refused().0, 400);
    let missing = key.ring().key("missing").unwrap();
    let refused = bench.upload("a", "x", &format!("&kmsKeyName={missing}"));
    assert_eq!(
        refused.refused(),
        (400, "cloudKmsEncryptionKeyNotFound".to_owned())
    );
    let missing = json!({ "encryption": { "defaultKmsKeyName": missing.to_string() } });
    assert_eq!(
        bench.patch("/storage/v1/b/logs", &missing).refused().1,
        "cloudKmsEncryptionKeyNotFound"
    );
    assert_eq!(bench.get("/storage/v1/b/logs/o").ok()["items"], Value::Null);
}

#[test]
fn a_key_elsewhere_and_a_name_that_is_no_keys_are_refused() {
    let bench = Bench::new();
    let (near, far) = (bench.key("europe-west3", "k"), bench.key("europe-west1", "k"));
    bench.make(&logs());
    let elsewhere = bench.upload("a", "x", &format!("&kmsKeyName={far}"));
    assert_eq!(elsewhere.refused(), (400, "invalid".to_owned()));
    assert_eq!(
        elsewhere.message(),
        "Cloud KMS region 'europe-west1' not available for use with GCS region 'EUROPE-WEST3'."
    );
    let version = bench.upload("a", "x", &format!("&kmsKeyName={}", near.version(1)));
    assert_eq!(version.refused(), (400, "invalid".to_owned()));
    assert_eq!(
        version.message(),
        format!("Bad Cloud KMS crypto key: {}", near.version(1))
    );
    let wide = json!({ "name": "wide", "encryption": { "defaultKmsKeyName": bench.key("global", "k").to_string() } });
    let refused = bench.post("/storage/v1/b?project=p", &wide);
    assert_eq!(
        refused.message(),
        "Cloud KMS region 'global' not available for use with GCS region 'US'."
    );
}

#[test]
fn the_service_agent_must_be_allowed_while_policies_are_enforced() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    bench.upload("a", "x", "").ok();
    bench.state.trouble.enforce_iam(true).unwrap();
    let sentence = "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been \
                    authorized to use this key.";
    for refused in [bench.read("a"), bench.upload("b", "x", "")] {
        assert_eq!(refused.refused(), (403, "forbidden".to_owned()));
        assert_eq!(refused.message(), sentence);
    }
    let missing = key.ring().key("missing").unwrap();
    let hidden = bench.upload("b", "x", &format!("&kmsKeyName={missing}"));
    assert_eq!(hidden.refused().0, 403, "what may not be seen may not exist");
    let agent = format!("serviceAccount:{}", agent::email("p"));
    let grant = |role: &str| bench.state.trouble.grant(&key.to_string(), role, &agent).unwrap();
    grant("roles/cloudkms.cryptoKeyDecrypter");
    assert_eq!(bench.read("a").content(), b"x");
    assert_eq!(bench.upload("b", "x", "").refused().0, 403);
    grant("roles/cloudkms.cryptoKeyEncrypter");
    bench.upload("b", "x", "").ok();
}

#[test]
fn what_is_on_the_shelf_says_nothing_and_moves_nowhere() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    bench.upload("a", "open sesame open sesame", "").ok();
    bench.upload("b", "the other text", "").ok();
    let parts = bench
        .state
        .shelf
        .read(|shelved| shelved.scan("storage.part", "", None, 9))
        .unwrap();
    assert_eq!(parts.len(), 2);
    for (_, part) in &parts {
        assert!(!part.windows(6).any(|window| window == b"sesame"));
    }
    let live = bench
        .state
        .shelf
        .read(|shelved| shelved.scan("storage.live", "", None, 9))
        .unwrap();
    for (_, record) in &live {
        let record = String::from_utf8_lossy(record).into_owned();
        assert!(
            !record.contains("crc32c"),
            "checksums are under the key: {record}"
        );
    }
    // A part put in the place of another, or a record that points to another content, does not open.
    bench
        .state
        .shelf
        .change(|shelved| shelved.put("storage.part", &parts[0].0, &parts[1].1))
        .unwrap();
    let statuses = [bench.read("a").status, bench.read("b").status];
    assert!(statuses.contains(&500) && statuses.contains(&200), "{statuses:?}");
}
