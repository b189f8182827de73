//! Looking: everything as of now, so that what is due is carried out first.

use keyward_core::key::{CryptoKey, KeyRing, KeyVersion, refusal};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

use super::holdings::HeldKey;
use super::{Page, Resident};
use crate::fault::Result;

/// One resource. In a folder, `UNAVAILABLE` and `INTERNAL` mean that what is due cannot be written.
impl Resident {
    /// One ring.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn ring(&self, name: &KeyRingName) -> Result<KeyRing> {
        Ok(self.holdings().ring(name)?.ring.clone())
    }

    /// One key, and the version that is primary.
    ///
    /// # Errors
    /// `NOT_FOUND`; see above.
    pub fn key(&self, name: &CryptoKeyName) -> Result<(CryptoKey, Option<KeyVersion>)> {
        self.settle_key(name)?;
        Ok(with_primary(self.holdings().key(name)?))
    }

    /// One version.
    ///
    /// # Errors
    /// `NOT_FOUND`; see above.
    pub fn version(&self, name: &KeyVersionName) -> Result<KeyVersion> {
        self.settle_key(name.key())?;
        let holdings = self.holdings();
        let key = holdings.key(name.key());
        let version = key
            .map_err(|_| refusal::no_version(name))?
            .record
            .version(name.number());
        version.cloned()
    }
}

/// Parts of lists, sorted by name, and versions by number. Nobody waits for longer than one page.
impl Resident {
    /// Rings of a project in a location.
    pub fn rings(&self, project: &str, location: &Location, page: Page<&str>) -> Vec<KeyRing> {
        let holdings = self.holdings();
        let part = holdings.rings(project, location, page.bounds());
        part.map_or_else(Vec::new, |part| page.take(part.cloned()))
    }

    /// Keys of a ring, each with its primary version.
    ///
    /// # Errors
    /// `NOT_FOUND` without the ring; see above.
    pub fn keys(&self, ring: &KeyRingName, page: Page<&str>) -> Result<Vec<(CryptoKey, Option<KeyVersion>)>> {
        self.resolve_doubts(|doubtful| doubtful.ring() == ring)?;
        for due in self.due_on_page(ring, page)? {
            self.settle_key(&due)?;
        }
        let holdings = self.holdings();
        let keys = &holdings.ring(ring)?.keys;
        let part = keys.range::<str, _>(page.bounds());
        Ok(page.take(part.map(|(_, key)| with_primary(key))))
    }

    /// Versions of a key, destroyed ones included.
    ///
    /// # Errors
    /// `NOT_FOUND` without the key; see above.
    pub fn versions(&self, key: &CryptoKeyName, page: Page<u64>) -> Result<Vec<KeyVersion>> {
        self.settle_key(key)?;
        let holdings = self.holdings();
        let part = holdings.key(key)?.record.versions.range(page.bounds());
        Ok(page.take(part.map(|(_, version)| version.clone())))
    }

    fn due_on_page(&self, ring: &KeyRingName, page: Page<&str>) -> Result<Vec<CryptoKeyName>> {
        let holdings = self.holdings();
        let part = holdings.ring(ring)?.keys.range::<str, _>(page.bounds());
        let shown = page.take(part.map(|(_, key)| key));
        let due = shown.into_iter().filter(|key| self.is_due(&key.record));
        Ok(due.map(|key| key.record.key.name.clone()).collect())
    }
}

/// How many there are.
impl Resident {
    /// Rings of a project in a location.
    pub fn count_rings(&self, project: &str, location: &Location) -> usize {
        let holdings = self.holdings();
        let rings = holdings.rings(project, location, Page::whole().bounds());
        rings.map_or(0, Iterator::count)
    }

    /// Keys of a ring.
    ///
    /// # Errors
    /// `NOT_FOUND` without the ring.
    pub fn count_keys(&self, ring: &KeyRingName) -> Result<usize> {
        Ok(self.holdings().ring(ring)?.keys.len())
    }

    /// Versions of a key.
    ///
    /// # Errors
    /// `NOT_FOUND` without the key; see above.
    pub fn count_versions(&self, key: &CryptoKeyName) -> Result<usize> {
        self.settle_key(key)?;
        Ok(self.holdings().key(key)?.record.versions.len())
    }
}

fn with_primary(held: &HeldKey) -> (CryptoKey, Option<KeyVersion>) {
    (held.record.key.clone(), held.record.primary().cloned())
}
