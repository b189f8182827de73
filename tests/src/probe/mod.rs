//! Questions that nobody has seen Cloud KMS answer: each is asked at an endpoint, and the answer is written down, so that
//! one paid run settles what the emulator guesses.

mod asked;
mod record;

use google_cloud_kms_v1::client::KeyManagementService;
use keyward_core::name::KeyRingName;
use serde_json::{Value, json};

use crate::google::Google;
use asked::QUESTIONS;

/// How many key versions stay behind, each of which costs money until it is destroyed.
pub const VERSIONS: u32 = 4;

/// What is asked about: keys of a new ring, in several states.
pub(crate) struct Scene {
    pub(crate) client: KeyManagementService,
    pub(crate) ring: KeyRingName,
}

/// Asks everything, with keys in `ring`, which is made. The answers name it `RING`, so that two runs can be compared.
pub async fn ask_all(google: &Google, ring: &KeyRingName) -> Value {
    let scene = Scene {
        client: google.client.clone(),
        ring: ring.clone(),
    };
    asked::prepare(google, &scene).await;
    let mut answers = Vec::new();
    for question in QUESTIONS {
        let answer = (question.ask)(&scene).await;
        answers.push(json!({
            "what": question.what,
            "answer": record::of(answer, &scene),
        }));
    }
    Value::Array(answers)
}
