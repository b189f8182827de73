//! Creating a version: never asked for twice, since a second one would be a second version.

use std::collections::BTreeSet;

use google_cloud_kms_v1::model;
use keyward_core::key::{KeyVersion, VersionState};
use keyward_core::kms::{KmsCode, KmsError, Observed};
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use tokio::time::sleep;

use crate::call::Call;
use crate::change::Seen;
use crate::convert;
use crate::kms::Shared;
use crate::lists;
use crate::port::Port;
use crate::read::{GET_VERSION, LIST_VERSIONS};
use crate::target::Target;

/// Permission to create versions.
const CREATE_VERSION: &str = "cloudkms.cryptoKeyVersions.create";

/// Creates the next version. The versions that were there before are listed first: after a lost answer, the one that was not
/// among them is it.
pub(crate) async fn create(kms: &Shared, key: &CryptoKeyName) -> Result<KeyVersion, KmsError> {
    let call = Call::new(kms, Port::Admin, Target::key(key), CREATE_VERSION)?;
    let before: BTreeSet<u64> = match list(&call, key).await {
        Observed::Present(versions) => versions.iter().map(|version| version.name.number()).collect(),
        Observed::Absent => return Err(no_key(key)),
        Observed::Unknown(why) => return Err(blind(key, &why)),
    };
    let version = call
        .change(
            |client| {
                let request = client.create_crypto_key_version().set_parent(key.to_string());
                call.dress(request.set_crypto_key_version(model::CryptoKeyVersion::new()))
                    .send()
            },
            |version| {
                let version = convert::version(version)?;
                let is_new = version.name.key() == key && !before.contains(&version.name.number());
                match is_new {
                    true => Ok(version),
                    false => Err(format!("{} is no new version of it", version.name)),
                }
            },
            || adopt(&call, key, &before),
        )
        .await?;
    match version.state {
        VersionState::PendingGeneration => call.until_generated(&version.name).await,
        _ => Ok(version),
    }
}

/// The one version that is new.
async fn adopt(call: &Call<'_>, key: &CryptoKeyName, before: &BTreeSet<u64>) -> Seen<KeyVersion> {
    let unclear = |why: &str| {
        let error = call.unclear("the creation of a version", why);
        Seen::Unclear(error.hint(format!(
            "before asking again, see which versions there are: keyward key show gcp-kms://{key}"
        )))
    };
    let versions = match list(call, key).await {
        Observed::Present(versions) => versions,
        Observed::Absent => return unclear("the key is gone"),
        Observed::Unknown(why) => return unclear(&format!("its versions cannot be seen: {why}")),
    };
    let is_new = |version: &KeyVersion| !before.contains(&version.name.number());
    let mut new: Vec<KeyVersion> = versions.into_iter().filter(is_new).collect();
    match (new.pop(), new.is_empty()) {
        (Some(version), true) => Seen::Done(version),
        (None, _) => unclear("no new version is seen so far"),
        (Some(_), false) => unclear("more than one version is new: somebody else creates versions too"),
    }
}

async fn list(call: &Call<'_>, key: &CryptoKeyName) -> Observed<Vec<KeyVersion>> {
    lists::versions(key, || Ok(call.look(Target::key(key), LIST_VERSIONS))).await
}

fn no_key(key: &CryptoKeyName) -> KmsError {
    KmsError::new(KmsCode::NotFound, format!("CryptoKey {key} not found."))
}

fn blind(key: &CryptoKeyName, why: &str) -> KmsError {
    let why = why.replace(&format!("{key}: "), "");
    let message = format!("no version of {key} is created while those that are there cannot be seen: {why}");
    KmsError::new(KmsCode::Unavailable, message)
}

impl Call<'_> {
    /// Waits until a version has its material.
    pub(crate) async fn until_generated(&self, name: &KeyVersionName) -> Result<KeyVersion, KmsError> {
        let look = self.look(Target::version(name), GET_VERSION);
        for round in 1.. {
            let version = match look.version(name).await {
                Ok(version) => version,
                Err(failure) => return Err(look.explain(failure).await),
            };
            match version.state {
                VersionState::PendingGeneration => {}
                VersionState::Other => return Err(not_generated(name)),
                _ => return Ok(version),
            }
            let wait = self.kms.wait(round);
            if wait >= self.time_left() {
                break;
            }
            sleep(wait).await;
        }
        let message = format!("{name} is created, and its material is still being generated");
        let error = KmsError::new(KmsCode::DeadlineExceeded, message);
        Err(error.hint(format!("look again: keyward key show gcp-kms://{}", name.key())))
    }
}

fn not_generated(name: &KeyVersionName) -> KmsError {
    let message = format!("{name} is created, and its material could not be generated");
    KmsError::new(KmsCode::FailedPrecondition, message)
}
