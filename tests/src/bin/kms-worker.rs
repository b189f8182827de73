//! Another process that uses an embedded KMS: what the crash and contention tests start, and kill.
//!
//! `kms-worker FOLDER story FROM` carries out the story from that operation on, earlier ones being done, and prints a
//! line for each that was answered. The other tasks wait for a line on stdin, so that several start at once:
//! `create-key` once, `create-version N` and `encrypt N` so many times.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{Write, stdin, stdout};
use std::path::Path;

use keyward_tests::embedded::Embedded;
use keyward_tests::naive::Wish;
use keyward_tests::operation::{Answered, Key, Operation};
use keyward_tests::story::story;

const KEY: Key = Key("one", "one");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, task, number] = &arguments[..] else {
        panic!("kms-worker FOLDER TASK NUMBER");
    };
    let (mut kms, number) = (Embedded::new(Path::new(folder)), number.parse().unwrap());
    match task.as_str() {
        "story" => tell(&mut kms, number),
        "create-key" => at_once(&mut kms, 1, &Operation::CreateKey(KEY, wish())),
        "create-version" => at_once(&mut kms, number, &Operation::CreateVersion(KEY)),
        "encrypt" => at_once(&mut kms, number, &Operation::Encrypt(KEY)),
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

/// One line that has left the process when this returns: the acknowledgement.
fn report(answer: &Answered) {
    match answer {
        Ok(answer) => println!("ok {:?}", answer.number()),
        Err(error) => println!("{error}"),
    }
    stdout().flush().unwrap();
}
