//! Where results go: nothing is left of a run that was ended, nothing else is overwritten, and plaintext is private.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use demo::Demo;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::{Pid, Signal, kill_process};

mod demo;

fn mode(demo: &Demo, name: &str) -> u32 {
    demo.path(name).metadata().unwrap().permissions().mode() & 0o7777
}

fn fifo(demo: &Demo, name: &str) {
    mkfifoat(CWD, demo.path(name), Mode::RUSR | Mode::WUSR).unwrap();
}

/// A project with `big.kw`, 4 MiB of content.
fn with_big() -> Demo {
    let demo = Demo::sealed();
    demo.write("big", &vec![b'x'; 4 << 20]);
    demo.ok(&["encrypt", "big"]);
    fs::remove_file(demo.path("big")).unwrap();
    demo
}

#[test]
fn a_signal_in_the_middle_leaves_no_plaintext() {
    let demo = with_big();
    let sealed = fs::read(demo.path("big.kw")).unwrap();
    fifo(&demo, "pipe");
    let names = demo.names();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::KILL] {
        let mut child = demo
            .keyward(&["decrypt", "pipe", "-o", "out", "--identity", "escrow.txt"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pipe = File::options().write(true).open(demo.path("pipe")).unwrap();
        // All but the end: when that is through, all but what a pipe holds was read, and it waits for the rest.
        pipe.write_all(&sealed[..sealed.len() - 1]).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            None,
            "it was to be ended by {signal:?}"
        );
        assert_eq!(demo.names(), names, "{signal:?}");
    }
}

#[test]
fn a_signal_in_the_middle_of_a_replacement_leaves_the_old_file_alone() {
    let demo = with_big();
    let (names, sealed) = (demo.names(), fs::read(demo.path("big.kw")).unwrap());
    // The first write beyond the limit ends it.
    let ran = demo.sh("ulimit -c 0; ulimit -f 200; exec keyward decrypt -i big.kw");
    assert_eq!(ran.code, -1, "{}", ran.stderr);
    assert_eq!(demo.names(), names);
    assert!(fs::read(demo.path("big.kw")).unwrap() == sealed);
}

#[test]
fn plaintext_in_the_place_of_a_readable_file_is_private() {
    let demo = Demo::sealed();
    fs::set_permissions(demo.path("token.kw"), Permissions::from_mode(0o644)).unwrap();
    let ran = demo.run(&["decrypt", "-i", "token.kw"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(mode(&demo, "token.kw"), 0o600);
    assert!(
        ran.stderr.contains("readable by its owner only"),
        "{}",
        ran.stderr
    );
    // Ciphertext keeps what was there.
    fs::set_permissions(demo.path("token"), Permissions::from_mode(0o640)).unwrap();
    demo.ok(&["encrypt", "-i", "token"]);
    assert_eq!(mode(&demo, "token"), 0o640);
}

#[test]
fn a_pipe_that_is_to_be_the_output_is_not_waited_for() {
    let demo = Demo::sealed();
    fifo(&demo, "pipe");
    for words in [["encrypt", "token"], ["decrypt", "token.kw"]] {
        let ran = demo.run(&[&words[..], &["-o", "pipe"]].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("exists already"), "{}", ran.stderr);
    }
}

#[test]
fn a_second_name_of_a_file_is_not_forgotten() {
    let demo = Demo::sealed();
    demo.write("one", b"hunter2\n");
    fs::hard_link(demo.path("one"), demo.path("other")).unwrap();
    let names = demo.names();
    for words in [
        &["encrypt", "-i", "one"][..],
        &["encrypt", "one", "-o", "one"],
        &["encrypt", "one", "-o", "other"],
    ] {
        assert_eq!(demo.run(words).code, 2, "{words:?}");
    }
    assert_eq!(demo.names(), names);
    for name in ["one", "other"] {
        assert_eq!(fs::read(demo.path(name)).unwrap(), b"hunter2\n");
    }
    // By another way to the same name it is still the file that was read.
    fs::remove_file(demo.path("other")).unwrap();
    demo.ok(&["encrypt", "one", "-o", "./one"]);
    assert_eq!(demo.ok(&["decrypt", "one"]), "hunter2\n");
}

#[test]
fn of_two_that_replace_one_file_at_most_one_says_so() {
    let demo = Demo::sealed();
    for _ in 0..10 {
        demo.write("one", b"hunter2\n");
        let children: Vec<_> = (0..2)
            .map(|_| {
                let mut command = demo.keyward(&["encrypt", "-i", "one", "--quiet"]);
                command.stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        let codes: Vec<_> = children
            .into_iter()
            .map(|mut child| child.wait().unwrap().code())
            .collect();
        assert_ne!(codes, [Some(0), Some(0)]);
        assert_eq!(demo.ok(&["decrypt", "one"]), "hunter2\n");
    }
}

#[test]
fn what_is_sealed_is_not_sealed_again_in_its_place() {
    let demo = Demo::sealed();
    demo.ok(&["encrypt", "-i", "token"]);
    demo.ok(&["encrypt", "--text", "token", "-o", "twice"]);
    for file in ["token", "twice"] {
        let ran = demo.run(&["encrypt", "-i", file]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("an envelope already"), "{}", ran.stderr);
    }
}

#[test]
fn an_identity_for_stdout_goes_there_alone() {
    let demo = Demo::empty();
    let ran = demo.run(&["escrow", "new", "-o", "-"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(demo.names().is_empty());
    assert!(ran.stdout.contains("AGE-SECRET-KEY-1") && !ran.stderr.contains("AGE-SECRET-KEY-1"));
    assert!(ran.stderr.contains("recipient:") && !ran.stdout.contains("recipient:"));
    demo.write("identity", ran.stdout.as_bytes());
    let recipient = ran
        .stderr
        .split_whitespace()
        .find(|word| word.starts_with("age1"));
    demo.write("token", b"hunter2\n");
    demo.ok(&["encrypt", "token", "--to", recipient.unwrap()]);
    assert_eq!(
        demo.ok(&["decrypt", "token.kw", "--identity", "identity"]),
        "hunter2\n"
    );
    assert_eq!(demo.run(&["escrow", "new", "-o", "-", "--json"]).code, 2);
}

#[test]
fn a_hostile_name_stays_a_name() {
    let demo = Demo::sealed();
    let hostile = "a\nok: sealed\u{1b}[2m\u{9b}2J\u{202e}.kw";
    fs::copy(demo.path("token.kw"), demo.path(hostile)).unwrap();
    let seen = |ran: demo::Ran| {
        let all = ran.stdout + &ran.stderr;
        assert!(!all.contains("\nok: sealed"), "{all:?}");
        assert!(!all.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{all:?}");
    };
    seen(demo.run(&["inspect", hostile]));
    seen(demo.run(&["inspect", hostile, "--json"]));
    seen(demo.run(&["decrypt", hostile, "-o", "a\nok: sealed\u{1b}[2m"]));
    seen(demo.run(&["decrypt", hostile, "-o", hostile, "--env", "other"]));
    seen(demo.run(&[
        "decrypt",
        "a\nok: sealed\u{1b}[2m",
        "--identity",
        "\u{9b}\nok: sealed",
    ]));
}

#[test]
fn a_file_is_not_appended_to_itself() {
    let demo = Demo::sealed();
    for line in [
        "keyward encrypt token -o - >> token",
        "keyward decrypt token.kw >> token.kw",
    ] {
        let ran = demo.sh(line);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("stdout is the file that is read"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(fs::read(demo.path("token")).unwrap(), b"hunter2\n");
    assert_eq!(demo.ok(&["decrypt", "token.kw"]), "hunter2\n");
}
