//! A folder of `LOCATION.db` files, and the root key that their material is sealed under.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward_core::kms::KmsError;
use keyward_core::location::Location;
use keyward_core::name::KeyVersionName;
use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;

use crate::fault::{Result, damaged, io, unavailable};
use crate::root::{Root, RootKey, RootKeySource};
use crate::store::Store;

pub(crate) struct Vault {
    pub(crate) folder: PathBuf,
    pub(crate) root: Root,
}

impl Vault {
    pub(crate) fn new(folder: &Path, root: RootKeySource) -> Self {
        Self {
            folder: folder.to_owned(),
            root: Root::new(root),
        }
    }

    /// The store is let go before the root key is opened: asking a person takes time, and others wait to change it.
    pub(crate) fn material(&self, store: Store, version: &KeyVersionName) -> Result<SecretBytes> {
        let (file, sealed, root_id) = (
            store.file().to_owned(),
            store.sealed_material(version)?,
            store.root_id()?,
        );
        drop(store);
        let file = &*file;
        let broken = |what: &str| damaged(file, format!("the material of {version} {what}"));
        let sealed = sealed.ok_or_else(|| broken("is missing"))?;
        let root = self.root.open()?;
        if root_id != Some(root.id()) {
            return Err(self.another_root(file));
        }
        root.open_material(version, &sealed)
            .ok_or_else(|| broken("does not authenticate"))
    }

    /// The root key that the material of a file is sealed under; `None` when it has none.
    pub(crate) fn root_of(&self, store: &Store) -> Result<Option<Arc<RootKey>>> {
        let Some(id) = store.root_id()? else {
            return Ok(None);
        };
        let root = self.root.open()?;
        if root.id() != id {
            return Err(self.another_root(store.file()));
        }
        Ok(Some(root))
    }

    fn another_root(&self, file: &Path) -> KmsError {
        let root = self.root.file().display();
        damaged(
            file,
            format!("its keys are sealed under another root key than {root}"),
        )
    }

    /// The first material in a file binds it to the root key. One that no other file here is bound to is a wrong one
    /// that was put in the place of theirs.
    pub(crate) fn bind(&self, store: &Store, root: &RootKey, location: &Location) -> Result<()> {
        if store.root_id()?.is_none() {
            for (file, id) in self.bound_files(Some(location))? {
                if id != root.id() {
                    let why = format!(
                        "the keys in {} are sealed under another root key; put that one back",
                        file.display()
                    );
                    return Err(damaged(self.root.file(), why));
                }
            }
        }
        store.bind_to_root(root.id())
    }

    /// Opens the root key; makes one when no file of the folder holds material.
    pub(crate) fn open_root(&self, rng: &mut dyn CryptoRng) -> Result<Arc<RootKey>> {
        self.root.open_or_create(|| self.nothing_is_sealed(), rng)
    }

    /// A root key made beside keys that are sealed under a lost one would hide the loss.
    fn nothing_is_sealed(&self) -> Result<()> {
        match self.bound_files(None)?.first() {
            None => Ok(()),
            Some((file, _)) => {
                let why = format!(
                    "the root key is missing; the keys in {} are sealed under it; restore it from its backup",
                    file.display()
                );
                Err(unavailable(self.root.file(), why))
            }
        }
    }

    /// The files that hold material, but for the one of `except`, each with the root key that it is sealed under.
    fn bound_files(&self, except: Option<&Location>) -> Result<Vec<(PathBuf, [u8; 16])>> {
        let mut bound = Vec::new();
        for (file, location) in self.files()? {
            if Some(&location) == except {
                continue;
            }
            if let Some(id) = Store::read(&self.folder, &location)?.root_id()? {
                bound.push((file, id));
            }
        }
        Ok(bound)
    }

    /// The files of locations, each with its location.
    pub(crate) fn files(&self) -> Result<Vec<(PathBuf, Location)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(io(&self.folder))? {
            let file = entry.map_err(io(&self.folder))?.path();
            if let Some(location) = location_of(&file) {
                files.push((file, location));
            }
        }
        Ok(files)
    }
}

fn location_of(file: &Path) -> Option<Location> {
    let name = file.file_name()?.to_str()?.strip_suffix(".db")?;
    Location::parse(name).ok()
}
