//! Rewriting and copying.

use serde_json::{Value, json};

use super::bench::{Bench, logs, logs_under};

const TO_B: &str = "/storage/v1/b/logs/o/a/rewriteTo/b/logs/o/b";

#[test]
fn a_rewrite_is_done_in_one_step() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs());
    bench.upload("a", "123456789", "").ok();
    bench
        .patch(
            "/storage/v1/b/logs/o/a",
            &json!({ "metadata": { "team": "ops" } }),
        )
        .ok();
    let done = bench
        .post(&format!("{TO_B}?destinationKmsKeyName={key}"), &Value::Null)
        .refused();
    assert_eq!(done, (400, "parseError".to_owned()));
    let done = bench
        .ask("POST", &format!("{TO_B}?destinationKmsKeyName={key}"), &[], "")
        .ok();
    assert_eq!(
        [
            &done["kind"],
            &done["totalBytesRewritten"],
            &done["objectSize"],
            &done["done"]
        ],
        [
            &json!("storage#rewriteResponse"),
            &json!("9"),
            &json!("9"),
            &json!(true)
        ]
    );
    assert_eq!(done["resource"]["kmsKeyName"], key.version(1).to_string());
    assert_eq!(
        done["resource"]["metadata"]["team"], "ops",
        "metadata comes along"
    );
    assert_eq!(bench.read("b").content(), b"123456789");
    let said = bench.post(TO_B, &json!({ "contentType": "text/html" })).ok();
    assert_eq!(said["resource"]["contentType"], "text/html");
    assert_eq!(
        said["resource"]["metadata"],
        Value::Null,
        "unless other metadata is said"
    );
}

#[test]
fn a_rewrite_to_the_same_name_moves_from_version_to_version() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    bench.upload("a", "123456789", "").ok();
    let version = bench.rotate(&key);
    bench
        .ask("POST", "/storage/v1/b/logs/o/a/rewriteTo/b/logs/o/a", &[], "")
        .ok();
    bench.disable(&key.version(1));
    assert_eq!(
        bench.get("/storage/v1/b/logs/o/a").ok()["kmsKeyName"],
        version.to_string()
    );
    assert_eq!(bench.read("a").content(), b"123456789");
}

#[test]
fn a_rewrite_of_several_steps_ends_with_the_whole_content() {
    let bench = Bench::with_bucket(&logs());
    let content: Vec<u8> = (0..2_500_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    bench.upload("a", content.clone(), "").ok();
    let step = format!("{TO_B}?maxBytesRewrittenPerCall=1048576");
    let first = bench.ask("POST", &step, &[], "").ok();
    assert_eq!(
        [&first["done"], &first["totalBytesRewritten"]],
        [&json!(false), &json!("1048576")]
    );
    let token = first["rewriteToken"].as_str().unwrap();
    let second = bench
        .ask("POST", &format!("{step}&rewriteToken={token}"), &[], "")
        .ok();
    assert_eq!(second["totalBytesRewritten"], "2097152");
    assert_eq!(bench.read("b").status, 404, "nothing is there before the end");
    let other = bench.ask(
        "POST",
        &format!("/storage/v1/b/logs/o/a/rewriteTo/b/logs/o/c?rewriteToken={token}"),
        &[],
        "",
    );
    assert_eq!(other.refused(), (400, "invalidParameter".to_owned()));
    let third = bench
        .ask("POST", &format!("{step}&rewriteToken={token}"), &[], "")
        .ok();
    assert_eq!(
        [&third["done"], &third["totalBytesRewritten"]],
        [&json!(true), &json!("2500000")]
    );
    assert!(bench.read("b").content() == content);
    assert_eq!(
        bench
            .ask("POST", &format!("{step}&rewriteToken={token}"), &[], "")
            .status,
        410
    );
    assert_eq!(
        bench
            .ask("POST", &format!("{TO_B}?maxBytesRewrittenPerCall=5"), &[], "")
            .refused()
            .0,
        400
    );
}

#[test]
fn what_must_hold_of_source_and_destination_holds() {
    let bench = Bench::with_bucket(&logs());
    let made = bench.upload("a", "x", "").ok();
    let generation = made["generation"].as_str().unwrap();
    for query in [
        "ifSourceGenerationMatch=1",
        "ifGenerationMatch=1",
        "ifSourceMetagenerationMatch=2",
    ] {
        assert_eq!(
            bench.ask("POST", &format!("{TO_B}?{query}"), &[], "").refused().0,
            412,
            "{query}"
        );
    }
    let query =
        format!("sourceGeneration={generation}&ifSourceGenerationMatch={generation}&ifGenerationMatch=0");
    bench.ask("POST", &format!("{TO_B}?{query}"), &[], "").ok();
    assert_eq!(
        bench.ask("POST", &format!("{TO_B}?{query}"), &[], "").refused().0,
        412
    );
    assert_eq!(
        bench
            .ask("POST", &format!("{TO_B}?sourceGeneration=1"), &[], "")
            .refused()
            .0,
        404
    );
}

#[test]
fn a_copy_answers_the_object() {
    let bench = Bench::with_bucket(&logs());
    bench.upload("a", "x", "").ok();
    let copied = bench
        .ask("POST", "/storage/v1/b/logs/o/a/copyTo/b/logs/o/c%2Fd", &[], "")
        .ok();
    assert_eq!(
        [&copied["kind"], &copied["name"]],
        [&json!("storage#object"), &json!("c/d")]
    );
    assert_eq!(bench.read("c%2Fd").content(), b"x");
}

#[test]
fn what_does_not_open_is_not_rewritten() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    bench.upload("a", vec![1; 2 << 20], "").ok();
    bench.disable(&key.version(1));
    for query in ["", "?maxBytesRewrittenPerCall=1048576"] {
        let refused = bench.ask("POST", &format!("{TO_B}{query}"), &[], "").refused();
        assert_eq!(refused, (400, "cloudKmsDisabledKey".to_owned()));
    }
}
