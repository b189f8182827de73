//! `KmsAdmin`: creating and changing, never twice by accident.

use google_cloud_kms_v1::model;
use google_cloud_wkt::FieldMask;
use keyward_core::key::{CryptoKey, KeyRing, KeySpec, KeyVersion, RotationSchedule, VersionState};
use keyward_core::kms::{Async, KmsAdmin, KmsCode, KmsError};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

use crate::call::Call;
use crate::change::Seen;
use crate::convert;
use crate::create_key;
use crate::create_version;
use crate::fate::Failure;
use crate::kms::{GcpKms, Shared};
use crate::port::Port;
use crate::read::{GET_KEY, GET_RING, named};
use crate::rescue::set_state;
use crate::target::Target;

/// Permission to create rings.
const CREATE_RING: &str = "cloudkms.keyRings.create";
/// Permission to change the schedule or the primary of a key.
const UPDATE_KEY: &str = "cloudkms.cryptoKeys.update";

impl KmsAdmin for GcpKms {
    fn create_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Result<KeyRing, KmsError>> {
        Box::pin(create_ring(&self.0, name))
    }

    fn create_key<'a>(
        &'a self,
        name: &'a CryptoKeyName,
        spec: KeySpec,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        Box::pin(create_key::create(&self.0, name, spec))
    }

    fn create_version<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Result<KeyVersion, KmsError>> {
        Box::pin(create_version::create(&self.0, key))
    }

    fn set_primary<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<CryptoKey, KmsError>> {
        Box::pin(set_primary(&self.0, version))
    }

    fn disable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        Box::pin(set_state(&self.0, Port::Admin, version, VersionState::Disabled))
    }

    fn set_rotation<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        rotation: Option<RotationSchedule>,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        Box::pin(set_rotation(&self.0, key, rotation))
    }
}

async fn create_ring(kms: &Shared, name: &KeyRingName) -> Result<KeyRing, KmsError> {
    let place = Target::location(name.project(), name.location());
    let call = Call::new(kms, Port::Admin, Target::ring(name).guarded_by(None), CREATE_RING)?;
    call.change(
        |client| {
            let request = client.create_key_ring().set_parent(&place.resource);
            let request = request
                .set_key_ring_id(name.id())
                .set_key_ring(model::KeyRing::new());
            call.dress(request).send()
        },
        |ring| named(convert::ring(ring)?, name, |ring| &ring.name),
        || async {
            let look = call.look(Target::ring(name), GET_RING);
            match look.ring(name).await {
                Ok(ring) => Seen::Done(ring),
                Err(failure) => call.not_there("the creation", failure),
            }
        },
    )
    .await
}

async fn set_primary(kms: &Shared, version: &KeyVersionName) -> Result<CryptoKey, KmsError> {
    let key = version.key();
    let call = Call::new(kms, Port::Admin, Target::version(version), UPDATE_KEY)?;
    call.change(
        |client| {
            let request = client
                .update_crypto_key_primary_version()
                .set_name(key.to_string());
            call.dress(request.set_crypto_key_version_id(version.number().to_string()))
                .send()
        },
        |answer| {
            let answer = named(convert::key(answer)?, key, |key| &key.name)?;
            match answer.primary {
                Some(primary) if primary == version.number() => Ok(answer),
                other => Err(format!("its primary version is {other:?}")),
            }
        },
        || call.key_seen(key, |key| key.primary == Some(version.number())),
    )
    .await
}

async fn set_rotation(
    kms: &Shared,
    name: &CryptoKeyName,
    rotation: Option<RotationSchedule>,
) -> Result<CryptoKey, KmsError> {
    let call = Call::new(kms, Port::Admin, Target::key(name), UPDATE_KEY)?;
    let mask = FieldMask::default().set_paths(["rotation_period", "next_rotation_time"]);
    call.change(
        |client| {
            let key = convert::with_rotation(model::CryptoKey::new().set_name(name.to_string()), rotation);
            let request = client.update_crypto_key().set_crypto_key(key);
            call.dress(request.set_update_mask(mask.clone())).send()
        },
        |key| {
            let key = named(convert::key(key)?, name, |key| &key.name)?;
            match convert::is_same_rotation(key.rotation, rotation) {
                true => Ok(key),
                false => Err("its rotation schedule is not the one that was asked for".to_owned()),
            }
        },
        || call.key_seen(name, |key| convert::is_same_rotation(key.rotation, rotation)),
    )
    .await
}

impl Call<'_> {
    /// What a key shows after a lost answer.
    async fn key_seen(&self, name: &CryptoKeyName, is_done: impl Fn(&CryptoKey) -> bool) -> Seen<CryptoKey> {
        let look = self.look(Target::key(name), GET_KEY);
        match look.key(name).await {
            Ok(key) if is_done(&key) => Seen::Done(key),
            Ok(_) => Seen::NotDone,
            Err(failure) => Seen::Unclear(
                self.unclear(
                    "the change",
                    &format!("what became of it cannot be seen: {}", failure.error),
                )
                .hint(format!("look again: keyward key show gcp-kms://{name}")),
            ),
        }
    }

    /// What looking for something new means, when it was not seen.
    pub(crate) fn not_there<T>(&self, what: &str, failure: Failure) -> Seen<T> {
        match failure.error.code {
            KmsCode::NotFound => Seen::NotDone,
            _ => Seen::Unclear(
                self.unclear(
                    what,
                    &format!("what became of it cannot be seen: {}", failure.error),
                )
                .hint("ask again: what is there by then is reported"),
            ),
        }
    }
}
