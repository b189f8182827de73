//! The service agent: the account in whose name the storage uses keys.

use keyward_core::name::CryptoKeyName;
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::ask::Ask;
use super::key_refusal;
use super::refusal::Refusal;
use super::reply::Reply;
use crate::rpc::{Caller, Method};
use crate::state::State;

/// What the agent needs to write.
const ENCRYPT: Method = Method::looks("Encrypt", "cloudkms.cryptoKeyVersions.useToEncrypt");
/// What the agent needs to read.
const DECRYPT: Method = Method::looks("Decrypt", "cloudkms.cryptoKeyVersions.useToDecrypt");

/// `storage.projects.serviceAccount.get`.
pub(crate) fn answer(_: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let document = json!({ "kind": "storage#serviceAccount", "email_address": email(&ask.project) });
    Ok(Reply::json(200, &document))
}

/// The number of a project: the same for the same id, always. A project that is named by its number keeps it.
pub(crate) fn project_number(project: &str) -> u64 {
    if let Ok(number) = project.parse() {
        return number;
    }
    let hash = digest(&SHA256, project.as_bytes());
    let start = hash.as_ref().first_chunk().copied().unwrap_or_default();
    100_000_000_000 + u64::from_be_bytes(start) % 900_000_000_000
}

/// The agent of a project.
pub(crate) fn email(project: &str) -> String {
    format!(
        "service-{}@gs-project-accounts.iam.gserviceaccount.com",
        project_number(project)
    )
}

/// Whether the agent may encrypt with the key.
pub(crate) fn may_encrypt(state: &State, project: &str, key: &CryptoKeyName) -> Result<(), Refusal> {
    may(state, project, key, &ENCRYPT)
}

/// Whether the agent may decrypt with the key.
pub(crate) fn may_decrypt(state: &State, project: &str, key: &CryptoKeyName) -> Result<(), Refusal> {
    may(state, project, key, &DECRYPT)
}

fn may(state: &State, project: &str, key: &CryptoKeyName, method: &Method) -> Result<(), Refusal> {
    let agent = Caller::Bearer(format!("serviceAccount:{}", email(project)));
    let allowed = state.iam.check(&agent, method, &key.to_string());
    allowed.map_err(|_| key_refusal::denied())
}
