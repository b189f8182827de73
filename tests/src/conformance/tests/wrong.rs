//! The embedded KMS, with one fault.

use std::sync::Arc;

use keyward_core::clock::{Clock, ManualClock};
use keyward_core::key::{
    CryptoKey, KeyRing, KeySpec, KeyVersion, Permission, RotationSchedule, VersionState,
};
use keyward_core::kms::{
    Async, EncryptWith, Encrypted, KmsAdmin, KmsCode, KmsCrypt, KmsError, KmsRead, KmsRescue, Observed,
};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_core::secret::SecretBytes;
use keyward_embedded::EmbeddedKms;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    EncryptsByNameWhateverTheState,
    DecryptsWithWhatIsDisabled,
    OpensWhatAnotherRingSealed,
    ListsKeysOfEveryRing,
    ListsRingsOfAnyProject,
    PermitsEverything,
    DropsRotationInThePast,
    KeepsRemovedRotation,
    SetsRotationOfNothing,
}

pub(super) struct WrongKms {
    pub(super) right: EmbeddedKms,
    pub(super) clock: Arc<ManualClock>,
    pub(super) fault: Fault,
}

impl WrongKms {
    /// Enables a version, whatever its state.
    async fn force(&self, version: &KeyVersionName) {
        // Restoring what is not scheduled is refused, which is fine here.
        let _ = self.right.restore(version).await;
        self.right.enable(version).await.unwrap();
    }

    async fn force_all(&self, key: &CryptoKeyName) {
        let versions = self.right.list_versions(key).await.present().unwrap_or_default();
        for version in versions
            .iter()
            .filter(|version| version.state == VersionState::Disabled)
        {
            self.force(&version.name).await;
        }
    }

    async fn all_rings(&self, location: &Location) -> Vec<KeyRing> {
        self.right
            .list_rings("local", location)
            .await
            .present()
            .unwrap_or_default()
    }

    /// The schedule, without one in the past where that is the fault.
    fn accepted(&self, rotation: Option<RotationSchedule>) -> Option<RotationSchedule> {
        let drops = self.fault == Fault::DropsRotationInThePast;
        rotation.filter(|schedule| !drops || schedule.next() > self.clock.now())
    }
}

impl KmsRead for WrongKms {
    fn get_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Observed<KeyRing>> {
        self.right.get_ring(name)
    }

    fn list_locations<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Location>>> {
        self.right.list_locations(project)
    }

    fn list_rings<'a>(
        &'a self,
        project: &'a str,
        location: &'a Location,
    ) -> Async<'a, Observed<Vec<KeyRing>>> {
        match self.fault {
            Fault::ListsRingsOfAnyProject => self.right.list_rings("local", location),
            _ => self.right.list_rings(project, location),
        }
    }

    fn get_key<'a>(&'a self, name: &'a CryptoKeyName) -> Async<'a, Observed<CryptoKey>> {
        self.right.get_key(name)
    }

    fn list_keys<'a>(&'a self, ring: &'a KeyRingName) -> Async<'a, Observed<Vec<CryptoKey>>> {
        if self.fault != Fault::ListsKeysOfEveryRing {
            return self.right.list_keys(ring);
        }
        Box::pin(async move {
            let mut keys = Vec::new();
            for ring in self.all_rings(ring.location()).await {
                keys.extend(
                    self.right
                        .list_keys(&ring.name)
                        .await
                        .present()
                        .unwrap_or_default(),
                );
            }
            Observed::Present(keys)
        })
    }

    fn get_version<'a>(&'a self, name: &'a KeyVersionName) -> Async<'a, Observed<KeyVersion>> {
        self.right.get_version(name)
    }

    fn list_versions<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Observed<Vec<KeyVersion>>> {
        self.right.list_versions(key)
    }

    fn test_permissions<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        wanted: &'a [Permission],
    ) -> Async<'a, Observed<Vec<Permission>>> {
        match self.fault {
            Fault::PermitsEverything => Box::pin(async { Observed::Present(wanted.to_vec()) }),
            _ => self.right.test_permissions(key, wanted),
        }
    }
}

impl KmsCrypt for WrongKms {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        Box::pin(async move {
            let forces = self.fault == Fault::EncryptsByNameWhateverTheState;
            if let (true, EncryptWith::Version(version)) = (forces, with) {
                self.force(version).await;
            }
            self.right.encrypt(with, plaintext, aad).await
        })
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        Box::pin(async move {
            if self.fault == Fault::DecryptsWithWhatIsDisabled {
                self.force_all(key).await;
            }
            let mut answer = self.right.decrypt(key, ciphertext, aad).await;
            if self.fault == Fault::OpensWhatAnotherRingSealed {
                for ring in self.all_rings(key.location()).await {
                    let other = ring.name.key(key.id()).unwrap();
                    answer = answer.or(self.right.decrypt(&other, ciphertext, aad).await);
                }
            }
            answer
        })
    }
}

impl KmsRescue for WrongKms {
    fn restore<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.right.restore(version)
    }

    fn enable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.right.enable(version)
    }
}

impl KmsAdmin for WrongKms {
    fn create_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Result<KeyRing, KmsError>> {
        self.right.create_ring(name)
    }

    fn create_key<'a>(
        &'a self,
        name: &'a CryptoKeyName,
        spec: KeySpec,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        let rotation = self.accepted(spec.rotation);
        self.right.create_key(name, KeySpec { rotation, ..spec })
    }

    fn create_version<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.right.create_version(key)
    }

    fn set_primary<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<CryptoKey, KmsError>> {
        self.right.set_primary(version)
    }

    fn disable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.right.disable(version)
    }

    fn set_rotation<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        rotation: Option<RotationSchedule>,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        let rotation = self.accepted(rotation);
        Box::pin(async move {
            let seen = self.right.get_key(key).await.present();
            match (self.fault, seen) {
                (Fault::KeepsRemovedRotation, Some(seen)) if rotation.is_none() => Ok(seen),
                (Fault::SetsRotationOfNothing, None) => {
                    Err(KmsError::new(KmsCode::FailedPrecondition, "nothing to set"))
                }
                _ => self.right.set_rotation(key, rotation).await,
            }
        })
    }
}
