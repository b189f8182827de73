//! Cloud KMS: one file an RPC, and what they share.
//!
//! An RPC reads its names first (`field::name`), then looks whether what they name is there, then at its arguments. What
//! nobody has seen Google answer yet is in `unverified`.

#[cfg(test)]
pub(crate) mod bench;
mod create_crypto_key;
pub(crate) mod create_crypto_key_version;
mod create_key_ring;
pub(crate) mod decrypt;
mod destroy_crypto_key_version;
pub(crate) mod encrypt;
pub(crate) mod field;
mod generate_random_bytes;
pub(crate) mod get_crypto_key;
mod get_crypto_key_version;
mod get_import_job;
mod get_key_ring;
mod get_operation;
mod get_public_key;
mod get_retired_resource;
pub(crate) mod list;
pub(crate) mod list_crypto_key_versions;
mod list_crypto_keys;
mod list_import_jobs;
mod list_key_rings;
mod list_retired_resources;
mod restore_crypto_key_version;
mod unserved;
pub(crate) mod unverified;
mod update_crypto_key;
mod update_crypto_key_primary_version;
mod update_crypto_key_version;

use crate::interface::google::cloud::kms::v1::key_management_service_server::KeyManagementService;
use crate::interface::google::longrunning::operations_server::Operations as OperationsInterface;
use crate::service::service;

service! {
    /// Rings, keys and versions.
    Kms: KeyManagementService {
        list_key_rings => list_key_rings::ListKeyRings,
        list_crypto_keys => list_crypto_keys::ListCryptoKeys,
        list_crypto_key_versions => list_crypto_key_versions::ListCryptoKeyVersions,
        list_import_jobs => list_import_jobs::ListImportJobs,
        list_retired_resources => list_retired_resources::ListRetiredResources,
        get_key_ring => get_key_ring::GetKeyRing,
        get_crypto_key => get_crypto_key::GetCryptoKey,
        get_crypto_key_version => get_crypto_key_version::GetCryptoKeyVersion,
        get_public_key => get_public_key::GetPublicKey,
        get_import_job => get_import_job::GetImportJob,
        get_retired_resource => get_retired_resource::GetRetiredResource,
        create_key_ring => create_key_ring::CreateKeyRing,
        create_crypto_key => create_crypto_key::CreateCryptoKey,
        create_crypto_key_version => create_crypto_key_version::CreateCryptoKeyVersion,
        delete_crypto_key => unserved::DeleteCryptoKey,
        delete_crypto_key_version => unserved::DeleteCryptoKeyVersion,
        import_crypto_key_version => unserved::ImportCryptoKeyVersion,
        import_trusted_key_wrapped_crypto_key_version => unserved::ImportTrustedKeyWrappedCryptoKeyVersion,
        export_trusted_key_wrapped_crypto_key_version => unserved::ExportTrustedKeyWrappedCryptoKeyVersion,
        create_import_job => unserved::CreateImportJob,
        update_crypto_key => update_crypto_key::UpdateCryptoKey,
        update_crypto_key_version => update_crypto_key_version::UpdateCryptoKeyVersion,
        update_crypto_key_primary_version => update_crypto_key_primary_version::UpdateCryptoKeyPrimaryVersion,
        destroy_crypto_key_version => destroy_crypto_key_version::DestroyCryptoKeyVersion,
        restore_crypto_key_version => restore_crypto_key_version::RestoreCryptoKeyVersion,
        encrypt => encrypt::Encrypt,
        decrypt => decrypt::Decrypt,
        raw_encrypt => unserved::RawEncrypt,
        raw_decrypt => unserved::RawDecrypt,
        asymmetric_sign => unserved::AsymmetricSign,
        asymmetric_decrypt => unserved::AsymmetricDecrypt,
        mac_sign => unserved::MacSign,
        mac_verify => unserved::MacVerify,
        decapsulate => unserved::Decapsulate,
        generate_random_bytes => generate_random_bytes::GenerateRandomBytes,
    }
}

service! {
    /// Work that goes on after its answer: there is none.
    Operations: OperationsInterface {
        get_operation => get_operation::GetOperation,
    }
}

#[cfg(test)]
mod tests;
