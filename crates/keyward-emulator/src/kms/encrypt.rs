//! Encrypt: under the primary version of a key, or under a version.

use super::field::{checksum, name, resource};
use crate::interface::google::cloud::kms::v1::{EncryptRequest, EncryptResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct Encrypt;

impl Rpc for Encrypt {
    const METHOD: Method = Method::looks("Encrypt", "cloudkms.cryptoKeyVersions.useToEncrypt");
    type Request = EncryptRequest;
    type Response = EncryptResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::encrypting(resource).map(drop)
    }

    /// The store checks existence, state and sizes; checksums come after, and what was encrypted is dropped when they do
    /// not match.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let asked = name::encrypting(&request.name)?;
        let (plaintext, aad) = (&request.plaintext, &request.additional_authenticated_data);
        let sealed = call.state.trouble.encrypt(asked.with(), plaintext, aad)?;
        let verified_plaintext_crc32c = checksum::verify(request.plaintext_crc32c, plaintext, "plaintext")?;
        let verified_additional_authenticated_data_crc32c = checksum::verify(
            request.additional_authenticated_data_crc32c,
            aad,
            "additional_authenticated_data",
        )?;
        let version = call.state.keys.version(&sealed.version)?;
        Ok(EncryptResponse {
            name: sealed.version.to_string(),
            ciphertext_crc32c: checksum::of(&sealed.ciphertext),
            ciphertext: sealed.ciphertext.into(),
            verified_plaintext_crc32c,
            verified_additional_authenticated_data_crc32c,
            protection_level: resource::protection(version.protection).into(),
        })
    }

    fn corrupt(answer: &mut Self::Response) {
        checksum::spoil(&mut answer.ciphertext_crc32c);
    }
}
