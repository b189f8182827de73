//! Another process that uses an embedded KMS: what the crash and contention tests start, and kill.
//!
//! `kms-worker FOLDER story FROM` carries out the story from that operation on, earlier ones being done, and prints a
//! line for each that was answered. The other tasks wait for a line on stdin, so that several start at once:
//! `create-ring` once, `create-key N` the key with this index, `create-version N` and `encrypt N` so many times. `look` says what it sees of
//! the key that the story makes first, and uses it.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::io::{Write, stdin, stdout};
use std::path::Path;

use keyward_core::kms::Observed;
use keyward_tests::embedded::Embedded;
use keyward_tests::naive::Wish;
use keyward_tests::operation::{Answered, Key, Operation};
use keyward_tests::picture::KEYS;
use keyward_tests::story::story;

const KEY: Key = KEYS[0];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, task, number] = &arguments[..] else {
        panic!("kms-worker FOLDER TASK NUMBER");
    };
    let (mut kms, number) = (Embedded::new(Path::new(folder)), number.parse().unwrap());
    match task.as_str() {
        "story" => tell(&mut kms, number),
        "create-key" => at_once(&mut kms, 1, &Operation::CreateKey(KEYS[number], wish())),
        "create-version" => at_once(&mut kms, number, &Operation::CreateVersion(KEY)),
        "create-ring" => at_once(&mut kms, 1, &Operation::CreateRing(KEY.0)),
        "encrypt" => at_once(&mut kms, number, &Operation::Encrypt(KEY)),
        "look" => look(&mut kms),
        other => panic!("no task {other}"),
    }
}

fn wish() -> Wish {
    Wish {
        window: 24,
        rotation: None,
        bare: false,
    }
}

fn tell(kms: &mut Embedded, from: usize) {
    for (index, operation) in story().iter().enumerate() {
        if index >= from || matches!(operation, Operation::Wait(_)) {
            report(&kms.apply(operation));
        }
    }
}

fn at_once(kms: &mut Embedded, times: usize, operation: &Operation) {
    stdin().read_line(&mut String::new()).unwrap();
    for _ in 0..times {
        report(&kms.apply(operation));
    }
}

fn look(kms: &mut Embedded) {
    let key = Key("one", "two");
    match kms.see(key) {
        Observed::Present(seen) => println!("present, primary {:?}", seen.primary),
        Observed::Absent => println!("absent"),
        Observed::Unknown(why) => println!("{why}"),
    }
    report(&kms.apply(&Operation::EncryptWith(key, 2)));
    report(&kms.apply(&Operation::Decrypt(key, 0)));
    report(&kms.apply(&Operation::Disable(key, 2)));
    report(&kms.apply(&Operation::Enable(key, 2)));
}

/// One line that has left the process when this returns: the acknowledgement.
fn report(answer: &Answered) {
    match answer {
        Ok(answer) => println!("ok {:?}", answer.number()),
        Err(error) => println!("{error}"),
    }
    stdout().flush().unwrap();
}
