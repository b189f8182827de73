//! Calls of Cloud KMS that are not served yet. Each says so by name, whatever it is asked, and gets a file of its own
//! when it is served.

use crate::interface::google::cloud::kms::v1 as wire;
use crate::interface::google::longrunning::Operation;
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

macro_rules! unserved {
    ($($name:ident($request:ty) -> $response:ty, $kind:ident $permission:literal on $resource:ident;)*) => {
        $(
            pub(crate) struct $name;

            impl Rpc for $name {
                const METHOD: Method = Method::$kind(stringify!($name), $permission);
                type Request = $request;
                type Response = $response;

                fn resource(request: &Self::Request) -> &str {
                    &request.$resource
                }

                /// A call that is not served asks nothing of names.
                fn check_name(_resource: &str) -> Result<(), Refusal> {
                    Ok(())
                }

                fn answer(_call: &Call<'_>, _request: Self::Request) -> Result<Self::Response, Refusal> {
                    Err(Refusal::not_served(Self::METHOD.name))
                }
            }
        )*
    };
}

unserved! {
    DeleteCryptoKey(wire::DeleteCryptoKeyRequest) -> Operation,
        changes "cloudkms.cryptoKeys.delete" on name;
    DeleteCryptoKeyVersion(wire::DeleteCryptoKeyVersionRequest) -> Operation,
        changes "cloudkms.cryptoKeyVersions.delete" on name;
    ImportCryptoKeyVersion(wire::ImportCryptoKeyVersionRequest) -> wire::CryptoKeyVersion,
        changes "cloudkms.cryptoKeyVersions.create" on parent;
    ImportTrustedKeyWrappedCryptoKeyVersion(wire::ImportTrustedKeyWrappedCryptoKeyVersionRequest)
        -> wire::CryptoKeyVersion,
        changes "cloudkms.cryptoKeyVersions.create" on parent;
    ExportTrustedKeyWrappedCryptoKeyVersion(wire::ExportTrustedKeyWrappedCryptoKeyVersionRequest)
        -> wire::ExportTrustedKeyWrappedCryptoKeyVersionResponse,
        looks "cloudkms.cryptoKeyVersions.get" on name;
    CreateImportJob(wire::CreateImportJobRequest) -> wire::ImportJob,
        changes "cloudkms.importJobs.create" on parent;
    RawEncrypt(wire::RawEncryptRequest) -> wire::RawEncryptResponse,
        looks "cloudkms.cryptoKeyVersions.useToEncrypt" on name;
    RawDecrypt(wire::RawDecryptRequest) -> wire::RawDecryptResponse,
        looks "cloudkms.cryptoKeyVersions.useToDecrypt" on name;
    AsymmetricSign(wire::AsymmetricSignRequest) -> wire::AsymmetricSignResponse,
        looks "cloudkms.cryptoKeyVersions.useToSign" on name;
    AsymmetricDecrypt(wire::AsymmetricDecryptRequest) -> wire::AsymmetricDecryptResponse,
        looks "cloudkms.cryptoKeyVersions.useToDecrypt" on name;
    MacSign(wire::MacSignRequest) -> wire::MacSignResponse,
        looks "cloudkms.cryptoKeyVersions.useToSign" on name;
    MacVerify(wire::MacVerifyRequest) -> wire::MacVerifyResponse,
        looks "cloudkms.cryptoKeyVersions.useToVerify" on name;
    Decapsulate(wire::DecapsulateRequest) -> wire::DecapsulateResponse,
        looks "cloudkms.cryptoKeyVersions.useToDecapsulate" on name;
}
