//! The conformance suite and the open questions, against Cloud KMS itself. It costs money.
//!
//! `KEYWARD_GCP_TEST_PROJECT=PROJECT against-cloud-kms [--go] [--answers FILE] [--endpoint URL]`, with application-default
//! credentials whose holder may create, use and destroy keys there; `KEYWARD_GCP_TEST_LOCATION` is `europe-west1` unless
//! given. Without `--go` it says what it would cost and stops. What only a moved clock shows is not tested. Answers to the
//! open questions go to FILE.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyward_core::name::KeyRingName;
use keyward_gcp::{Access, GcpKms, Settings};
use keyward_tests::cloud::SystemClock;
use keyward_tests::conformance::{self, Subject};
use keyward_tests::emulated::runtime;
use keyward_tests::google::Google;
use keyward_tests::probe;
use rand::rngs::StdRng;

/// Versions that stay, operations on them, and what Google asks for (USD, as quoted in 2026: 0.06 a version and month, 0.03
/// for 10,000 operations).
const VERSIONS: u32 = conformance::VERSIONS + probe::VERSIONS;
const OPERATIONS: u32 = 1000;

/// How long Cloud KMS usually takes until everybody has heard of a change.
const PATIENCE: Duration = Duration::from_secs(180);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Ok(project) = std::env::var("KEYWARD_GCP_TEST_PROJECT") else {
        println!("KEYWARD_GCP_TEST_PROJECT names no project: nothing is tested.");
        return ExitCode::from(2);
    };
    let location = std::env::var("KEYWARD_GCP_TEST_LOCATION").unwrap_or_else(|_| "europe-west1".to_owned());
    let month = f64::from(VERSIONS) * 0.06;
    println!(
        "In project {project}, {location}: {VERSIONS} key versions are made and stay, for at most {month:.2} USD a month until"
    );
    println!(
        "they are destroyed, and at most {OPERATIONS} operations are asked for (less than 0.01 USD). Key rings cannot be deleted."
    );
    if !words.iter().any(|word| word == "--go") {
        println!("With --go it begins.");
        return ExitCode::from(1);
    }
    let value = |flag: &str| words.iter().skip_while(|word| *word != flag).nth(1).cloned();
    let answers = runtime().block_on(run(&project, &location, value("--endpoint")));
    if let Some(file) = value("--answers") {
        std::fs::write(file, answers + "\n").unwrap();
    }
    ExitCode::SUCCESS
}

/// Tests everything, and answers the answers.
async fn run(project: &str, location: &str, endpoint: Option<String>) -> String {
    let google = match &endpoint {
        Some(endpoint) => Google::at(endpoint).await,
        None => Google::at_google().await,
    };
    let fresh = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let ring = |word: &str| -> KeyRingName {
        let name = format!("projects/{project}/locations/{location}/keyRings/keyward-{word}-{fresh}");
        name.parse().unwrap()
    };
    let answers = probe::ask_all(&google, &ring("probe")).await;
    println!("{} questions are answered", answers.as_array().unwrap().len());
    let kms = provider(endpoint);
    let mut subject = Subject::new("cloud", ring("suite"), Arc::new(kms), Arc::new(SystemClock));
    subject.patience = PATIENCE;
    subject.schedule_destruction = Some(Box::new(move |version| {
        let google = google.clone();
        Box::pin(async move { google.schedule_destruction(version).await })
    }));
    let report = conformance::run(&subject).await;
    println!("{} facts hold; skipped: {:?}", report.held.len(), report.skipped);
    serde_json::to_string_pretty(&answers).unwrap()
}

fn provider(endpoint: Option<String>) -> GcpKms {
    let mut settings = Settings {
        endpoint,
        deadline: Duration::from_secs(120),
        ..Settings::default()
    };
    if settings.endpoint.is_some() {
        settings.quota = keyward_tests::cloud::ENOUGH;
    }
    let access = Access {
        otherwise: settings,
        ..Access::default()
    };
    GcpKms::new(
        access,
        Arc::new(SystemClock),
        Box::new(rand::make_rng::<StdRng>()),
    )
}
