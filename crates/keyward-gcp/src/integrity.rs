//! Checksums: CRC32C of what is sent and of what comes back, as Cloud KMS asks its callers to use them.

use bytes::Bytes;
use google_cloud_kms_v1::model::{DecryptResponse, EncryptResponse};
use keyward_core::kms::{EncryptWith, Encrypted};
use keyward_core::name::KeyVersionName;
use keyward_core::secret::SecretBytes;

/// CRC32C (Castagnoli) in the form of the API.
pub(crate) fn crc(bytes: &[u8]) -> i64 {
    i64::from(crc32c::crc32c(bytes))
}

/// What encrypting answered, if every byte of it and of what was sent arrived, and the right version answered.
pub(crate) fn encrypted(response: EncryptResponse, with: EncryptWith<'_>) -> Result<Encrypted, String> {
    if !response.verified_plaintext_crc32c {
        return Err("it does not say that the plaintext arrived whole".to_owned());
    }
    if !response.verified_additional_authenticated_data_crc32c {
        return Err("it does not say that the additional data arrived whole".to_owned());
    }
    check("ciphertext", &response.ciphertext, response.ciphertext_crc32c)?;
    Ok(Encrypted {
        version: answering(&response.name, with)?,
        ciphertext: response.ciphertext.into(),
    })
}

/// What decrypting answered, if every byte of it arrived. It is wiped when it did not.
pub(crate) fn decrypted(response: DecryptResponse) -> Result<SecretBytes, String> {
    let plaintext = SecretBytes::new(Vec::from(response.plaintext));
    check("plaintext", plaintext.expose(), response.plaintext_crc32c)?;
    Ok(plaintext)
}

/// A copy of `plaintext` for a request, wiped when the last attempt lets go of it.
pub(crate) fn wiped(plaintext: &[u8]) -> Bytes {
    Bytes::from_owner(Exposed(SecretBytes::new(plaintext.to_vec())))
}

struct Exposed(SecretBytes);

impl AsRef<[u8]> for Exposed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

fn check(what: &str, bytes: &[u8], said: Option<i64>) -> Result<(), String> {
    match said {
        Some(said) if said == crc(bytes) => Ok(()),
        Some(_) => Err(format!("the checksum of the {what} does not match it")),
        None => Err(format!("the {what} has no checksum")),
    }
}

fn answering(name: &str, with: EncryptWith<'_>) -> Result<KeyVersionName, String> {
    let answered = match with {
        EncryptWith::Key(key) => key.version_named(name),
        EncryptWith::Version(asked) => asked.key().version_named(name).filter(|version| version == asked),
    };
    answered.ok_or_else(|| match name.parse::<KeyVersionName>() {
        Ok(version) => format!("{version} answered for it"),
        Err(_) => "the version that answered is not named".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_is_castagnoli() {
        // The check value of CRC-32C: iSCSI, RFC 3720 appendix B.4 has the same polynomial.
        assert_eq!(crc(b"123456789"), 0xE306_9283);
        assert_eq!(crc(&[0xFF; 32]), 0x62A8_AB43);
    }

    #[test]
    fn a_plaintext_needs_its_checksum() {
        let response = |crc| {
            DecryptResponse::new()
                .set_plaintext(b"secret".as_slice())
                .set_or_clear_plaintext_crc32c(crc)
        };
        assert!(decrypted(response(Some(crc(b"secret")))).is_ok_and(|secret| secret.same_as(b"secret")));
        for wrong in [None, Some(crc(b"secres")), Some(-1)] {
            assert!(decrypted(response(wrong)).is_err(), "{wrong:?}");
        }
    }
}
