//! A program that was built without the feature `gcp` says so, and does everything else.

#![cfg(not(feature = "gcp"))]

use demo::Demo;

mod demo;

#[test]
fn keys_of_cloud_kms_are_out_of_reach_and_that_is_said() {
    let demo = Demo::empty();
    demo.ok(&["init", "--provider", "gcp", "--project", "demo"]);
    demo.write("token", b"hunter2\n");
    for words in [
        &["key", "create", "app"][..],
        &["encrypt", "token"],
        &["key", "list"],
    ] {
        let ran = demo.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("without the cargo feature `gcp`"),
            "{}",
            ran.stderr
        );
    }
    let ran = demo.run(&["verify", "--json"]);
    assert!(
        ran.stdout.contains("cannot reach `gcp-kms` keys"),
        "{}",
        ran.stdout
    );
}
