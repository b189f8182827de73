//! Nothing in keyward can destroy a key, and looking changes nothing: every verb runs against an emulator that records
//! calls.

#![cfg(feature = "gcp")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use demo::Demo;
use keyward_emulator::{CallRecord, Emulator};

mod demo;

const VERSION: &str =
    "projects/demo/locations/europe-west1/keyRings/secrets/cryptoKeys/app/cryptoKeyVersions/1";

/// What a verb may do to keys.
#[derive(Clone, Copy, Debug, PartialEq)]
enum May {
    /// Ask nobody.
    Nothing,
    /// Look at them, encrypt and decrypt.
    Use,
    /// Make them, and change what can be changed back.
    Change,
}

/// Every verb that comes near keys, in an order in which each has something to do. `ENDPOINT` is that of the emulator,
/// `VERSION` a full name, `RECIPIENT` that of an escrow identity in `escrow.txt`.
const RUNS: &[(&str, May)] = &[
    (
        "init --provider gcp --project demo --endpoint ENDPOINT --escrow RECIPIENT",
        May::Nothing,
    ),
    ("verify", May::Use),
    ("key list", May::Use),
    ("key create app", May::Change),
    ("key create app", May::Change),
    ("verify --canary here", May::Use),
    ("verify --canary off", May::Use),
    ("verify --strict", May::Use),
    ("key list", May::Use),
    ("key show app", May::Use),
    ("key show app/europe-west1", May::Use),
    ("key show app/europe-west1@1", May::Use),
    ("encrypt token", May::Use),
    ("decrypt token.kw", May::Use),
    ("inspect token.kw", May::Nothing),
    ("explain token", May::Nothing),
    ("uses app --history", May::Nothing),
    ("survive", May::Use),
    ("survive --lose */locations/europe-west1/*", May::Use),
    ("escrow new -o other.txt", May::Nothing),
    ("escrow export -o bundle", May::Nothing),
    (
        "escrow drill bundle --identity escrow.txt -o report",
        May::Nothing,
    ),
    ("escrow import report", May::Use),
    ("key restore app/europe-west1 --drill --wait 0s", May::Change),
    ("key disable app/europe-west1@1 --even-if-needed", May::Change),
    ("verify", May::Use),
    ("decrypt token.kw", May::Use),
    ("key enable app/europe-west1@1", May::Change),
    ("watch --once", May::Use),
    ("DESTROY", May::Nothing),
    ("verify", May::Use),
    ("watch --once", May::Use),
    ("watch ack --all", May::Nothing),
    ("key show app/europe-west1@1", May::Use),
    ("decrypt token.kw", May::Use),
    ("key restore VERSION --endpoint ENDPOINT", May::Change),
    ("key adopt app", May::Use),
    ("audit show", May::Nothing),
    ("harden --format terraform", May::Nothing),
    ("harden --format gcloud", May::Nothing),
    ("decrypt token.kw", May::Use),
    (
        "quickstart tour --provider gcp --project demo --endpoint ENDPOINT",
        May::Change,
    ),
];

/// Verbs that come near no key of a provider.
const WITHOUT_KEYS: &[&str] = &["completions", "credential", "man"];

#[test]
fn no_verb_destroys_and_looking_changes_nothing() {
    let emulator = Emulator::start().unwrap();
    let demo = Demo::empty();
    demo.write("token", b"hunter2\n");
    demo.ok(&["escrow", "new", "-o", "escrow.txt"]);
    let identity = std::fs::read_to_string(demo.path("escrow.txt")).unwrap();
    let recipient = identity.split_whitespace().find(|word| word.starts_with("age1"));
    let (mut changed, mut used) = (0, 0);
    for (line, may) in RUNS {
        emulator.trouble().clear_calls();
        if *line == "DESTROY" {
            destroy(&emulator);
            continue;
        }
        let line = line.replace("ENDPOINT", &emulator.endpoint());
        let line = line.replace("VERSION", &format!("gcp-kms://{VERSION}"));
        let line = line.replace("RECIPIENT", recipient.unwrap());
        // What it answers is for other tests: what counts is what it asked for.
        let words: Vec<&str> = line.split(' ').collect();
        let ran = demo.run(&words);
        let calls = emulator.trouble().calls();
        for call in &calls {
            assert!(is_allowed(call, *may), "keyward {line}: {call:?}");
        }
        changed += usize::from(calls.iter().any(|call| is_change(call.method)));
        used += usize::from(calls.iter().any(|call| call.method == "Decrypt"));
        assert!(
            calls.is_empty() || *may != May::Nothing,
            "keyward {line}: {}",
            ran.stderr
        );
    }
    // The verbs did what they are for, or nothing was shown.
    assert!(
        changed >= 5 && used >= 5,
        "{changed} runs changed something, {used} decrypted"
    );
}

fn is_allowed(call: &CallRecord, may: May) -> bool {
    match call.method {
        "Encrypt" | "Decrypt" | "TestIamPermissions" => may != May::Nothing,
        method if method.starts_with("Get") || method.starts_with("List") => may != May::Nothing,
        method => may == May::Change && is_change(method),
    }
}

/// The changes that keyward makes. There is none that destroys, deletes, imports, or gives rights away.
fn is_change(method: &str) -> bool {
    [
        "CreateKeyRing",
        "CreateCryptoKey",
        "CreateCryptoKeyVersion",
        "UpdateCryptoKey",
        "UpdateCryptoKeyPrimaryVersion",
        "UpdateCryptoKeyVersion",
        "RestoreCryptoKeyVersion",
    ]
    .contains(&method)
}

/// A verb that nobody thought of here fails.
#[test]
fn every_verb_is_in_the_list() {
    let words = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
    let run: Vec<Vec<String>> = RUNS.iter().map(|(line, _)| words(line)).collect();
    let mut missing = BTreeSet::new();
    for verb in verbs(&keyward_cli::command()) {
        let is_run = run.iter().any(|line| line.starts_with(&verb));
        let is_without = WITHOUT_KEYS.contains(&verb[0].as_str());
        if !is_run && !is_without {
            missing.insert(verb.join(" "));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// The leaves of the tree.
fn verbs(command: &clap::Command) -> Vec<Vec<String>> {
    let mut verbs = Vec::new();
    for child in command
        .get_subcommands()
        .filter(|child| child.get_name() != "help")
    {
        let name = child.get_name().to_owned();
        let below = verbs_below(child);
        verbs.extend(below.into_iter().map(|rest| [vec![name.clone()], rest].concat()));
    }
    verbs
}

fn verbs_below(command: &clap::Command) -> Vec<Vec<String>> {
    match verbs(command) {
        leaves if leaves.is_empty() => vec![Vec::new()],
        more => more,
    }
}

/// What somebody else does with another client.
fn destroy(emulator: &Emulator) {
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    let head = format!("POST /v1/{VERSION}:destroy HTTP/1.1\r\nHost: emulator\r\nConnection: close");
    write!(
        stream,
        "{head}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
