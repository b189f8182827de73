//! The XML API: `/BUCKET/OBJECT`.

use super::bench::{Bench, logs, logs_under};

#[test]
fn an_object_is_put_read_and_deleted() {
    let bench = Bench::with_bucket(&logs());
    let headers = [("content-type", "text/plain"), ("x-goog-meta-team", "ops")];
    let put = bench.ask("PUT", "/logs/2026/11/a%20b.log", &headers, "123456789");
    assert_eq!((put.status, put.header("etag").len()), (200, 1), "{}", put.text());
    let generation = put.header("x-goog-generation")[0];
    let read = bench.get("/logs/2026/11/a%20b.log");
    assert_eq!(read.content(), b"123456789");
    assert_eq!(read.header("x-goog-meta-team"), ["ops"]);
    assert_eq!(read.header("x-goog-hash")[0], "crc32c=4waSgw==");
    let range = bench.ask("GET", "/logs/2026/11/a%20b.log", &[("range", "bytes=2-4")], "");
    assert_eq!((range.status, &*range.body), (206, &b"345"[..]));
    let head = bench.ask("HEAD", "/logs/2026/11/a%20b.log", &[], "");
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, vec!["9"], 0)
    );
    assert_eq!(head.header("x-goog-generation"), [generation]);
    let shown = bench.get("/storage/v1/b/logs/o/2026%2F11%2Fa%20b.log").ok();
    assert_eq!(shown["name"], "2026/11/a b.log");
    assert_eq!(bench.delete("/logs/2026/11/a%20b.log").status, 204);
    assert_eq!(bench.get("/logs/2026/11/a%20b.log").status, 404);
}

#[test]
fn errors_are_documents_of_the_xml_api() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs_under(&key));
    let error = |answer: super::bench::Answer, status: u16, code: &str| {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(
            answer.text().contains(&format!("<Code>{code}</Code>")),
            "{}",
            answer.text()
        );
    };
    error(bench.get("/other/a"), 404, "NoSuchBucket");
    error(bench.get("/logs/a%3Cb%3E"), 404, "NoSuchKey");
    bench.ask("PUT", "/logs/a", &[("x-goog-if-generation-match", "0")], "x");
    error(
        bench.ask("PUT", "/logs/a", &[("x-goog-if-generation-match", "0")], "x"),
        412,
        "PreconditionFailed",
    );
    error(
        bench.ask(
            "PUT",
            "/logs/b",
            &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")],
            "x",
        ),
        400,
        "BadDigest",
    );
    bench.disable(&key.version(1));
    error(bench.get("/logs/a"), 400, "CloudKmsDisabledKey");
    error(bench.get("/logs?acl"), 501, "NotImplemented");
}

#[test]
fn a_key_is_named_by_a_header() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&logs());
    let header = [("x-goog-encryption-kms-key-name", &*key.to_string())];
    assert_eq!(bench.ask("PUT", "/logs/a", &header, "x").status, 200);
    let version = key.version(1).to_string();
    assert_eq!(
        bench.get("/logs/a").header("x-goog-encryption-kms-key-name"),
        [version]
    );
}

#[test]
fn objects_are_copied_and_listed() {
    let bench = Bench::with_bucket(&logs());
    bench.upload("a%261", "x", "").ok();
    let copied = bench.ask("PUT", "/logs/b/2", &[("x-goog-copy-source", "/logs/a%261")], "");
    assert_eq!(copied.status, 200, "{}", copied.text());
    let listed = bench.get("/logs?list-type=2").text();
    assert!(
        listed.contains("<Key>a&amp;1</Key>") && listed.contains("<Key>b/2</Key>"),
        "{listed}"
    );
    let folded = bench.get("/logs?list-type=2&delimiter=%2F&max-keys=1").text();
    assert!(folded.contains("<IsTruncated>true</IsTruncated>"), "{folded}");
    let token = folded
        .split("<NextContinuationToken>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let rest = bench
        .get(&format!(
            "/logs?list-type=2&delimiter=%2F&continuation-token={token}"
        ))
        .text();
    assert!(
        rest.contains("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"),
        "{rest}"
    );
    assert!(!rest.contains("<Key>"), "{rest}");
}
