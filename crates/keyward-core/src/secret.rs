//! Secret bytes: wiped when dropped, never printed, compared in constant time.

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes that must not leak: a plaintext, a passphrase, a client secret, key material.
///
/// There is no `Debug`, `Display`, `Clone` or `Serialize`, so that a secret cannot reach a log or an error message by
/// accident. Reading takes the one greppable method [`SecretBytes::expose`]. The buffer is wiped on drop; copies that
/// libraries make are not (docs/threat-model.md lists them).
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes ownership of `bytes`. The vector is not copied; spare capacity is wiped too when it is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// `len` random bytes.
    pub fn random(len: usize, rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = vec![0; len];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The secret itself. The name is meant to stand out in a review.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equality in time that depends on the lengths only.
    pub fn same_as(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl From<String> for SecretBytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

/// Length of a [`DataKey`] in bytes.
pub const DATA_KEY_LEN: usize = 32;

/// A data key (DEK): 256 random bits made for one envelope and never reused for another.
///
/// It lives on the heap, so that moving it leaves no copy behind, and is wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DataKey(Box<[u8; DATA_KEY_LEN]>);

impl DataKey {
    /// Draws a fresh data key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = Box::new([0; DATA_KEY_LEN]);
        rng.fill_bytes(key.as_mut_slice());
        Self(key)
    }

    /// The data key that an unwrap answered, or `None` when it is not exactly 32 bytes long.
    pub fn from_unwrapped(bytes: &SecretBytes) -> Option<Self> {
        let mut key = Box::new([0; DATA_KEY_LEN]);
        if bytes.len() != DATA_KEY_LEN {
            return None;
        }
        key.copy_from_slice(bytes.expose());
        Some(Self(key))
    }

    /// The key itself, to wrap it or to derive from it.
    pub fn expose(&self) -> &[u8; DATA_KEY_LEN] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_sees_length_and_content() {
        let secret = SecretBytes::new(b"open sesame".to_vec());
        assert!(secret.same_as(b"open sesame"));
        assert!(!secret.same_as(b"open sesamE"));
        assert!(!secret.same_as(b"open"));
    }

    #[test]
    fn a_data_key_is_exactly_32_bytes() {
        for len in [0, 31, 33, 64] {
            assert!(DataKey::from_unwrapped(&SecretBytes::new(vec![7; len])).is_none());
        }
        let key = DataKey::from_unwrapped(&SecretBytes::new(vec![7; 32])).unwrap();
        assert_eq!(key.expose(), &[7; 32]);
    }
}
