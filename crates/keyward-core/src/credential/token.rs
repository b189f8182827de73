//! Client secrets that a scanner recognises: `kw_cs_`, 43 characters that carry 256 bits, and a checksum of 6.
//!
//! The form follows GitHub's tokens (2021): a prefix that names maker and kind, `_` as a separator that is in no
//! base64, so that a double click selects the whole, and a CRC-32 with which a scanner tells a token from a
//! coincidence without asking anyone. The checksum is no security.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::SecretBytes;

/// The prefix of a client secret.
pub(super) const CLIENT_SECRET: &str = "kw_cs_";
/// The prefix of a sign key.
pub(super) const SIGN_KEY: &str = "kw_sk_";

/// Bits in a body.
const BODY_BITS: usize = 256;
/// Characters of a body: the least number that can hold every value, as 62^43 is more than 2^256.
const BODY_LEN: usize = 43;
/// Characters of a checksum: 62^6 is more than 2^32.
const CHECKSUM_LEN: usize = 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A fresh token with `prefix`: the prefix, 256 random bits in base 62, and the checksum of all that in base 62. Both
/// numbers have their most significant digit first and leading zeros.
pub(super) fn fresh(prefix: &str, rng: &mut dyn CryptoRng) -> SecretBytes {
    let mut words = Zeroizing::new([0; BODY_BITS / 32]);
    for word in words.iter_mut() {
        *word = rng.next_u32();
    }
    let start = prefix.len();
    let mut token = vec![0; start + BODY_LEN + CHECKSUM_LEN];
    token[..start].copy_from_slice(prefix.as_bytes());
    write_base62(&mut token[start..start + BODY_LEN], &mut *words);
    let checksum = crc32(&token[..start + BODY_LEN]);
    write_base62(&mut token[start + BODY_LEN..], &mut [checksum]);
    SecretBytes::new(token)
}

/// Writes the number in `words` (most significant first) as digits; `words` is zero afterwards.
fn write_base62(digits: &mut [u8], words: &mut [u32]) {
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0;
        for word in words.iter_mut() {
            let value = (remainder << 32) | u64::from(*word);
            // Less than 2^32, as the remainder is less than the divisor.
            *word = u32::try_from(value / 62).unwrap_or(u32::MAX);
            remainder = value % 62;
        }
        *digit = usize::try_from(remainder).map_or(b'?', |at| DIGITS[at]);
    }
}

/// CRC-32 as of zlib and PNG (polynomial 0x04C11DB7, reflected).
fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn value(digits: &[u8]) -> Option<u32> {
        digits.iter().try_fold(0_u32, |value, digit| {
            let digit = DIGITS.iter().position(|known| known == digit)?;
            value.checked_mul(62)?.checked_add(u32::try_from(digit).ok()?)
        })
    }

    #[test]
    fn the_checksum_is_the_common_crc32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn base62_of_the_largest_and_the_smallest_number() {
        let mut digits = [0; 6];
        write_base62(&mut digits, &mut [u32::MAX]);
        assert_eq!(&digits, b"4gfFC3");
        write_base62(&mut digits, &mut [61]);
        assert_eq!(&digits, b"00000z");
        let mut body = [0; BODY_LEN];
        let mut words = [u32::MAX; 8];
        write_base62(&mut body, &mut words);
        assert_eq!(
            (words, body[0]),
            ([0; 8], b'y'),
            "the whole number fits and nothing is left over"
        );
    }

    #[test]
    fn a_token_carries_its_checksum() {
        let mut rng = StdRng::seed_from_u64(7);
        let token = fresh(CLIENT_SECRET, &mut rng);
        let (covered, checksum) = token.expose().split_at(CLIENT_SECRET.len() + BODY_LEN);
        assert!(covered.starts_with(b"kw_cs_"));
        assert_eq!(value(checksum), Some(crc32(covered)));
        assert!(!fresh(CLIENT_SECRET, &mut rng).same_as(token.expose()));
    }
}
