//! The four ports, each call handed to the service.

use keyward_core::key::{
    CryptoKey, KeyRing, KeySpec, KeyVersion, Machine, Permission, ProtectionLevel, RotationSchedule,
};
use keyward_core::kms::{
    Async, EncryptWith, Encrypted, KmsAdmin, KmsCode, KmsCrypt, KmsError, KmsRead, KmsRescue, Observed,
};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_core::secret::SecretBytes;

use crate::fault::Result;
use crate::kms::EmbeddedKms;
use crate::service::Service;
use crate::store::Extent;

impl EmbeddedKms {
    fn observe<'a, T: Send + 'static>(
        &'a self,
        look: impl FnOnce(&Service) -> Result<T> + Send + 'static,
    ) -> Async<'a, Observed<T>> {
        let looking = self.run(look);
        Box::pin(async move { looking.await.map_or_else(KmsError::observed, Observed::Present) })
    }
}

impl KmsRead for EmbeddedKms {
    fn get_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Observed<KeyRing>> {
        let name = name.clone();
        self.observe(move |service| {
            let machine = service.look(name.location(), |store| store.load_ring(&name))?;
            machine.ring(&name).cloned()
        })
    }

    fn list_locations<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<Location>>> {
        self.observe(Service::locations)
    }

    fn list_rings<'a>(
        &'a self,
        project: &'a str,
        location: &'a Location,
    ) -> Async<'a, Observed<Vec<KeyRing>>> {
        let (project, location) = (project.to_owned(), location.clone());
        self.observe(move |service| {
            let machine = service.look(&location, |store| store.load_rings())?;
            Ok(machine.rings(&project, &location))
        })
    }

    fn get_key<'a>(&'a self, name: &'a CryptoKeyName) -> Async<'a, Observed<CryptoKey>> {
        let name = name.clone();
        self.observe(move |service| Ok(service.look_at_key(&name)?.record(&name)?.key.clone()))
    }

    fn list_keys<'a>(&'a self, ring: &'a KeyRingName) -> Async<'a, Observed<Vec<CryptoKey>>> {
        let ring = ring.clone();
        self.observe(move |service| {
            let machine = service.look(ring.location(), |store| store.load_ring_with_keys(&ring))?;
            machine.keys(&ring)
        })
    }

    fn get_version<'a>(&'a self, name: &'a KeyVersionName) -> Async<'a, Observed<KeyVersion>> {
        let name = name.clone();
        self.observe(move |service| service.look_at_key(name.key())?.version(&name).cloned())
    }

    fn list_versions<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Observed<Vec<KeyVersion>>> {
        let key = key.clone();
        self.observe(move |service| {
            let machine = service.look_at_key(&key)?;
            Ok(machine.record(&key)?.versions.values().cloned().collect())
        })
    }

    fn test_permissions<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        wanted: &'a [Permission],
    ) -> Async<'a, Observed<Vec<Permission>>> {
        let (key, wanted) = (key.clone(), wanted.to_vec());
        self.observe(move |service| service.permissions(&key, &wanted))
    }
}

impl KmsCrypt for EmbeddedKms {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        let plaintext = SecretBytes::new(plaintext.to_vec());
        let aad = aad.to_vec();
        match with {
            EncryptWith::Key(key) => {
                let key = key.clone();
                self.run(move |service| service.encrypt(EncryptWith::Key(&key), plaintext.expose(), &aad))
            }
            EncryptWith::Version(version) => {
                let version = version.clone();
                self.run(move |service| {
                    service.encrypt(EncryptWith::Version(&version), plaintext.expose(), &aad)
                })
            }
        }
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        let (key, ciphertext, aad) = (key.clone(), ciphertext.to_vec(), aad.to_vec());
        self.run(move |service| service.decrypt(&key, &ciphertext, &aad))
    }
}

impl KmsRescue for EmbeddedKms {
    fn restore<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        let version = version.clone();
        self.run(move |service| service.change_version(&version, Extent::StatesOnly, Machine::restore))
    }

    fn enable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        let version = version.clone();
        self.run(move |service| service.change_version(&version, Extent::StatesOnly, Machine::enable))
    }
}

impl KmsAdmin for EmbeddedKms {
    fn create_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Result<KeyRing, KmsError>> {
        let name = name.clone();
        self.run(move |service| service.create_ring(&name))
    }

    fn create_key<'a>(
        &'a self,
        name: &'a CryptoKeyName,
        spec: KeySpec,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        let name = name.clone();
        self.run(move |service| {
            service.change(&name, Extent::Whole, |machine, now| {
                let made = machine.create_key(&name, spec.clone(), now)?;
                in_software(&made).map(|()| made)
            })
        })
    }

    fn create_version<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Result<KeyVersion, KmsError>> {
        let key = key.clone();
        self.run(move |service| {
            service.change(&key, Extent::Whole, |machine, now| {
                machine.create_version(&key, now)
            })
        })
    }

    fn set_primary<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<CryptoKey, KmsError>> {
        let version = version.clone();
        self.run(move |service| {
            let act = |machine: &mut Machine, now| machine.set_primary(&version, now);
            service.change(version.key(), Extent::Whole, act)
        })
    }

    fn disable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        let version = version.clone();
        self.run(move |service| service.change_version(&version, Extent::Whole, Machine::disable))
    }

    fn set_rotation<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        rotation: Option<RotationSchedule>,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        let key = key.clone();
        self.run(move |service| {
            let act = |machine: &mut Machine, now| machine.set_rotation(&key, rotation, now);
            service.change(&key, Extent::Whole, act)
        })
    }
}

/// Files are no hardware, and do not say so.
fn in_software(key: &CryptoKey) -> Result<()> {
    if key.protection == ProtectionLevel::Software {
        return Ok(());
    }
    let message = format!(
        "{} cannot have the protection level {}: the embedded KMS keeps keys in software.",
        key.name, key.protection
    );
    Err(KmsError::new(KmsCode::InvalidArgument, message))
}
