//! What `encrypt` returns: which key and version made it, then the sealed plaintext.
//!
//! ```text
//! 1 byte    format, 1
//! 8 bytes   number of the version, big-endian
//! 8 bytes   tag of the key: the first bytes of SHA-256 over its full name
//! 12 bytes  nonce
//! n bytes   ciphertext (AES-256-GCM), then 16 bytes tag
//! ```
//!
//! The tag tells a ciphertext of another key from one whose version is disabled; it authenticates nothing. The
//! associated data is the first 17 bytes, the full name of the version with its length, and the caller's own.

use keyward_core::limits;
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_core::secret::SecretBytes;
use ring::aead::Nonce;
use ring::digest;

use crate::fault::Result;
use crate::sealing::{OVERHEAD, SealingKey};

const FORMAT: u8 = 1;
const HEADER_LEN: usize = 17;

/// The number of the version that a ciphertext claims, if `key` can have made it.
pub(crate) fn claimed_version(ciphertext: &[u8], key: &CryptoKeyName) -> Option<u64> {
    let (header, sealed) = ciphertext.split_first_chunk::<HEADER_LEN>()?;
    let number = u64::from_be_bytes(header[1..9].try_into().ok()?);
    let fits = (OVERHEAD..=OVERHEAD + limits::KMS_PLAINTEXT_LEN).contains(&sealed.len());
    (fits && *header == self::header(&key.version(number))).then_some(number)
}

pub(crate) fn seal(
    version: &KeyVersionName,
    material: &SecretBytes,
    plain: &[u8],
    aad: &[u8],
    nonce: Nonce,
) -> Result<Vec<u8>> {
    let mut out = header(version).to_vec();
    SealingKey::new(material.expose())?.seal(plain, &bound(version, aad), &mut out, nonce)?;
    Ok(out)
}

/// The plaintext, or `None` when the ciphertext or `aad` is not what was sealed under this version.
pub(crate) fn open(
    version: &KeyVersionName,
    material: &SecretBytes,
    ciphertext: &[u8],
    aad: &[u8],
) -> Result<Option<SecretBytes>> {
    let sealed = ciphertext.get(HEADER_LEN..).unwrap_or_default();
    Ok(SealingKey::new(material.expose())?.open(sealed, &bound(version, aad)))
}

fn header(version: &KeyVersionName) -> [u8; HEADER_LEN] {
    let name = version.key().to_string();
    let mut header = [FORMAT; HEADER_LEN];
    header[1..9].copy_from_slice(&version.number().to_be_bytes());
    header[9..].copy_from_slice(&digest::digest(&digest::SHA256, name.as_bytes()).as_ref()[..8]);
    header
}

fn bound(version: &KeyVersionName, aad: &[u8]) -> Vec<u8> {
    let name = version.to_string();
    let length = (name.len() as u64).to_be_bytes();
    [&header(version), length.as_slice(), name.as_bytes(), aad].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::nonce;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn version(number: u64) -> KeyVersionName {
        let key: CryptoKeyName = "projects/local/locations/global/keyRings/r/cryptoKeys/k"
            .parse()
            .unwrap();
        key.version(number)
    }

    #[test]
    fn every_bit_and_the_version_are_bound() {
        let material = SecretBytes::new(vec![7; 32]);
        let mut rng = StdRng::seed_from_u64(1);
        let sealed = seal(&version(1), &material, b"plain", b"aad", nonce(&mut rng)).unwrap();
        assert_eq!(claimed_version(&sealed, version(1).key()), Some(1));
        let opened = open(&version(1), &material, &sealed, b"aad").unwrap().unwrap();
        assert_eq!(opened.expose(), b"plain");
        assert!(open(&version(2), &material, &sealed, b"aad").unwrap().is_none());
        assert!(open(&version(1), &material, &sealed, b"aae").unwrap().is_none());
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let accepted = claimed_version(&changed, version(1).key()) == Some(1)
                && open(&version(1), &material, &changed, b"aad").unwrap().is_some();
            assert!(!accepted, "bit {bit}");
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_of_another_key_claims_nothing() {
        let mut rng = StdRng::seed_from_u64(1);
        let sealed = seal(
            &version(1),
            &SecretBytes::new(vec![7; 32]),
            b"",
            b"",
            nonce(&mut rng),
        )
        .unwrap();
        let other = version(1).key().ring().key("other").unwrap();
        assert_eq!(claimed_version(&sealed, &other), None);
        for len in 0..sealed.len() {
            assert_eq!(claimed_version(&sealed[..len], version(1).key()), None);
        }
        let long = [sealed, vec![0; limits::KMS_PLAINTEXT_LEN + 1]].concat();
        assert_eq!(claimed_version(&long, version(1).key()), None);
    }
}
