//! `KmsRescue`: bringing versions back, also when answers are lost.

use google_cloud_kms_v1::model::CryptoKeyVersion;
use google_cloud_kms_v1::model::crypto_key_version::CryptoKeyVersionState;
use google_cloud_wkt::FieldMask;
use keyward_core::key::{KeyVersion, VersionState};
use keyward_core::kms::{Async, KmsCode, KmsError, KmsRescue};
use keyward_core::name::KeyVersionName;

use crate::call::Call;
use crate::change::Seen;
use crate::convert;
use crate::kms::{GcpKms, Shared};
use crate::port::Port;
use crate::read::{GET_VERSION, named};
use crate::target::Target;

/// Permission to restore.
const RESTORE: &str = "cloudkms.cryptoKeyVersions.restore";
/// Permission to enable and disable.
const UPDATE: &str = "cloudkms.cryptoKeyVersions.update";

impl KmsRescue for GcpKms {
    fn restore<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        Box::pin(restore(&self.0, version))
    }

    fn enable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        Box::pin(set_state(&self.0, Port::Rescue, version, VersionState::Enabled))
    }
}

/// Takes a version out of its schedule. Whoever finds it enabled already has what they wanted.
async fn restore(kms: &Shared, name: &KeyVersionName) -> Result<KeyVersion, KmsError> {
    let call = Call::new(kms, Port::Rescue, Target::version(name), RESTORE)?;
    call.change(
        |client| {
            let request = client.restore_crypto_key_version().set_name(name.to_string());
            call.dress(request).send()
        },
        |version| restored(named(convert::version(version)?, name, |version| &version.name)?),
        || {
            call.seen(name, |state| match state {
                VersionState::Disabled | VersionState::Enabled => Some(true),
                VersionState::DestroyScheduled => Some(false),
                _ => None,
            })
        },
    )
    .await
}

/// What was restored, if it was.
fn restored(version: KeyVersion) -> Result<KeyVersion, String> {
    match version.state {
        VersionState::Disabled | VersionState::Enabled => Ok(version),
        state => Err(format!("it is {state} after it was restored")),
    }
}

/// Enables or disables.
pub(crate) async fn set_state(
    kms: &Shared,
    port: Port,
    name: &KeyVersionName,
    wanted: VersionState,
) -> Result<KeyVersion, KmsError> {
    let call = Call::new(kms, port, Target::version(name), UPDATE)?;
    let state = match wanted {
        VersionState::Enabled => CryptoKeyVersionState::Enabled,
        _ => CryptoKeyVersionState::Disabled,
    };
    call.change(
        |client| {
            let version = CryptoKeyVersion::new()
                .set_name(name.to_string())
                .set_state(state.clone());
            let request = client.update_crypto_key_version().set_crypto_key_version(version);
            call.dress(request.set_update_mask(FieldMask::default().set_paths(["state"])))
                .send()
        },
        |version| {
            let version = named(convert::version(version)?, name, |version| &version.name)?;
            match version.state == wanted {
                true => Ok(version),
                false => Err(format!("it is {} and not {wanted}", version.state)),
            }
        },
        || {
            call.seen(name, |state| match state {
                state if state == wanted => Some(true),
                VersionState::Enabled | VersionState::Disabled => Some(false),
                _ => None,
            })
        },
    )
    .await
}

impl Call<'_> {
    /// What a version shows after a lost answer. `is_done` tells what its state means; a state that it does not know is one
    /// from which the change cannot be made.
    async fn seen(
        &self,
        name: &KeyVersionName,
        is_done: impl Fn(VersionState) -> Option<bool>,
    ) -> Seen<KeyVersion> {
        let look = self.look(Target::version(name), GET_VERSION);
        match look.version(name).await {
            Ok(version) => match is_done(version.state) {
                Some(true) => Seen::Done(version),
                Some(false) => Seen::NotDone,
                None => Seen::Unclear(self.out_of_reach(&version)),
            },
            Err(failure) => Seen::Unclear(
                self.unclear(
                    "the change",
                    &format!("what became of it cannot be seen: {}", failure.error),
                )
                .hint(format!("look again: keyward key show gcp-kms://{}", name.key())),
            ),
        }
    }

    fn out_of_reach(&self, version: &KeyVersion) -> KmsError {
        let message = format!("{} is {}", version.name, version.state);
        KmsError::new(KmsCode::FailedPrecondition, message)
    }
}
