//! The operations, synchronously: load the key, let the machine act, write back what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_core::clock::{Clock, Timestamp};
use keyward_core::key::{Effect, KeyRing, KeyVersion, Machine, Permission, decryption_failed};
use keyward_core::kms::{EncryptWith, Encrypted, KmsCode, KmsError};
use keyward_core::limits;
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};
use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;
use rustix::fs::{Access, access};

use crate::ciphertext;
use crate::fault::Result;
use crate::root::RootKey;
use crate::sealing::nonce;
use crate::store::{Extent, MaterialChanges, Store, file_of};
use crate::vault::Vault;

pub(crate) type Rng = Box<dyn CryptoRng + Send>;

pub(crate) struct Service {
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Mutex<Rng>,
}

/// Looking.
impl Service {
    /// Loads from the file of a location, and shows the state as of now.
    pub(crate) fn look(
        &self,
        location: &Location,
        load: impl FnOnce(&Store) -> Result<Machine>,
    ) -> Result<Machine> {
        let mut machine = load(&Store::read(&self.vault.folder, location)?)?;
        machine.advance(self.clock.now());
        Ok(machine)
    }

    /// The locations that have a file.
    pub(crate) fn locations(&self) -> Result<Vec<Location>> {
        let files = self.vault.files()?;
        Ok(files.into_iter().map(|(_, location)| location).collect())
    }

    pub(crate) fn look_at_key(&self, key: &CryptoKeyName) -> Result<Machine> {
        self.look(key.location(), |store| store.load_key(key))
    }

    /// Files have no roles: a permission is held when the files that it takes can be read or written.
    pub(crate) fn permissions(&self, key: &CryptoKeyName, wanted: &[Permission]) -> Result<Vec<Permission>> {
        self.look_at_key(key)?.record(key)?;
        let writable = [&*self.vault.folder, &file_of(&self.vault.folder, key.location())]
            .iter()
            .all(|path| access(*path, Access::WRITE_OK).is_ok());
        let usable = access(self.vault.root.file(), Access::READ_OK).is_ok();
        let held = |permission: &Permission| match permission {
            Permission::GetRing | Permission::GetKey | Permission::GetVersion | Permission::ListVersions => {
                true
            }
            Permission::Encrypt | Permission::Decrypt => usable,
            Permission::Restore | Permission::UpdateVersion | Permission::UpdateKey => writable,
            Permission::CreateVersion => writable && usable,
        };
        Ok(wanted.iter().copied().filter(held).collect())
    }
}

/// Using.
impl Service {
    /// Reads only, unless a rotation is due that makes the version to encrypt with: then that is carried out first.
    pub(crate) fn encrypt(&self, with: EncryptWith<'_>, plaintext: &[u8], aad: &[u8]) -> Result<Encrypted> {
        loop {
            let store = Store::read(&self.vault.folder, with.key().location())?;
            let mut machine = store.load_key(with.key())?;
            let version = machine.encrypting_version(with, self.clock.now())?;
            check_size("plaintext", plaintext)?;
            check_size("additional_authenticated_data", aad)?;
            if machine
                .take_effects()
                .contains(&Effect::MakeMaterial(version.clone()))
            {
                drop(store);
                self.change(with.key(), Extent::NothingWiped, |machine, now| {
                    machine.encrypting_version(with, now)
                })?;
                continue;
            }
            let material = self.vault.material(store, &version)?;
            let ciphertext = ciphertext::seal(&version, &material, plaintext, aad, nonce(&mut **self.rng()))?;
            return Ok(Encrypted { ciphertext, version });
        }
    }

    pub(crate) fn decrypt(&self, key: &CryptoKeyName, ciphertext: &[u8], aad: &[u8]) -> Result<SecretBytes> {
        let store = Store::read(&self.vault.folder, key.location())?;
        let claimed = ciphertext::claimed_version(ciphertext, key);
        let version = store
            .load_key(key)?
            .decrypting_version(key, claimed, self.clock.now())?;
        check_size("additional_authenticated_data", aad)?;
        let material = self.vault.material(store, &version)?;
        ciphertext::open(&version, &material, ciphertext, aad)?.ok_or_else(decryption_failed)
    }
}

/// Changing.
impl Service {
    pub(crate) fn create_ring(&self, name: &KeyRingName) -> Result<KeyRing> {
        Store::create_if_absent(&self.vault.folder, name.location())?;
        let store = Store::write(&self.vault.folder, name.location())?;
        let ring = store.load_ring(name)?.create_ring(name, self.clock.now())?;
        store.insert_ring(&ring)?;
        store.commit()?;
        Ok(ring)
    }

    pub(crate) fn change_version(
        &self,
        name: &KeyVersionName,
        extent: Extent,
        act: impl Fn(&mut Machine, &KeyVersionName, Timestamp) -> Result<KeyVersion>,
    ) -> Result<KeyVersion> {
        self.change(name.key(), extent, |machine, now| act(machine, name, now))
    }

    /// Lets `act` change a key, and writes the change durably, or nothing: also when it refuses. Material is made and
    /// wiped in the same transaction. The root key is opened before the file is locked: asking a person takes time.
    pub(crate) fn change<T>(
        &self,
        key: &CryptoKeyName,
        extent: Extent,
        act: impl Fn(&mut Machine, Timestamp) -> Result<T>,
    ) -> Result<T> {
        loop {
            let store = Store::write(&self.vault.folder, key.location())?;
            let before = store.load_key(key)?;
            let (mut after, now) = (before.clone(), self.clock.now());
            let answer = act(&mut after, now)?;
            let (wanted, due) = sorted(after.take_effects());
            let mut material = MaterialChanges::default();
            if extent != Extent::StatesOnly && !wanted.is_empty() {
                let Some(root) = self.vault.root.opened() else {
                    drop(store);
                    self.vault.open_root(&mut **self.rng())?;
                    continue;
                };
                self.vault.bind(&store, &root, key.location())?;
                material.made = self.make(&root, wanted)?;
            }
            if extent == Extent::Whole {
                material.wiped = store.confirm_due(key, due, now)?;
            }
            store.save_key(before.record(key).ok(), after.record(key)?, &material, extent)?;
            store.commit()?;
            return Ok(answer);
        }
    }

    fn make(&self, root: &RootKey, wanted: Vec<KeyVersionName>) -> Result<BTreeMap<u64, Vec<u8>>> {
        let mut rng = self.rng();
        let make = |version: KeyVersionName| {
            let sealed = root.make_material(&version, &mut **rng)?;
            Ok((version.number(), sealed))
        };
        wanted.into_iter().map(make).collect()
    }

    fn rng(&self) -> MutexGuard<'_, Rng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The versions that want material, and the numbers of those whose time has come.
pub(crate) fn sorted(effects: Vec<Effect>) -> (Vec<KeyVersionName>, BTreeSet<u64>) {
    let (mut wanted, mut due) = (Vec::new(), BTreeSet::new());
    for effect in effects {
        match effect {
            Effect::MakeMaterial(version) => wanted.push(version),
            Effect::WipeMaterial(version) => {
                due.insert(version.number());
            }
        }
    }
    (wanted, due)
}

pub(crate) fn check_size(field: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() <= limits::KMS_PLAINTEXT_LEN {
        return Ok(());
    }
    let limit = limits::KMS_PLAINTEXT_LEN;
    let message = format!(
        "The {field} is {} bytes long; at most {limit} are allowed.",
        bytes.len()
    );
    Err(KmsError::new(KmsCode::InvalidArgument, message))
}
