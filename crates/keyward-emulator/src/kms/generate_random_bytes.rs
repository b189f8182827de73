//! GenerateRandomBytes: from a hardware module, as far as anybody can tell.

use std::sync::PoisonError;

use rand_core::Rng;

use super::field::{checksum, name};
use super::unverified;
use crate::interface::google::cloud::kms::v1::{
    GenerateRandomBytesRequest, GenerateRandomBytesResponse, ProtectionLevel,
};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct GenerateRandomBytes;

impl Rpc for GenerateRandomBytes {
    const METHOD: Method = Method::looks("GenerateRandomBytes", "cloudkms.locations.generateRandomBytes");
    type Request = GenerateRandomBytesRequest;
    type Response = GenerateRandomBytesResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.location
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::place(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        name::place(&request.location)?;
        if request.protection_level() != ProtectionLevel::Hsm {
            return Err(unverified::random_protection(
                request.protection_level().as_str_name(),
            ));
        }
        let length = usize::try_from(request.length_bytes)
            .ok()
            .filter(|length| (8..=1024).contains(length));
        let mut data = vec![0; length.ok_or_else(|| unverified::random_length(request.length_bytes))?];
        let mut rng = call.state.rng.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(&mut data);
        Ok(GenerateRandomBytesResponse {
            data_crc32c: checksum::of(&data),
            data: data.into(),
        })
    }

    fn corrupt(answer: &mut Self::Response) {
        checksum::spoil(&mut answer.data_crc32c);
    }
}
