//! Trouble on demand, over the storage.

use std::time::Duration;

use tonic::Code;

use super::bench::{Bench, logs};
use crate::serve::DROPPED;
use crate::trouble::Fault;

#[test]
fn a_call_fails_as_it_was_asked_to_and_does_nothing() {
    let bench = Bench::with_bucket(&logs());
    let fault = Fault::error("storage.objects.insert", Code::Unavailable);
    bench.state.trouble.add(fault).unwrap();
    assert_eq!(
        bench.upload("a", "x", "").refused(),
        (503, "backendError".to_owned())
    );
    assert_eq!(bench.read("a").status, 404);
    bench.upload("a", "x", "").ok();
}

#[test]
fn an_answer_is_dropped_after_all_was_done() {
    let bench = Bench::with_bucket(&logs());
    bench
        .state
        .trouble
        .add(Fault::drop_reply("storage.objects.insert"))
        .unwrap();
    let dropped = bench.upload("a", "x", "&ifGenerationMatch=0");
    assert!(
        dropped.headers.contains_key(DROPPED),
        "the server cuts the connection where it finds this"
    );
    assert_eq!(bench.upload("a", "x", "&ifGenerationMatch=0").status, 412);
    assert_eq!(bench.read("a").content(), b"x");
}

#[test]
fn a_checksum_is_spoiled_in_headers_and_in_metadata() {
    let bench = Bench::with_bucket(&logs());
    bench.upload("a", "123456789", "").ok();
    let fault = Fault::corrupt_checksum("storage.objects.get").times(2);
    bench.state.trouble.add(fault).unwrap();
    assert_ne!(bench.read("a").header("x-goog-hash")[0], "crc32c=4waSgw==");
    assert_ne!(bench.get("/storage/v1/b/logs/o/a").ok()["crc32c"], "4waSgw==");
    assert_eq!(bench.read("a").header("x-goog-hash")[0], "crc32c=4waSgw==");
}

#[test]
fn a_delay_delays_and_one_object_can_be_meant() {
    let bench = Bench::with_bucket(&logs());
    let delay = Fault::delay("storage.objects.insert", Duration::from_millis(50));
    bench.state.trouble.add(delay).unwrap();
    let before = std::time::Instant::now();
    bench.upload("a", "x", "").ok();
    assert!(before.elapsed() >= Duration::from_millis(50));
    let fault =
        Fault::error("storage.objects.get", Code::PermissionDenied).on("projects/_/buckets/logs/objects/b");
    bench.state.trouble.add(fault).unwrap();
    bench.upload("b", "x", "").ok();
    assert_eq!(bench.read("a").status, 200);
    assert_eq!(bench.read("b").refused(), (403, "forbidden".to_owned()));
}

#[test]
fn every_call_is_in_the_log() {
    let bench = Bench::with_bucket(&logs());
    bench.read("nothing");
    let calls = bench.state.trouble.calls();
    let told: Vec<_> = calls
        .iter()
        .map(|call| (call.method, &*call.resource, call.code))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].0.ends_with("storage.buckets.insert"), "{told:?}");
    assert!(told[1].0.ends_with("storage.objects.get"), "{told:?}");
    assert_eq!(
        (told[1].1, told[1].2),
        ("projects/_/buckets/logs/objects/nothing", Code::NotFound)
    );
}
