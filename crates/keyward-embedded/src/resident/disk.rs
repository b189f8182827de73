//! The folder of a resident: its lock, what is read from it once, and what is written to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_core::clock::Timestamp;
use keyward_core::key::{KeyRecord, KeyRing};
use keyward_core::name::{CryptoKeyName, KeyRingName};
use rand_core::CryptoRng;

use super::holdings::{Changes, HeldKey, Holdings, Materials};
use crate::fault::{Result, damaged, io, unavailable};
use crate::new_file;
use crate::root::{RootKey, RootKeySource};
use crate::store::{Extent, MaterialChanges, Store};
use crate::vault::Vault;

/// A folder that this process alone serves.
pub(super) struct Disk {
    vault: Vault,
    turn: Mutex<Turn>,
    /// Whether some key is doubtful, for those who do not wait for their turn.
    doubts: AtomicBool,
    /// Locked as long as it is open.
    _lock: File,
}

/// Whose turn it is to write.
#[derive(Default)]
pub(super) struct Turn {
    /// Keys of which a write failed, so that only the disk knows how they are.
    pub(super) doubtful: BTreeSet<CryptoKeyName>,
}

/// Material on its way to disk.
pub(super) struct Sealed {
    root: Option<Arc<RootKey>>,
    material: MaterialChanges,
}

/// Opening and reading.
impl Disk {
    pub(super) fn open(folder: &Path, root: RootKeySource) -> Result<Self> {
        new_file::make_folder(folder).map_err(io(folder))?;
        Ok(Self {
            _lock: lock(&folder.join(".lock"))?,
            vault: Vault::new(folder, root),
            turn: Mutex::default(),
            doubts: AtomicBool::new(false),
        })
    }

    pub(super) fn load(&self) -> Result<Holdings> {
        let mut holdings = Holdings::default();
        for (_, location) in self.vault.files()? {
            let store = Store::read(&self.vault.folder, &location)?;
            let root = self.vault.root_of(&store)?;
            for ring in store.all_rings()? {
                let records = store.records(&ring.name)?;
                holdings.add_ring(ring);
                for record in records {
                    holdings.put(held(&store, root.as_deref(), record)?);
                }
            }
        }
        Ok(holdings)
    }

    /// A key as it is on disk.
    pub(super) fn read_key(&self, key: &CryptoKeyName) -> Result<Option<HeldKey>> {
        let store = Store::read(&self.vault.folder, key.location())?;
        let record = store.load_key(key)?.unload_key(key);
        let root = self.vault.root_of(&store)?;
        record
            .map(|record| held(&store, root.as_deref(), record))
            .transpose()
    }
}

/// Writing. Who writes holds the turn.
impl Disk {
    pub(super) fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is open how some key is on the disk.
    pub(super) fn has_doubts(&self) -> bool {
        self.doubts.load(Ordering::Acquire)
    }

    /// A key is doubtful from now on, or no longer.
    pub(super) fn doubt(&self, turn: &mut Turn, key: &CryptoKeyName, is_doubtful: bool) {
        if is_doubtful {
            turn.doubtful.insert(key.clone());
        } else {
            turn.doubtful.remove(key);
        }
        self.doubts.store(!turn.doubtful.is_empty(), Ordering::Release);
    }

    /// Creates a ring, and the file of its location where there is none. Beside the ring it says whether that was new:
    /// it is not, when an earlier try is on disk although it failed.
    pub(super) fn create_ring(&self, name: &KeyRingName, now: Timestamp) -> Result<(KeyRing, Result<()>)> {
        let folder = &self.vault.folder;
        Store::create_if_absent(folder, name.location())?;
        let store = Store::write(folder, name.location())?;
        let mut machine = store.load_ring(name)?;
        match machine.create_ring(name, now) {
            Ok(ring) => {
                store.insert_ring(&ring)?;
                store.commit()?;
                Ok((ring, Ok(())))
            }
            Err(refusal) => Ok((machine.ring(name)?.clone(), Err(refusal))),
        }
    }

    /// Seals new material under the root key, which is made when there is none.
    pub(super) fn seal(
        &self,
        key: &CryptoKeyName,
        changes: &Changes,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sealed> {
        let (mut made, mut root) = (BTreeMap::new(), None);
        if !changes.made.is_empty() {
            let opened = self.vault.open_root(rng)?;
            for (number, material) in &changes.made {
                made.insert(
                    *number,
                    opened.seal_material(&key.version(*number), material, rng)?,
                );
            }
            root = Some(opened);
        }
        let wiped = changes.wiped.clone();
        let material = MaterialChanges { made, wiped };
        Ok(Sealed { root, material })
    }

    /// Writes the difference between `before` and `after` durably, or nothing.
    pub(super) fn write(&self, before: Option<&KeyRecord>, after: &KeyRecord, sealed: Sealed) -> Result<()> {
        let location = after.key.name.location();
        let store = Store::write(&self.vault.folder, location)?;
        if let Some(root) = sealed.root {
            self.vault.bind(&store, &root, location)?;
        }
        store.save_key(before, after, &sealed.material, Extent::Whole)?;
        store.commit()
    }
}

/// A key with its material, opened.
fn held(store: &Store, root: Option<&RootKey>, record: KeyRecord) -> Result<HeldKey> {
    let name = record.key.name.clone();
    let mut material = Materials::new();
    for (number, sealed) in store.sealed_materials(&name)? {
        let version = name.version(number);
        let opened = root.and_then(|root| root.open_material(&version, &sealed));
        let why = || format!("the material of {version} does not authenticate");
        let opened = opened.ok_or_else(|| damaged(store.file(), why()))?;
        material.insert(number, Arc::new(opened));
    }
    let record = Arc::new(record);
    Ok(HeldKey { record, material })
}

fn lock(file: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let opened = options.open(file).map_err(io(file))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(TryLockError::WouldBlock) => {
            let why = "another process serves the keys in its folder";
            Err(unavailable(file, why).hint("stop that process, or name another folder"))
        }
        Err(TryLockError::Error(error)) => Err(unavailable(file, error)),
    }
}
