//! `KmsCrypt`: encryption and decryption, every byte checked both ways.

use bytes::Bytes;
use google_cloud_gax::Result as Answer;
use google_cloud_gax::error::rpc::Code;
use keyward_core::kms::{Async, EncryptWith, Encrypted, KmsCode, KmsCrypt, KmsError};
use keyward_core::name::CryptoKeyName;
use keyward_core::secret::SecretBytes;

use crate::call::Call;
use crate::integrity::{self, crc};
use crate::kms::{GcpKms, Shared};
use crate::port::Port;
use crate::target::Target;

/// Permission that encryption takes.
const ENCRYPT: &str = "cloudkms.cryptoKeyVersions.useToEncrypt";
/// Permission that decryption takes.
const DECRYPT: &str = "cloudkms.cryptoKeyVersions.useToDecrypt";

impl KmsCrypt for GcpKms {
    fn encrypt<'a>(
        &'a self,
        with: EncryptWith<'a>,
        plaintext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<Encrypted, KmsError>> {
        Box::pin(encrypt(&self.0, with, plaintext, aad))
    }

    fn decrypt<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        ciphertext: &'a [u8],
        aad: &'a [u8],
    ) -> Async<'a, Result<SecretBytes, KmsError>> {
        Box::pin(decrypt(&self.0, key, ciphertext, aad))
    }
}

async fn encrypt(
    kms: &Shared,
    with: EncryptWith<'_>,
    plaintext: &[u8],
    aad: &[u8],
) -> Result<Encrypted, KmsError> {
    let target = match with {
        EncryptWith::Key(key) => Target::key(key),
        EncryptWith::Version(version) => Target::version(version),
    };
    let call = Call::new(kms, Port::Crypt, target, ENCRYPT)?;
    let (plaintext_crc, aad_crc) = (crc(plaintext), crc(aad));
    let (plaintext, aad) = (integrity::wiped(plaintext), Bytes::copy_from_slice(aad));
    let answer = call.repeat(
        |client| {
            let request = client
                .encrypt()
                .set_name(&call.target.resource)
                .set_plaintext(plaintext.clone())
                .set_plaintext_crc32c(plaintext_crc)
                .set_additional_authenticated_data(aad.clone())
                .set_additional_authenticated_data_crc32c(aad_crc);
            arrived_whole(call.dress(request).send())
        },
        |response| integrity::encrypted(response?, with),
    );
    match answer.await {
        Ok(encrypted) => Ok(encrypted),
        Err(failure) => Err(call.explain(failure).await),
    }
}

async fn decrypt(
    kms: &Shared,
    key: &CryptoKeyName,
    ciphertext: &[u8],
    aad: &[u8],
) -> Result<SecretBytes, KmsError> {
    let call = Call::new(kms, Port::Crypt, Target::key(key), DECRYPT).map_err(unasked)?;
    let (ciphertext_crc, aad_crc) = (crc(ciphertext), crc(aad));
    let (ciphertext, aad) = (Bytes::copy_from_slice(ciphertext), Bytes::copy_from_slice(aad));
    let answer = call.repeat(
        |client| {
            let request = client
                .decrypt()
                .set_name(&call.target.resource)
                .set_ciphertext(ciphertext.clone())
                .set_ciphertext_crc32c(ciphertext_crc)
                .set_additional_authenticated_data(aad.clone())
                .set_additional_authenticated_data_crc32c(aad_crc);
            arrived_whole(call.dress(request).send())
        },
        |response| integrity::decrypted(response?),
    );
    match answer.await {
        Ok(plaintext) => Ok(plaintext),
        Err(failure) if failure.sent.is_none() => Err(unasked(call.explain(failure).await)),
        Err(failure) => Err(call.explain(failure).await),
    }
}

/// Why a ciphertext was not even sent. That an endpoint or a name is wrong says nothing about the ciphertext.
fn unasked(error: KmsError) -> KmsError {
    match error.code {
        KmsCode::InvalidArgument => KmsError {
            code: KmsCode::Unavailable,
            ..error
        },
        _ => error,
    }
}

/// A refusal of a checksum of ours says that the request was changed on its way, not that the request is wrong.
async fn arrived_whole<M>(answer: impl Future<Output = Answer<M>>) -> Answer<Result<M, String>> {
    match answer.await {
        Ok(response) => Ok(Ok(response)),
        Err(error) => match error.status() {
            Some(status) if status.code == Code::InvalidArgument && is_about_a_checksum(&status.message) => {
                Ok(Err("a checksum did not match what arrived there".to_owned()))
            }
            _ => Err(error),
        },
    }
}

fn is_about_a_checksum(said: &str) -> bool {
    said.contains("checksum") && said.contains("did not match")
}
