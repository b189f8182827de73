//! Creating a key: what comes back is what was asked for, or it is an error that says what differs.

use google_cloud_kms_v1::model;
use keyward_core::key::{CryptoKey, KeySpec, ProtectionLevel, Purpose};
use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::name::CryptoKeyName;

use crate::call::Call;
use crate::change::Seen;
use crate::convert;
use crate::kms::Shared;
use crate::port::Port;
use crate::read::{GET_KEY, named};
use crate::target::{Guard, Target};

/// Permission to create keys.
const CREATE_KEY: &str = "cloudkms.cryptoKeys.create";

/// Creates a key.
pub(crate) async fn create(kms: &Shared, name: &CryptoKeyName, spec: KeySpec) -> Result<CryptoKey, KmsError> {
    let request = request(name, &spec)?;
    let ring = name.ring().to_string();
    let target = Target::key(name).guarded_by(Some(Guard::Ring(name.ring())));
    let call = Call::new(kms, Port::Admin, target, CREATE_KEY)?;
    let (key, is_pending) = call
        .change(
            |client| {
                let send = client
                    .create_crypto_key()
                    .set_parent(&ring)
                    .set_crypto_key_id(name.id());
                let send = send.set_crypto_key(request.clone());
                call.dress(send.set_skip_initial_version_creation(spec.skip_initial_version))
                    .send()
            },
            |key| {
                let is_pending = convert::is_pending(&key);
                Ok((named(convert::key(key)?, name, |key| &key.name)?, is_pending))
            },
            || seen(&call, name, &spec),
        )
        .await?;
    if let Some(what) = difference(&key, &spec) {
        return Err(unlike(&key, what));
    }
    if let Some(primary) = key.primary_name().filter(|_| is_pending) {
        call.until_generated(&primary).await?;
    }
    Ok(key)
}

/// A key that is there after a lost answer is ours if it is what was asked for; its material may be pending.
async fn seen(call: &Call<'_>, name: &CryptoKeyName, spec: &KeySpec) -> Seen<(CryptoKey, bool)> {
    let look = call.look(Target::key(name), GET_KEY);
    match look.key(name).await {
        Ok(key) => match difference(&key, spec) {
            None => Seen::Done((key, true)),
            Some(what) => Seen::Unclear(KmsError::new(
                KmsCode::AlreadyExists,
                format!("CryptoKey {name} already exists, with another {what} than asked for"),
            )),
        },
        Err(failure) => call.not_there("the creation", failure),
    }
}

fn request(name: &CryptoKeyName, spec: &KeySpec) -> Result<model::CryptoKey, KmsError> {
    let cannot = |what: &str| {
        let message = format!("{name} cannot be created with a {what} that keyward does not know");
        Err(KmsError::new(KmsCode::InvalidArgument, message))
    };
    if spec.purpose == Purpose::Other {
        return cannot("purpose");
    }
    if spec.protection == ProtectionLevel::Other {
        return cannot("protection level");
    }
    let template = model::CryptoKeyVersionTemplate::new()
        .set_protection_level(model::ProtectionLevel::from(spec.protection.id()))
        .set_algorithm(model::crypto_key_version::CryptoKeyVersionAlgorithm::GoogleSymmetricEncryption);
    let key = model::CryptoKey::new()
        .set_purpose(model::crypto_key::CryptoKeyPurpose::EncryptDecrypt)
        .set_version_template(template)
        .set_labels(
            spec.labels
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        )
        .set_destroy_scheduled_duration(convert::duration(spec.destroy_window.length()));
    Ok(convert::with_rotation(key, spec.rotation))
}

/// The first thing in which a key is not what was asked for.
fn difference(key: &CryptoKey, spec: &KeySpec) -> Option<&'static str> {
    let first = (!spec.skip_initial_version).then_some(1);
    let checks = [
        ("purpose", key.purpose == spec.purpose),
        ("protection level", key.protection == spec.protection),
        ("destroy window", key.destroy_window == spec.destroy_window),
        (
            "rotation schedule",
            convert::is_same_rotation(key.rotation, spec.rotation),
        ),
        ("set of labels", key.labels == spec.labels),
        ("primary version", key.primary == first),
    ];
    checks
        .into_iter()
        .find(|(_, is_same)| !is_same)
        .map(|(what, _)| what)
}

fn unlike(key: &CryptoKey, what: &str) -> KmsError {
    let message = format!(
        "CryptoKey {} was created with another {what} than asked for",
        key.name
    );
    KmsError::new(KmsCode::Internal, message)
        .hint(format!("see what it is: keyward key show gcp-kms://{}", key.name))
}
