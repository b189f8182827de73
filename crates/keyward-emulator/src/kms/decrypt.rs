//! Decrypt: with whichever version of a key encrypted.

use bytes::Bytes;
use keyward_core::kms::KmsCode;

use super::field::{checksum, name, resource};
use crate::interface::google::cloud::kms::v1::{DecryptRequest, DecryptResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct Decrypt;

impl Rpc for Decrypt {
    const METHOD: Method = Method::looks("Decrypt", "cloudkms.cryptoKeyVersions.useToDecrypt");
    type Request = DecryptRequest;
    type Response = DecryptResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::key(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let key = name::key(&request.name)?;
        let aad = &request.additional_authenticated_data;
        let opened = call.state.trouble.decrypt(&key, &request.ciphertext, aad);
        // A ciphertext that was damaged on its way does not open, and its checksum says why.
        let is_argument = |code| code == KmsCode::InvalidArgument;
        if opened.as_ref().err().is_none_or(|error| is_argument(error.code)) {
            verify(&request)?;
        }
        let opened = opened?;
        let (key, _) = call.state.keys.key(&key)?;
        let plaintext = opened.plaintext.expose();
        Ok(DecryptResponse {
            plaintext_crc32c: checksum::of(plaintext),
            plaintext: Bytes::copy_from_slice(plaintext),
            used_primary: key.primary == Some(opened.version.number()),
            protection_level: resource::protection(key.protection).into(),
        })
    }

    fn corrupt(answer: &mut Self::Response) {
        checksum::spoil(&mut answer.plaintext_crc32c);
    }
}

/// An answer has no fields that say so: that it came means that what was sent is what arrived.
fn verify(request: &DecryptRequest) -> Result<(), Refusal> {
    let aad = &request.additional_authenticated_data;
    checksum::verify(request.ciphertext_crc32c, &request.ciphertext, "ciphertext")?;
    checksum::verify(
        request.additional_authenticated_data_crc32c,
        aad,
        "additional_authenticated_data",
    )?;
    Ok(())
}
