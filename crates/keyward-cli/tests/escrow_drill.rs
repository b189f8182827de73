//! Escrow drills from end to end: the offline machine is an empty folder, and reports are forged, cut and sent again.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;

use demo::{Demo, Ran, ran};

mod demo;

/// A machine that has the bundle and the identity of `demo`, and nothing else.
fn offline(demo: &Demo) -> Demo {
    let machine = Demo::empty();
    for name in ["bundle", "escrow.txt"] {
        fs::copy(demo.path(name), machine.path(name)).unwrap();
    }
    machine
}

/// The drill, without home and without anything in the environment.
fn drilled(machine: &Demo) -> Ran {
    let words = [
        "escrow",
        "drill",
        "bundle",
        "--identity",
        "escrow.txt",
        "-o",
        "report",
    ];
    ran(&machine.keyward(&words).env_remove("HOME").output().unwrap())
}

/// A project whose bundle was drilled, with the report beside it.
fn answered() -> Demo {
    let demo = Demo::sealed();
    demo.ok(&["escrow", "export", "-o", "bundle"]);
    let machine = offline(&demo);
    let ran = drilled(&machine);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    fs::copy(machine.path("report"), demo.path("report")).unwrap();
    demo
}

fn lock(demo: &Demo) -> String {
    fs::read_to_string(demo.path("keyward.lock")).unwrap()
}

fn audit(demo: &Demo) -> String {
    fs::read_to_string(demo.path(".keyward/audit.jsonl")).unwrap()
}

/// Imports `text`, which must be refused with `code`, and leaves the lock alone.
fn refused(demo: &Demo, text: &str, code: i32) -> String {
    let before = lock(demo);
    demo.write("forged", text.as_bytes());
    let ran = demo.run(&["escrow", "import", "forged"]);
    assert_eq!(ran.code, code, "{}", ran.stderr);
    assert_eq!(lock(demo), before, "nothing of it is recorded");
    ran.stderr
}

// E4
#[test]
fn the_offline_machine_needs_the_bundle_and_the_identity_alone() {
    let demo = Demo::sealed();
    demo.ok(&["escrow", "export", "-o", "bundle"]);
    let bundle = fs::read_to_string(demo.path("bundle")).unwrap();
    assert!(!bundle.contains("hunter2") && !bundle.contains("AGE-SECRET-KEY"));
    let machine = offline(&demo);
    let ran = drilled(&machine);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 of 1 opened"), "{}", ran.stdout);
    assert_eq!(
        machine.names(),
        ["bundle", "escrow.txt", "report"],
        "it left nothing else"
    );
    // The bundle holds no payload: without the file it opens nothing.
    assert!(bundle.len() < 4096, "{}", bundle.len());
}

// E16
#[test]
fn what_is_proven_is_recorded_once_and_what_was_sealed_is_vouched_for() {
    let demo = answered();
    let shown = demo.ok(&["escrow", "import", "report"]);
    assert!(
        shown.contains("1 of 1 proven") && shown.contains("recorded in keyward.lock"),
        "{shown}"
    );
    let (lock, log) = (lock(&demo), audit(&demo));
    assert!(
        lock.contains("escrow:\n  age1") && lock.contains("escrow import, 1 of 1 wraps proven"),
        "{lock}"
    );
    let digest = log.split("\"sha256:").nth(1).unwrap().split('"').next().unwrap();
    assert!(
        log.matches(digest).count() >= 2,
        "by encrypt and by import: {log}"
    );
    let bundle = fs::read_to_string(demo.path("bundle")).unwrap();
    let made = bundle
        .split("\"made\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(lock.contains(&format!("drilled: \"{made}\"")), "{lock}");
    let again = demo.run(&["escrow", "import", "report"]);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(
        again.stderr.contains("has this drill already"),
        "{}",
        again.stderr
    );
    assert_eq!(self::lock(&demo), lock);
    // A later drill counts again.
    demo.ok(&["escrow", "export", "-o", "second"]);
    demo.ok(&[
        "escrow",
        "drill",
        "second",
        "--identity",
        "escrow.txt",
        "-o",
        "answer",
    ]);
    demo.ok(&["escrow", "import", "answer"]);
    assert_ne!(self::lock(&demo), lock);
}

#[test]
fn forged_foreign_and_cut_reports_are_refused_and_recorded_as_such() {
    let demo = answered();
    let report = fs::read_to_string(demo.path("report")).unwrap();
    let letter = |at: usize, text: &str| {
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    let mac = report.find("\"mac\":\"").unwrap() + 10;
    let why = refused(&demo, &letter(mac, &report), 4);
    assert!(why.contains("its proof is wrong"), "{why}");
    let answer = report.find("\"answer\":\"").unwrap() + 12;
    refused(&demo, &letter(answer, &report), 4);
    refused(&demo, &report.replace("token.kw", "other.kw"), 4);
    let year = report.replacen("\"drilled\":\"20", "\"drilled\":\"21", 1);
    assert!(refused(&demo, &year, 4).contains("its proof is wrong"));
    refused(&demo, &report[..report.len() - 1], 4);
    refused(&demo, report.rsplit_once("{\"header\"").unwrap().0, 4);
    refused(&demo, &format!("{report}\n"), 4);
    refused(&demo, "", 4);
    refused(&demo, &"{".repeat(1 << 20), 4);
    let why = refused(&demo, &fs::read_to_string(demo.path("bundle")).unwrap(), 4);
    assert!(why.contains("no report"), "{why}");
    let why = refused(&demo, &fs::read_to_string(answered().path("report")).unwrap(), 1);
    assert!(why.contains("not made here"), "{why}");
    assert!(
        audit(&demo)
            .contains("\"action\":\"escrow import\",\"resources\":[\"forged\"],\"outcome\":\"failed\"")
    );
    demo.ok(&["escrow", "import", "report"]);
}

#[test]
fn another_identity_is_not_taken_and_a_wrong_wrap_is_found() {
    let demo = Demo::sealed();
    demo.ok(&["escrow", "new", "-o", "other.txt"]);
    demo.ok(&["escrow", "export", "-o", "bundle"]);
    let words = [
        "escrow",
        "drill",
        "bundle",
        "-o",
        "report",
        "--identity",
        "other.txt",
    ];
    let ran = demo.run(&words);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the bundle asks for that of age1"),
        "{}",
        ran.stderr
    );
    assert!(!demo.path("report").exists());
    let ran = demo.run(&["escrow", "drill", "report", "--identity", "escrow.txt", "-o", "x"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn an_envelope_that_changed_meanwhile_is_left_out_and_said() {
    let demo = Demo::sealed();
    demo.write("second", b"more\n");
    demo.ok(&["encrypt", "second"]);
    demo.ok(&["escrow", "export", "-o", "bundle"]);
    demo.ok(&[
        "escrow",
        "drill",
        "bundle",
        "--identity",
        "escrow.txt",
        "-o",
        "report",
    ]);
    fs::remove_file(demo.path("second.kw")).unwrap();
    demo.ok(&["encrypt", "second"]);
    let shown = demo.ok(&["escrow", "import", "report"]);
    assert!(
        shown.contains("1 of 2 proven") && shown.contains("changed or gone since the export: second.kw"),
        "{shown}"
    );
}

#[test]
fn while_no_location_answers_nothing_is_recorded() {
    let demo = answered();
    let before = lock(&demo);
    fs::rename(demo.path(".keyward/kms"), demo.path("away")).unwrap();
    let ran = demo.run(&["escrow", "import", "report"]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("run this again"), "{}", ran.stdout);
    assert_eq!(lock(&demo), before);
    fs::rename(demo.path("away"), demo.path(".keyward/kms")).unwrap();
    demo.ok(&["escrow", "import", "report"]);
}

#[test]
fn what_is_not_asked_about_is_said() {
    let demo = Demo::sealed();
    let ran = demo.run(&["escrow", "export", "nothing-here", "-o", "bundle"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    demo.write("broken.kw", b"no envelope");
    let ran = demo.run(&["escrow", "export", "-o", "bundle"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("not in the bundle: broken.kw"),
        "{}",
        ran.stderr
    );
    demo.ok(&["escrow", "export", "token.kw", "-o", "one", "--sample", "1"]);
    assert_eq!(demo.run(&["escrow", "export", "-o", "one"]).code, 2, "it exists");
}
