//! The rescue rehearsed against an emulator of Cloud KMS, where the test is whoever may destroy.

#![cfg(feature = "gcp")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use cloud::{A, Cloud};
use demo::Demo;

mod cloud;
mod demo;

#[test]
fn a_version_is_made_scheduled_by_another_and_brought_back() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    let mut child = project
        .keyward(&["key", "restore", &format!("app/{A}"), "--drill", "--quiet"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let (mut said, version) = (String::new(), format!("{}/cryptoKeyVersions/2", cloud::key(A)));
    // The last line of what a person must do.
    while !said.contains(&format!("keyward key restore gcp-kms://{version}")) {
        assert_ne!(talk.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let curl = format!(
        "curl -X POST -H 'Content-Type: application/json' -d '{{}}' {}/v1/{version}:destroy",
        cloud.endpoint()
    );
    assert!(
        said.contains("gcloud kms keys versions destroy 2 --key app") && said.contains(&curl),
        "{said}"
    );
    cloud.destroy_version(&version);
    talk.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    let shown = project.ok(&["key", "show", &format!("app/{A}")]);
    assert!(
        shown.contains("2        ENABLED") && shown.contains("1        ENABLED  primary"),
        "{shown}"
    );
    let log = fs::read_to_string(project.path(".keyward/audit.jsonl")).unwrap();
    let last = log.lines().last().unwrap();
    assert!(
        last.contains("key restore --drill") && last.contains(&version) && last.contains("\"done\""),
        "{log}"
    );
}

#[test]
fn a_drill_that_nobody_takes_part_in_says_what_is_left() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    let ran = project.run(&["key", "restore", &format!("app/{A}"), "--drill", "--wait", "1s"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for part in [
        "not seen scheduled for destruction within 1s",
        "is left, and costs",
        "keyward key restore gcp-kms://",
    ] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    let log = fs::read_to_string(project.path(".keyward/audit.jsonl")).unwrap();
    assert!(log.lines().last().unwrap().contains("\"failed\""), "{log}");
}

#[test]
fn words_that_make_no_drill_are_refused_before_anything_is_made() {
    let cloud = Cloud::start();
    let project = cloud.sealed();
    for words in [
        &["key", "restore", "app", "--drill"][..],
        &["key", "restore", "app/europe-west1@1", "--drill"],
        &["key", "restore", "app/europe-west1@1", "--wait", "1m"],
        &["key", "restore", "app/europe-west1", "--drill", "--wait", "soon"],
    ] {
        let ran = project.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
    }
    assert!(!project.ok(&["key", "list"]).contains("@2"));
    let embedded = Demo::sealed();
    let ran = embedded.run(&["key", "restore", "app/us-central1", "--drill"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("keyward-emulator") && ran.stderr.contains("quickstart"),
        "{}",
        ran.stderr
    );
    assert!(!embedded.ok(&["key", "list"]).contains("@2"));
}
