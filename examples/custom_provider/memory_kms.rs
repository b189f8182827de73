//! A KMS in memory: core's key machine for names, states and schedules, and material beside it.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use keyward_core::clock::{Clock, Timestamp};
use keyward_core::key::{CryptoKey, KeyRing, KeySpec, KeyVersion, Machine, Permission, RotationSchedule};
use keyward_core::kms::{
    Async, EncryptWith, Encrypted, KmsAdmin, KmsCode, KmsCrypt, KmsError, KmsRead, KmsRescue, Observed,
};
use keyward_core::limits;
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_core::secret::SecretBytes;

use crate::material::{Material, claimed_version};

/// A provider. It forgets everything when it is dropped.
pub(crate) struct MemoryKms {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    machine: Machine,
    material: Material,
}

impl MemoryKms {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Looks at the state as of now. What is due is shown, and not carried out.
    fn look<'a, T: Send + 'a>(
        &self,
        look: impl FnOnce(&Machine) -> Result<T, KmsError>,
    ) -> Async<'a, Observed<T>> {
        let mut machine = self
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .machine
            .clone();
        machine.advance(self.clock.now());
        let seen = look(&machine).map_or_else(KmsError::observed, Observed::Present);
        Box::pin(ready(seen))
    }

    /// Acts on the machine, and then on material.
    fn act<'a, T: Send + 'a>(
        &self,
        act: impl FnOnce(&mut Machine, Timestamp) -> Result<T, KmsError>,
    ) -> Async<'a, Result<T, KmsError>> {
        self.act_then(act, |_, answer| Ok(answer))
    }

    /// Acts on the machine, makes and wipes the material that this asks for, then uses it.
    fn act_then<'a, T, U: Send + 'a>(
        &self,
        act: impl FnOnce(&mut Machine, Timestamp) -> Result<T, KmsError>,
        then: impl FnOnce(&Material, T) -> Result<U, KmsError>,
    ) -> Async<'a, Result<U, KmsError>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { machine, material } = &mut *state;
        let answer = act(machine, self.clock.now());
        let carried_out = machine
            .take_effects()
            .into_iter()
            .try_for_each(|effect| material.carry_out(effect));
        let answer = carried_out.and(answer).and_then(|answer| then(material, answer));
        Box::pin(ready(answer))
    }
}

impl KmsRead for MemoryKms {
    fn get_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Observed<KeyRing>> {
        self.look(|machine| machine.ring(name).cloned())
    }

    fn list_locations<'a>(&'a self, _: &'a str) -> Async<'a, Observed<Vec<Location>>> {
        self.look(|machine| Ok(machine.locations()))
    }

    fn list_rings<'a>(
        &'a self,
        project: &'a str,
        location: &'a Location,
    ) -> Async<'a, Observed<Vec<KeyRing>>> {
        self.look(|machine| Ok(machine.rings(project, location)))
    }

    fn get_key<'a>(&'a self, name: &'a CryptoKeyName) -> Async<'a, Observed<CryptoKey>> {
        self.look(|machine| Ok(machine.record(name)?.key.clone()))
    }

    fn list_keys<'a>(&'a self, ring: &'a KeyRingName) -> Async<'a, Observed<Vec<CryptoKey>>> {
        self.look(|machine| machine.keys(ring))
    }

    fn get_version<'a>(&'a self, name: &'a KeyVersionName) -> Async<'a, Observed<KeyVersion>> {
        self.look(|machine| machine.version(name).cloned())
    }

    fn list_versions<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Observed<Vec<KeyVersion>>> {
        self.look(|machine| Ok(machine.record(key)?.versions.values().cloned().collect()))
    }

    /// Whoever holds the provider may do everything.
    fn test_permissions<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        wanted: &'a [Permission],
    ) -> Async<'a, Observed<Vec<Permission>>> {
        self.look(|machine| machine.record(key).map(|_| wanted.to_vec()))
    }
}

impl KmsCrypt for MemoryKms {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        self.act_then(
            |machine, now| machine.encrypting_version(with, now),
            |material, version| {
                check_len(plaintext)?;
                check_len(aad)?;
                let ciphertext = material.seal(&version, plaintext, aad)?;
                Ok(Encrypted { ciphertext, version })
            },
        )
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        self.act_then(
            |machine, now| machine.decrypting_version(key, claimed_version(ciphertext), now),
            |material, version| {
                check_len(aad)?;
                material.open(&version, ciphertext, aad)
            },
        )
    }
}

impl KmsRescue for MemoryKms {
    fn restore<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.act(|machine, now| machine.restore(version, now))
    }

    fn enable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.act(|machine, now| machine.enable(version, now))
    }
}

impl KmsAdmin for MemoryKms {
    fn create_ring<'a>(&'a self, name: &'a KeyRingName) -> Async<'a, Result<KeyRing, KmsError>> {
        self.act(|machine, now| machine.create_ring(name, now))
    }

    fn create_key<'a>(
        &'a self,
        name: &'a CryptoKeyName,
        spec: KeySpec,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        self.act(|machine, now| machine.create_key(name, spec, now))
    }

    fn create_version<'a>(&'a self, key: &'a CryptoKeyName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.act(|machine, now| machine.create_version(key, now))
    }

    fn set_primary<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<CryptoKey, KmsError>> {
        self.act(|machine, now| machine.set_primary(version, now))
    }

    fn disable<'a>(&'a self, version: &'a KeyVersionName) -> Async<'a, Result<KeyVersion, KmsError>> {
        self.act(|machine, now| machine.disable(version, now))
    }

    fn set_rotation<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        rotation: Option<RotationSchedule>,
    ) -> Async<'a, Result<CryptoKey, KmsError>> {
        self.act(|machine, now| machine.set_rotation(key, rotation, now))
    }
}

/// Cloud KMS takes 64 KiB of plaintext and as much associated data.
fn check_len(bytes: &[u8]) -> Result<(), KmsError> {
    match bytes.len() {
        0..=limits::KMS_PLAINTEXT_LEN => Ok(()),
        len => Err(KmsError::new(
            KmsCode::InvalidArgument,
            format!("{len} bytes are too many"),
        )),
    }
}
