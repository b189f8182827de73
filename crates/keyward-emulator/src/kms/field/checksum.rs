//! CRC32C of what comes and goes: Castagnoli, in the low 32 bits of an `Int64Value`.

use crate::kms::unverified;
use crate::refusal::Refusal;

/// The checksum of data that is sent.
pub(crate) fn of(data: &[u8]) -> Option<i64> {
    Some(i64::from(crc32c::crc32c(data)))
}

/// Whether `data` was verified against the checksum that came with it: false when none came. `field` is the name of
/// the data; the checksum is in the field of that name with `_crc32c` behind it.
///
/// # Errors
/// `INVALID_ARGUMENT` for another checksum, and for one that no 32 bits can hold.
pub(crate) fn verify(sent: Option<i64>, data: &[u8], field: &str) -> Result<bool, Refusal> {
    let Some(sent) = sent else {
        return Ok(false);
    };
    let sent = u32::try_from(sent).map_err(|_| unverified::checksum_out_of_range(field))?;
    if sent == crc32c::crc32c(data) {
        return Ok(true);
    }
    Err(Refusal::invalid(format!(
        "The checksum in field {field}_crc32c did not match the data in field {field}."
    )))
}

/// Another checksum than the one that is there: the fault of that name.
pub(crate) fn spoil(checksum: &mut Option<i64>) {
    if let Some(checksum) = checksum {
        *checksum ^= 1;
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn the_check_value_of_the_standard() {
        assert_eq!(of(b"123456789"), Some(0xE306_9283));
    }

    #[test]
    fn only_a_checksum_that_came_verifies() {
        assert_eq!(verify(None, b"x", "plaintext"), Ok(false));
        assert_eq!(verify(of(b"x"), b"x", "plaintext"), Ok(true));
        assert_eq!(verify(of(b""), b"", "plaintext"), Ok(true));
        let wrong = verify(of(b"y"), b"x", "plaintext").unwrap_err();
        assert_eq!(wrong.code, Code::InvalidArgument);
        let sentence = "The checksum in field plaintext_crc32c did not match the data in field plaintext.";
        assert_eq!(wrong.message, sentence);
    }

    #[test]
    fn a_checksum_is_32_bits() {
        for sent in [-1, i64::MIN, i64::MAX, 1 << 32] {
            let refusal = verify(Some(sent), b"", "plaintext").unwrap_err();
            assert_eq!(refusal.code, Code::InvalidArgument);
            assert!(
                refusal.message.contains("plaintext_crc32c"),
                "{}",
                refusal.message
            );
        }
    }

    #[test]
    fn a_spoiled_checksum_is_another_one_of_32_bits() {
        let mut checksum = of(b"x");
        spoil(&mut checksum);
        assert_ne!(checksum, of(b"x"));
        assert!(u32::try_from(checksum.unwrap()).is_ok());
    }
}
