//! A root key under a passphrase: argon2id makes the key that seals it.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::prelude::{BASE64_STANDARD, Engine};
use keyward_core::secret::SecretBytes;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::KEY_LEN;
use super::file::{HEADING, decode};
use crate::fault::{Result, bug, unavailable};
use crate::sealing::{OVERHEAD, SealingKey, nonce};

const SALT_LEN: usize = 16;

/// What deriving costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// Memory in KiB.
    memory: u32,
    /// Passes over it.
    passes: u32,
    /// Lanes.
    lanes: u32,
}

impl Cost {
    /// The second recommended choice of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes.
    const DEFAULT: Self = Self {
        memory: 64 * 1024,
        passes: 3,
        lanes: 4,
    };

    /// What a file may ask for: a hostile one must not take all memory or hours. 1 GiB, 64 passes, 64 lanes.
    const LIMIT: Self = Self {
        memory: 1024 * 1024,
        passes: 64,
        lanes: 64,
    };

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut number = |prefix| words.next()?.strip_prefix(prefix)?.parse::<u32>().ok();
        let cost = Self {
            memory: number("m=")?,
            passes: number("t=")?,
            lanes: number("p=")?,
        };
        let limit = Self::LIMIT;
        let capped = cost.memory <= limit.memory && cost.passes <= limit.passes && cost.lanes <= limit.lanes;
        (capped && words.next().is_none()).then_some(cost)
    }

    fn text(self) -> String {
        format!("argon2id m={} t={} p={}", self.memory, self.passes, self.lanes)
    }
}

/// A root key, sealed.
pub(super) struct SealedKey {
    cost: Cost,
    salt: Vec<u8>,
    sealed: Vec<u8>,
}

impl SealedKey {
    pub(super) fn seal(key: &SecretBytes, passphrase: &SecretBytes, rng: &mut dyn CryptoRng) -> Result<Self> {
        let mut salt = vec![0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let cost = Cost::DEFAULT;
        let sealing = derive(cost, &salt, passphrase).ok_or_else(|| bug("argon2 refused its defaults"))?;
        let mut sealed = Vec::new();
        sealing.seal(key.expose(), cost.text().as_bytes(), &mut sealed, nonce(rng))?;
        Ok(Self { cost, salt, sealed })
    }

    /// The key, or `None` when the passphrase is another one.
    pub(super) fn open(&self, passphrase: &SecretBytes, file: &Path) -> Result<Option<SecretBytes>> {
        let sealing = derive(self.cost, &self.salt, passphrase).ok_or_else(|| {
            let needed = self.cost.memory / 1024;
            unavailable(file, format!("deriving its key needs {needed} MiB of memory"))
        })?;
        Ok(sealing.open(&self.sealed, self.cost.text().as_bytes()))
    }

    pub(super) fn parse(form: &str, salt: &str, sealed: &str) -> Option<Self> {
        Some(Self {
            cost: Cost::parse(form.strip_prefix("argon2id ")?)?,
            salt: decode(salt)
                .filter(|salt| salt.len() == SALT_LEN)?
                .expose()
                .to_vec(),
            sealed: decode(sealed)
                .filter(|sealed| sealed.len() == KEY_LEN + OVERHEAD)?
                .expose()
                .to_vec(),
        })
    }

    pub(super) fn text(&self) -> SecretBytes {
        let (salt, sealed) = (
            BASE64_STANDARD.encode(&self.salt),
            BASE64_STANDARD.encode(&self.sealed),
        );
        let cost = self.cost.text();
        SecretBytes::from(format!(
            "# Root key of an embedded KMS, under a passphrase.\n{HEADING}{cost}\n{salt}\n{sealed}\n"
        ))
    }
}

/// `None` when argon2 refuses the cost, or there is not so much memory.
fn derive(cost: Cost, salt: &[u8], passphrase: &SecretBytes) -> Option<SealingKey> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(KEY_LEN)).ok()?;
    let mut key = Zeroizing::new([0; KEY_LEN]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose(), salt, key.as_mut_slice())
        .ok()?;
    SealingKey::new(key.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::file::RootFile;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn only_the_same_passphrase_opens() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        let (key, passphrase) = (
            SecretBytes::new(vec![7; KEY_LEN]),
            SecretBytes::new(b"correct".to_vec()),
        );
        let sealed = SealedKey::seal(&key, &passphrase, &mut StdRng::seed_from_u64(1)).unwrap();
        std::fs::write(&file, sealed.text().expose()).unwrap();
        let Ok(Some(RootFile::Sealed(read))) = RootFile::read(&file) else {
            panic!("not read as a sealed key");
        };
        let opened = read.open(&passphrase, &file).unwrap().unwrap();
        assert!(opened.same_as(key.expose()));
        let other = SecretBytes::new(b"Correct".to_vec());
        assert!(read.open(&other, &file).unwrap().is_none());
    }

    #[test]
    fn costs_are_capped_and_exact() {
        assert_eq!(Cost::parse("m=65536 t=3 p=4"), Some(Cost::DEFAULT));
        for hostile in [
            "m=4294967295 t=3 p=4",
            "m=1048577 t=3 p=4",
            "m=65536 t=65 p=4",
            "m=65536 t=3 p=65",
            "m=65536 t=3",
            "m=65536 t=3 p=4 x",
            "t=3 m=65536 p=4",
            "m=-1 t=3 p=4",
        ] {
            assert_eq!(Cost::parse(hostile), None, "{hostile}");
        }
    }
}
