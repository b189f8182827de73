//! Plain age files, as `age` makes them.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use demo::Demo;

mod demo;

/// A project with `plain.age`, for the identity in `escrow.txt`; its content does not end in a line end.
fn with_age_file() -> Demo {
    let demo = Demo::sealed();
    let identity = std::fs::read_to_string(demo.path("escrow.txt")).unwrap();
    let recipient = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .unwrap();
    let recipient: age::x25519::Recipient = recipient.parse().unwrap();
    demo.write("plain.age", &age::encrypt(&recipient, b"no line end").unwrap());
    demo
}

const OPEN: [&str; 4] = ["decrypt", "plain.age", "--identity", "escrow.txt"];

#[test]
fn the_last_line_arrives_or_is_an_error() {
    let demo = with_age_file();
    assert_eq!(demo.ok(&OPEN), "no line end");
    let ran = demo.sh("keyward decrypt plain.age --identity escrow.txt > /dev/full");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("No space left"), "{}", ran.stderr);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = demo::ran(&demo.keyward(&OPEN).stdout(writer).output().unwrap());
    assert_eq!((ran.code, ran.stdout.as_str()), (141, ""), "{}", ran.stderr);
}

#[test]
fn a_context_that_is_demanded_is_not_skipped() {
    let demo = with_age_file();
    let ran = demo.run(&[&OPEN[..], &["--context", "env=prod"]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("carries no context"), "{}", ran.stderr);
    let ran = demo.run(&OPEN);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("not checked: env, rule"), "{}", ran.stderr);
}

#[test]
fn a_key_file_that_is_not_there_does_not_stop_the_key_that_is() {
    let demo = with_age_file();
    std::fs::remove_file(demo.path("keyward.yaml")).unwrap();
    let identity = std::fs::read_to_string(demo.path("escrow.txt")).unwrap();
    let mut command = demo.keyward(&["decrypt", "plain.age"]);
    command.env("SOPS_AGE_KEY_FILE", "nowhere");
    assert_eq!(demo::ran(&command.output().unwrap()).code, 2);
    command.env("SOPS_AGE_KEY", identity.lines().last().unwrap());
    let ran = demo::ran(&command.output().unwrap());
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "no line end"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("nowhere"), "{}", ran.stderr);
}

#[test]
fn a_secret_key_in_the_wrong_place_is_not_repeated() {
    let demo = Demo::empty();
    demo.write("token", b"x");
    for key in ["AGE-SECRET-KEY-1QQQSECRET", "age-secret-key-1qqqsecret"] {
        let ran = demo.run(&["encrypt", "token", "--to", key]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(!ran.stderr.to_lowercase().contains("qqqsecret"), "{}", ran.stderr);
    }
}
