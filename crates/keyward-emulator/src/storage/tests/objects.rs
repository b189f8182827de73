//! Objects: metadata, content, preconditions, generations.

use serde_json::{Value, json};

use super::bench::{BASE, Bench, logs};

const A: &str = "/storage/v1/b/logs/o/a";

fn generation(object: &Value) -> i64 {
    object["generation"].as_str().unwrap().parse().unwrap()
}

fn versioned() -> Value {
    json!({ "name": "logs", "versioning": { "enabled": true } })
}

#[test]
fn an_object_is_shown_as_google_shows_it() {
    let bench = Bench::with_bucket(&logs());
    let made = bench.upload("2026%2F11%2Fa%20%C3%A4.log", "123456789", "").ok();
    let path = "storage/v1/b/logs/o/2026%2F11%2Fa%20%C3%A4.log";
    let number = generation(&made);
    for (field, value) in [
        ("kind", json!("storage#object")),
        ("name", json!("2026/11/a ä.log")),
        ("id", json!(format!("logs/2026/11/a ä.log/{number}"))),
        ("selfLink", json!(format!("{BASE}/{path}"))),
        (
            "mediaLink",
            json!(format!("{BASE}/download/{path}?generation={number}&alt=media")),
        ),
        ("size", json!("9")),
        ("crc32c", json!("4waSgw==")),
        ("md5Hash", json!("JfnnlDI7RTiF9RgfG2JNCw==")),
        ("contentType", json!("text/plain")),
        ("storageClass", json!("STANDARD")),
        ("metageneration", json!("1")),
        ("kmsKeyName", Value::Null),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(bench.get(&format!("/{path}")).ok(), made);
    let link = made["mediaLink"].as_str().unwrap().strip_prefix(BASE).unwrap();
    assert_eq!(bench.get(link).content(), b"123456789");
}

#[test]
fn a_download_tells_of_the_object_in_its_headers() {
    let bench = Bench::with_bucket(&logs());
    let made = bench.upload("a", "123456789", "").ok();
    let change = json!({ "cacheControl": "no-store", "metadata": { "team": "ops" } });
    bench.patch(A, &change).ok();
    let read = bench.read("a");
    assert_eq!(read.content(), b"123456789");
    assert_eq!(
        read.header("x-goog-hash"),
        ["crc32c=4waSgw==", "md5=JfnnlDI7RTiF9RgfG2JNCw=="]
    );
    assert_eq!(
        read.header("x-goog-generation"),
        [made["generation"].as_str().unwrap()]
    );
    assert_eq!(read.header("x-goog-metageneration"), ["2"]);
    assert_eq!(read.header("content-type"), ["text/plain"]);
    assert_eq!(read.header("cache-control"), ["no-store"]);
    assert_eq!(read.header("x-goog-meta-team"), ["ops"]);
    assert!(read.header("last-modified")[0].ends_with("GMT"));
}

#[test]
fn a_range_is_read_over_the_ends_of_parts() {
    let bench = Bench::new();
    let key = bench.key("europe-west3", "k");
    bench.make(&super::bench::logs_under(&key));
    let content: Vec<u8> = (0..3_000_000_u32)
        .map(|at| at.to_le_bytes()[1] ^ at.to_le_bytes()[0])
        .collect();
    bench.upload("a", content.clone(), "").ok();
    assert!(bench.read("a").content() == content);
    for (range, from, to) in [
        ("bytes=0-9", 0, 10),
        ("bytes=1048570-1048580", 1_048_570, 1_048_581),
        ("bytes=1048576-2097151", 1_048_576, 2_097_152),
        ("bytes=2999999-", 2_999_999, 3_000_000),
        ("bytes=-5", 2_999_995, 3_000_000),
    ] {
        let read = bench.ask("GET", &format!("{A}?alt=media"), &[("range", range)], "");
        assert_eq!(read.status, 206, "{range}");
        assert!(read.content() == &content[from..to], "{range}");
        assert_eq!(
            read.header("content-range"),
            [format!("bytes {from}-{}/3000000", to - 1)]
        );
    }
    let behind = bench.ask(
        "GET",
        &format!("{A}?alt=media"),
        &[("range", "bytes=3000000-")],
        "",
    );
    assert_eq!(behind.refused(), (416, "requestedRangeNotSatisfiable".to_owned()));
}

#[test]
fn an_empty_object_is_an_object() {
    let bench = Bench::with_bucket(&logs());
    assert_eq!(bench.upload("a", "", "").ok()["size"], "0");
    assert_eq!(bench.read("a").content(), b"");
}

#[test]
fn preconditions_hold_or_nothing_happens() {
    let bench = Bench::with_bucket(&logs());
    assert_eq!(
        bench.upload("a", "1", "&ifGenerationMatch=5").refused(),
        (412, "conditionNotMet".to_owned())
    );
    let first = generation(&bench.upload("a", "1", "&ifGenerationMatch=0").ok());
    assert_eq!(bench.upload("a", "2", "&ifGenerationMatch=0").status, 412);
    assert_eq!(
        bench
            .upload("a", "2", &format!("&ifGenerationNotMatch={first}"))
            .status,
        412
    );
    assert_eq!(bench.upload("a", "2", "&ifMetagenerationMatch=2").status, 412);
    assert_eq!(bench.read("a").content(), b"1");
    let second = generation(
        &bench
            .upload("a", "2", &format!("&ifGenerationMatch={first}"))
            .ok(),
    );
    assert!(second > first);
    assert_eq!(bench.get(&format!("{A}?ifGenerationMatch={first}")).status, 412);
    assert_eq!(
        bench.get(&format!("{A}?ifGenerationNotMatch={second}")).status,
        304
    );
    assert_eq!(
        bench
            .get(&format!("{A}?alt=media&ifGenerationMatch={second}"))
            .content(),
        b"2"
    );
    assert_eq!(
        bench
            .patch(&format!("{A}?ifMetagenerationMatch=7"), &json!({}))
            .status,
        412
    );
    assert_eq!(
        bench.delete(&format!("{A}?ifGenerationMatch={first}")).status,
        412
    );
    assert_eq!(
        bench.get(&format!("{A}?ifGenerationMatch=x")).refused().1,
        "invalidParameter"
    );
    assert_eq!(
        bench.delete(&format!("{A}?ifGenerationMatch={second}")).status,
        204
    );
    assert_eq!(bench.delete(A).refused(), (404, "notFound".to_owned()));
}

#[test]
fn of_many_writers_that_expect_nothing_one_wins() {
    let bench = Bench::with_bucket(&logs());
    let state = &bench.state;
    let won = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    let ask = super::super::ask::Ask {
                        bucket: "logs".to_owned(),
                        query: super::super::query::Query::parse(
                            "name=a&ifGenerationMatch=0&uploadType=media",
                        )
                        .unwrap(),
                        body: format!("writer {number}").into_bytes().into(),
                        ..Default::default()
                    };
                    super::super::upload::answer(state, &ask).is_ok()
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .filter(|won| *won)
            .count()
    });
    assert_eq!(won, 1);
}

#[test]
fn generations_grow_while_the_clock_stands_and_after_all_is_deleted() {
    let bench = Bench::with_bucket(&logs());
    let mut last = 0;
    for _ in 0..3 {
        let next = generation(&bench.upload("a", "x", "").ok());
        assert!(next > last);
        last = next;
        assert_eq!(bench.delete(A).status, 204);
    }
}

#[test]
fn versioning_keeps_what_is_written_over_and_what_is_deleted() {
    let bench = Bench::with_bucket(&versioned());
    let first = generation(&bench.upload("a", "one", "").ok());
    let second = generation(&bench.upload("a", "two", "").ok());
    assert_eq!(bench.delete(A).status, 204);
    assert_eq!(bench.read("a").status, 404);
    for (number, content) in [(first, "one"), (second, "two")] {
        let old = bench.get(&format!("{A}?generation={number}")).ok();
        assert!(old["timeDeleted"].is_string(), "{old}");
        assert_eq!(
            bench.get(&format!("{A}?alt=media&generation={number}")).content(),
            content.as_bytes()
        );
    }
    assert_eq!(bench.delete(&format!("{A}?generation={first}")).status, 204);
    assert_eq!(bench.get(&format!("{A}?generation={first}")).status, 404);
    assert_eq!(bench.get(&format!("{A}?generation={second}")).status, 200);
}

#[test]
fn without_versioning_nothing_is_left_of_what_is_gone() {
    let bench = Bench::with_bucket(&logs());
    let first = generation(&bench.upload("a", vec![1; 3 << 20], "").ok());
    bench.upload("a", "two", "").ok();
    assert_eq!(bench.get(&format!("{A}?generation={first}")).status, 404);
    assert_eq!(bench.delete(A).status, 204);
    let left = bench
        .state
        .shelf
        .read(|shelved| shelved.scan("storage.part", "", None, 9))
        .unwrap();
    assert!(left.is_empty());
}

#[test]
fn metadata_is_patched_and_updated() {
    let bench = Bench::with_bucket(&logs());
    bench.upload("a", "x", "").ok();
    bench
        .patch(
            A,
            &json!({ "metadata": { "a": "1", "b": "2" }, "contentLanguage": "de" }),
        )
        .ok();
    let patched = bench.patch(A, &json!({ "metadata": { "a": null } })).ok();
    assert_eq!(patched["metadata"], json!({ "b": "2" }));
    assert_eq!(
        (&patched["metageneration"], &patched["contentLanguage"]),
        (&json!("3"), &json!("de"))
    );
    let updated = bench
        .ask("PUT", A, &[], json!({ "contentType": "text/html" }).to_string())
        .ok();
    assert_eq!(updated["contentType"], "text/html");
    assert_eq!(updated["metadata"], Value::Null);
    assert_eq!(updated["contentLanguage"], Value::Null);
    assert_eq!(updated["storageClass"], "STANDARD");
    let long = json!({ "metadata": { "a": "x".repeat(9000) } });
    assert_eq!(bench.patch(A, &long).refused().0, 400);
    assert_eq!(
        bench.patch(A, &json!({ "metadata": { "a": 1 } })).refused().0,
        400
    );
    assert_eq!(bench.read("a").content(), b"x");
}

#[test]
fn names_that_cannot_be_are_refused() {
    let bench = Bench::with_bucket(&logs());
    for name in [
        "",
        ".",
        "..",
        "a%0Ab",
        "a%00b",
        ".well-known%2Facme-challenge%2Fx",
        &"x".repeat(1025),
    ] {
        assert_eq!(bench.upload(name, "x", "").refused().0, 400, "{name}");
    }
    assert_eq!(bench.upload(&"x".repeat(1024), "x", "").status, 200);
    assert_eq!(
        bench
            .ask("POST", "/upload/storage/v1/b/other/o?name=a", &[], "x")
            .refused()
            .0,
        404
    );
}
