//! Secrets stay out of arguments, environments, logs and errors.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use demo::Demo;

mod demo;

#[test]
fn sops_age_key_is_taken_out_of_the_environment_at_once() {
    let demo = Demo::sealed();
    let identity = fs::read_to_string(demo.path("escrow.txt")).unwrap();
    let key = identity.lines().last().unwrap();
    let recipient = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .unwrap();
    fs::rename(demo.path("keyward.yaml"), demo.path("away")).unwrap();
    demo.ok(&["encrypt", "token", "-o", "only.kw", "--to", recipient]);
    let mut command = demo.keyward(&["decrypt", "-"]);
    command
        .env("SOPS_AGE_KEY", key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It waits for its input now. Without the right to look at it, that is as good as an answer.
    let environment = format!("/proc/{}/environ", child.id());
    let deadline = Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(&environment)
        .is_ok_and(|seen| seen.is_empty() || seen.contains("AGE-SECRET-KEY"))
    {
        assert!(
            Instant::now() < deadline,
            "the secret is still in the environment"
        );
        thread::yield_now();
    }
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(demo.path("only.kw")).unwrap())
        .unwrap();
    let ran = demo::ran(&child.wait_with_output().unwrap());
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "hunter2\n"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("SOPS_AGE_KEY holds a secret") && !ran.stderr.contains(key));
}

#[test]
fn a_root_key_that_others_may_read_is_warned_about_once_and_used() {
    let demo = Demo::sealed();
    let sealed = demo.run(&["decrypt", "token.kw"]);
    assert!(!sealed.stderr.contains("others may read"), "{}", sealed.stderr);
    let root = demo.path(".keyward/root.key");
    fs::set_permissions(&root, Permissions::from_mode(0o640)).unwrap();
    for words in [&["decrypt", "token.kw"][..], &["verify"], &["key", "list"]] {
        let ran = demo.run(words);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let warned = ran
            .stderr
            .matches("root.key holds keys, and others may read")
            .count();
        assert_eq!(warned, 1, "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn core_dumps_are_off() {
    let demo = Demo::empty();
    let mut child = demo
        .keyward(&["decrypt", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let deadline = Instant::now() + Duration::from_secs(20);
    let off = |text: String| {
        let line = text
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .map(ToOwned::to_owned);
        line.is_some_and(|line| line.split_whitespace().skip(4).take(2).all(|limit| limit == "0"))
    };
    while !fs::read_to_string(&limits).is_ok_and(off) {
        assert!(Instant::now() < deadline, "core dumps are still on");
        thread::yield_now();
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn the_audit_log_knows_what_was_done_and_no_secret() {
    let demo = Demo::sealed();
    demo.ok(&["decrypt", "token.kw"]);
    demo.ok(&["key", "disable", "app/us-central1@1", "--even-if-needed"]);
    let log = fs::read_to_string(demo.path(".keyward/audit.jsonl")).unwrap();
    for action in ["key create", "encrypt", "decrypt", "key disable"] {
        assert!(log.contains(&format!("\"action\":\"{action}\"")), "{log}");
    }
    let disable: Vec<_> = log.lines().filter(|line| line.contains("key disable")).collect();
    assert!(
        disable[0].contains("intended") && disable[1].contains("done"),
        "{log}"
    );
    assert!(!log.contains("hunter2") && !log.contains("AGE-SECRET-KEY"));
}

#[test]
fn a_passphrase_is_asked_for_at_the_terminal() {
    let demo = Demo::empty();
    // No terminal: nothing is read from stdin in its place.
    let ran = demo.sh("printf 'open sesame\\n' | setsid keyward escrow new --passphrase");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("no terminal"), "{}", ran.stderr);
    assert!(demo.names().is_empty());
}
