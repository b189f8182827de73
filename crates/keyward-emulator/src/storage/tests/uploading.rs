//! Uploads: multipart and resumable, checksums, limits.

use serde_json::{Value, json};

use super::bench::{Answer, BASE, Bench, logs};

const UPLOAD: &str = "/upload/storage/v1/b/logs/o";

fn multipart(bench: &Bench, metadata: &Value, content: &str) -> Answer {
    let body = format!(
        "--==5==\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n--==5==\r\ncontent-type: \
         text/plain\r\n\r\n{content}\r\n--==5==--"
    );
    let headers = [("content-type", "multipart/related; boundary=\"==5==\"")];
    bench.ask("POST", &format!("{UPLOAD}?uploadType=multipart"), &headers, body)
}

/// Begins a resumable upload of `a`, and answers where it goes on.
fn begin(bench: &Bench, more: &str, metadata: &Value) -> String {
    let begun = bench.post(&format!("{UPLOAD}?uploadType=resumable&name=a{more}"), metadata);
    assert_eq!(begun.status, 200, "{}", begun.text());
    begun.header("location")[0].strip_prefix(BASE).unwrap().to_owned()
}

fn chunk(bench: &Bench, at: &str, range: &str, content: impl Into<Vec<u8>>) -> Answer {
    bench.ask("PUT", at, &[("content-range", range)], content)
}

#[test]
fn multipart_brings_metadata_and_content() {
    let bench = Bench::with_bucket(&logs());
    let metadata = json!({ "name": "a/b", "metadata": { "team": "ops" }, "crc32c": "4waSgw==" });
    let made = multipart(&bench, &metadata, "123456789").ok();
    assert_eq!(made["contentType"], "text/plain");
    assert_eq!(made["metadata"]["team"], "ops");
    assert_eq!(bench.read("a%2Fb").content(), b"123456789");
    let wrong = bench.ask(
        "POST",
        &format!("{UPLOAD}?uploadType=multipart"),
        &[("content-type", "multipart/related")],
        "x",
    );
    assert_eq!(wrong.refused(), (400, "parseError".to_owned()));
}

#[test]
fn a_checksum_that_does_not_match_writes_nothing() {
    let bench = Bench::with_bucket(&logs());
    for (header, value) in [
        ("x-goog-hash", "crc32c=AAAAAA=="),
        ("x-goog-hash", "crc32c=4waSgw==,md5=AAAAAAAAAAAAAAAAAAAAAA=="),
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ] {
        let path = format!("{UPLOAD}?uploadType=media&name=a");
        let answer = bench.ask("POST", &path, &[(header, value)], "123456789");
        assert_eq!(answer.refused(), (400, "invalid".to_owned()), "{header}: {value}");
        assert!(
            answer.message().contains("doesn't match calculated"),
            "{}",
            answer.message()
        );
    }
    let metadata = json!({ "name": "a", "md5Hash": "AAAAAAAAAAAAAAAAAAAAAA==" });
    assert_eq!(multipart(&bench, &metadata, "123456789").refused().0, 400);
    assert_eq!(bench.read("a").status, 404);
}

#[test]
fn a_resumable_upload_goes_on_where_it_is() {
    let bench = Bench::with_bucket(&logs());
    let at = begin(&bench, "", &json!({ "contentType": "text/html" }));
    let status = chunk(&bench, &at, "bytes */*", "");
    assert_eq!((status.status, status.header("range")), (308, vec![]));
    let first = chunk(&bench, &at, "bytes 0-3/*", "0123");
    assert_eq!((first.status, first.header("range")), (308, vec!["bytes=0-3"]));
    let again = chunk(&bench, &at, "bytes 2-5/*", "2345");
    assert_eq!(
        again.header("range"),
        ["bytes=0-5"],
        "what is there already is not added again"
    );
    let gap = chunk(&bench, &at, "bytes 8-9/10", "89");
    assert_eq!(gap.refused().0, 400);
    let short = chunk(&bench, &at, "bytes 6-9/10", "67");
    assert_eq!(short.refused().0, 400);
    let asked = bench.ask(
        "PUT",
        &at,
        &[("content-range", "bytes */10"), ("x-guploader-no-308", "yes")],
        "",
    );
    assert_eq!(
        (asked.status, asked.header("x-http-status-code-override")),
        (200, vec!["308"])
    );
    assert_eq!(bench.read("a").status, 404, "nothing is there before the end");
    let last = chunk(&bench, &at, "bytes 6-9/10", "6789").ok();
    assert_eq!(last["contentType"], "text/html");
    assert_eq!(bench.read("a").content(), b"0123456789");
    let once_more = chunk(&bench, &at, "bytes */10", "").ok();
    assert_eq!(
        once_more["generation"], last["generation"],
        "the answer may have been lost"
    );
}

#[test]
fn a_resumable_upload_may_come_at_once_or_be_cancelled() {
    let bench = Bench::with_bucket(&logs());
    let at = begin(&bench, "", &json!({}));
    bench.ask("PUT", &at, &[], "all").ok();
    assert_eq!(bench.read("a").content(), b"all");
    let at = begin(&bench, "", &json!({}));
    assert_eq!(bench.delete(&at).status, 499);
    assert_eq!(
        bench.ask("PUT", &at, &[], "all").refused(),
        (404, "notFound".to_owned())
    );
    let nothing = begin(&bench, "", &json!({}));
    chunk(&bench, &nothing, "bytes */0", "").ok();
    assert_eq!(bench.read("a").content(), b"");
    let posted = begin(&bench, "", &json!({}));
    let range = [("content-range", "bytes 0-2/3")];
    bench.ask("POST", &posted, &range, "all").ok();
    assert_eq!(
        bench.read("a").content(),
        b"all",
        "the client in Go posts its chunks"
    );
}

#[test]
fn a_resumable_upload_keeps_its_preconditions_and_checksums_to_the_end() {
    let bench = Bench::with_bucket(&logs());
    let at = begin(&bench, "&ifGenerationMatch=0", &json!({}));
    let other = begin(&bench, "", &json!({}));
    bench.upload("a", "first", "").ok();
    assert_eq!(bench.ask("PUT", &at, &[], "late").refused().0, 412);
    let begun = bench.post(
        &format!("{UPLOAD}?uploadType=resumable&name=a&ifGenerationMatch=0"),
        &json!({}),
    );
    assert_eq!(begun.refused().0, 412);
    let wrong = bench.ask("PUT", &other, &[("x-goog-hash", "crc32c=AAAAAA==")], "123456789");
    assert_eq!(wrong.refused().0, 400);
    assert_eq!(bench.read("a").content(), b"first");
}

#[test]
fn open_uploads_are_few_and_the_done_ones_make_room() {
    let bench = Bench::with_bucket(&logs());
    let first = begin(&bench, "", &json!({}));
    for _ in 1..256 {
        begin(&bench, "", &json!({}));
    }
    let path = format!("{UPLOAD}?uploadType=resumable&name=a");
    assert_eq!(
        bench.post(&path, &json!({})).refused(),
        (429, "rateLimitExceeded".to_owned())
    );
    bench.ask("PUT", &first, &[], "x").ok();
    assert_eq!(bench.post(&path, &json!({})).status, 200);
    bench.state.clock.advance(super::bench::DAY * 8).unwrap();
    assert_eq!(
        bench.post(&path, &json!({})).status,
        200,
        "a session is good for a week"
    );
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let bench = Bench::with_bucket(&logs());
    let length = ((64 << 20) + (1 << 20)).to_string();
    let path = format!("{UPLOAD}?uploadType=media&name=a");
    let large = bench.ask("POST", &path, &[("content-length", &*length)], "x");
    assert_eq!(large.status, 413);
    let path = format!("{UPLOAD}?uploadType=resumable&name=a");
    let announced = bench.ask("POST", &path, &[("x-upload-content-length", &*length)], "{}");
    assert_eq!(announced.refused(), (413, "uploadTooLarge".to_owned()));
    assert!(announced.message().contains("64 MiB"), "{}", announced.message());
}

#[test]
fn the_largest_object_goes_in_and_one_byte_more_does_not() {
    let bench = Bench::with_bucket(&logs());
    let mut content = vec![7; 64 << 20];
    assert_eq!(
        bench.upload("a", content.clone(), "").ok()["size"],
        (64 << 20).to_string()
    );
    assert!(bench.read("a").content() == content);
    content.push(7);
    assert_eq!(
        bench.upload("a", content, "").refused(),
        (413, "uploadTooLarge".to_owned())
    );
}
