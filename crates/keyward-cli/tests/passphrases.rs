//! Passphrases, typed at a terminal: new ones twice, wrong ones refused, none of them shown.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use demo::Demo;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

mod demo;

/// Runs a line of shell at a terminal of its own and types `answers`, each once the next question is there. Gives the
/// exit code and everything that the terminal showed.
fn at_a_terminal(demo: &Demo, line: &str, answers: &[&str]) -> (i32, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = || File::options().read(true).write(true).open(&name).unwrap();
    let shell = demo.shell(line);
    // `setsid --ctty` makes it the terminal that /dev/tty means.
    let mut command = Command::new("setsid");
    command
        .args(["--ctty", "--wait"])
        .arg(shell.get_program())
        .args(shell.get_args());
    command.current_dir(demo.path("")).env_clear();
    command.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(slave()).stdout(slave()).stderr(slave());
    let mut child = command.spawn().unwrap();
    // Its copies of the terminal would keep it open.
    drop(command);
    let mut master = File::from(master);
    let mut shown = String::new();
    for (number, answer) in answers.iter().enumerate() {
        read_until(&mut master, &mut shown, |shown| {
            shown.matches("Passphrase for").count() > number && shown.ends_with(": ")
        });
        wait_for_silence(&master);
        master.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    read_until(&mut master, &mut shown, |_| false);
    (child.wait().unwrap().code().unwrap_or(-1), shown)
}

/// Reads on until `enough`, or until the other side is closed.
fn read_until(master: &mut File, shown: &mut String, enough: impl Fn(&str) -> bool) {
    let mut byte = [0];
    while !enough(shown) && matches!(master.read(&mut byte), Ok(1)) {
        shown.push(char::from(byte[0]));
    }
}

/// What is typed is not shown: waits until the question has seen to that.
fn wait_for_silence(master: &File) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while tcgetattr(master).unwrap().local_modes.contains(LocalModes::ECHO) {
        assert!(Instant::now() < deadline, "what is typed is shown");
        thread::yield_now();
    }
}

#[test]
fn an_identity_under_a_passphrase() {
    let demo = Demo::empty();
    let (code, shown) = at_a_terminal(
        &demo,
        "keyward escrow new --passphrase",
        &["open sesame", "open sesame"],
    );
    assert_eq!(code, 0, "{shown}");
    let start = shown.find("age1").unwrap();
    let recipient: String = shown[start..]
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    demo.write("token", b"hunter2\n");
    demo.ok(&["encrypt", "token", "--to", &recipient]);
    let line = "keyward decrypt token.kw --identity escrow-identity.txt";
    let (code, shown) = at_a_terminal(&demo, line, &["open sesame"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("hunter2") && !shown.contains("sesame"), "{shown}");
    let (code, shown) = at_a_terminal(&demo, line, &["open barley"]);
    assert_eq!(code, 4, "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("barley"), "{shown}");
}

#[test]
fn two_new_passphrases_must_agree() {
    let demo = Demo::empty();
    for (answers, what) in [(&["one", "other"][..], "differ"), (&[""], "protects nothing")] {
        let (code, shown) = at_a_terminal(&demo, "keyward escrow new --passphrase", answers);
        assert_eq!(code, 2, "{shown}");
        assert!(shown.contains(what), "{shown}");
    }
    assert!(demo.names().is_empty());
}

#[test]
fn a_root_key_under_a_passphrase() {
    let demo = Demo::empty();
    demo.ok(&["init", "--provider", "embedded", "--location", "us"]);
    let (code, shown) = at_a_terminal(
        &demo,
        "keyward key create app --passphrase",
        &["open sesame", "open sesame"],
    );
    assert_eq!(code, 0, "{shown}");
    demo.write("token", b"hunter2\n");
    let (code, shown) = at_a_terminal(&demo, "keyward encrypt token", &["open sesame"]);
    assert_eq!(code, 0, "{shown}");
    let (code, shown) = at_a_terminal(&demo, "keyward decrypt token.kw", &["open barley"]);
    assert_eq!(code, 4, "{shown}");
    let (code, shown) = at_a_terminal(&demo, "keyward decrypt token.kw", &["open sesame"]);
    assert!(code == 0 && shown.contains("hunter2"), "{shown}");
    // Looking needs no root key, and so no passphrase.
    assert!(demo.ok(&["key", "list"]).contains("ENABLED"));
    assert!(demo.ok(&["verify", "--canary", "off"]).contains("PASS  1 key"));
}

#[test]
fn binary_is_not_written_to_a_terminal() {
    let demo = Demo::sealed();
    // What could control the terminal comes late: nothing was shown before.
    let noise = [&b"fine\n".repeat(60_000)[..], "\u{9b}31m".as_bytes()].concat();
    demo.write("noise", &noise);
    demo.ok(&["encrypt", "noise"]);
    let recipient = identity_recipient(&demo);
    demo.write("noise.age", &age::encrypt(&recipient, &noise).unwrap());
    for line in [
        "keyward decrypt noise.kw",
        "cat noise.kw | keyward decrypt - --identity escrow.txt",
        "keyward decrypt noise.age --identity escrow.txt",
        "keyward encrypt token -o -",
    ] {
        let (code, shown) = at_a_terminal(&demo, line, &[]);
        assert_eq!(code, 2, "{line}: {shown}");
        assert!(shown.contains("not written to a terminal"), "{line}: {shown}");
        assert!(!shown.contains("fine"), "{line}");
    }
}

fn identity_recipient(demo: &Demo) -> age::x25519::Recipient {
    let identity = std::fs::read_to_string(demo.path("escrow.txt")).unwrap();
    let line = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    line.unwrap().parse().unwrap()
}
