//! The questions to Cloud KMS can be asked, and what the emulator answers is what is on record.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::path::Path;
use std::process::Command;

use keyward_emulator::Emulator;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_against-cloud-kms");

/// What the emulator answers. After a paid run, the same file of Cloud KMS shows where it is wrong.
const ON_RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/answers/emulator.json");

/// Runs the program that is meant for Cloud KMS.
fn run(emulator: &Emulator, answers: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(PROGRAM);
    command.args(words).arg("--endpoint").arg(emulator.endpoint());
    command.arg("--answers").arg(answers);
    command
        .env("KEYWARD_GCP_TEST_PROJECT", "probed")
        .env_remove("KEYWARD_GCP_TEST_LOCATION");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_emulator_answers_as_is_on_record() {
    let (emulator, folder) = (Emulator::start().unwrap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("answers.json");
    let (done, said) = run(&emulator, &file, &["--go"]);
    assert!(done, "{said}");
    let answers: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let expected: Value = serde_json::from_slice(&std::fs::read(ON_RECORD).unwrap()).unwrap();
    let (answers, expected) = (answers.as_array().unwrap(), expected.as_array().unwrap());
    for (answer, expected) in answers.iter().zip(expected) {
        assert_eq!(
            answer, expected,
            "{ON_RECORD} is out of date, or the emulator is wrong"
        );
    }
    assert_eq!(answers.len(), expected.len());

    // What it says that it costs is what it makes.
    let calls = emulator.trouble().calls();
    let made = |method| {
        calls
            .iter()
            .filter(|call| call.method == method && call.code == keyward_emulator::Code::Ok)
            .count()
    };
    let told = format!("{} key versions", count(&emulator));
    assert!(said.contains(&told), "{told} are there: {said}");
    assert!(made("CreateKeyRing") > 2);
}

/// How many versions the emulator has.
fn count(emulator: &Emulator) -> usize {
    let run = keyward_tests::emulated::runtime();
    run.block_on(async {
        let google = keyward_tests::google::Google::at(&emulator.endpoint()).await;
        google
            .count_versions("projects/probed/locations/europe-west1")
            .await
    })
}

#[test]
fn nothing_is_asked_before_somebody_agrees_to_what_it_costs() {
    let (emulator, folder) = (Emulator::start().unwrap(), tempfile::tempdir().unwrap());
    let (done, said) = run(&emulator, &folder.path().join("answers.json"), &[]);
    assert!(!done && said.contains("USD") && said.contains("--go"), "{said}");
    assert!(emulator.trouble().calls().is_empty());
}
