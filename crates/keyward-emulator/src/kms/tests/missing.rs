//! What is not there, what has no name, and what is not served.

use tonic::Code::{self, InvalidArgument, NotFound, Unimplemented};

use super::super::bench::{Bench, PLACE, RING, code, key_name, refused, version_name};
use super::super::{
    Kms, get_import_job::GetImportJob, get_key_ring::GetKeyRing, get_operation::GetOperation,
    get_retired_resource::GetRetiredResource, unserved,
};
use crate::interface::google::cloud::kms::v1 as wire;
use crate::interface::google::longrunning::GetOperationRequest;

#[test]
fn missing_resources_are_named_with_their_type() {
    let bench = Bench::with_keys(&["k"]);
    let ring = bench.ask::<GetKeyRing>(wire::GetKeyRingRequest {
        name: format!("{RING}x"),
    });
    assert_eq!(refused(ring), (NotFound, format!("KeyRing {RING}x not found.")));
    let key = key_name("missing");
    assert_eq!(
        refused(bench.key(&key)),
        (NotFound, format!("CryptoKey {key} not found."))
    );
    for version in [version_name("k", 2), version_name("missing", 1)] {
        let expected = (NotFound, format!("CryptoKeyVersion {version} not found."));
        assert_eq!(refused(bench.version(&version)), expected);
        assert_eq!(code(bench.destroy(&version)), NotFound);
        assert_eq!(code(bench.restore(&version)), NotFound);
        assert_eq!(code(bench.set_state(&version, 1)), NotFound);
        assert_eq!(code(bench.encrypt(&version, b"x")), NotFound);
    }
    assert_eq!(code(bench.add_version(&key)), NotFound);
    assert_eq!(
        code(bench.set_primary(&key, "not a number")),
        NotFound,
        "existence comes first"
    );
    assert_eq!(code(bench.encrypt(&key, b"x")), NotFound);
}

#[test]
fn names_of_other_types_are_malformed() {
    let bench = Bench::with_keys(&["k"]);
    for name in [
        "",
        "k",
        RING,
        &version_name("k", 1),
        &format!("{}/", key_name("k")),
    ] {
        assert_eq!(code(bench.key(name)), InvalidArgument, "{name}");
        assert_eq!(code(bench.add_version(name)), InvalidArgument, "{name}");
        assert_eq!(code(bench.set_primary(name, "1")), InvalidArgument, "{name}");
    }
    for name in [
        "",
        RING,
        &key_name("k"),
        &format!("{}/cryptoKeyVersions/0", key_name("k")),
    ] {
        assert_eq!(code(bench.version(name)), InvalidArgument, "{name}");
        assert_eq!(code(bench.destroy(name)), InvalidArgument, "{name}");
        assert_eq!(code(bench.restore(name)), InvalidArgument, "{name}");
        assert_eq!(code(bench.set_state(name, 1)), InvalidArgument, "{name}");
    }
}

#[test]
fn what_cannot_exist_yet_is_not_found_by_name() {
    let bench = Bench::with_ring();
    let job = |name: String| {
        code(bench.ask::<GetImportJob>(wire::GetImportJobRequest {
            name,
            public_key_format: 0,
        }))
    };
    assert_eq!(job(format!("{RING}/importJobs/j")), NotFound);
    assert_eq!(job(format!("{RING}/importJobs/")), InvalidArgument);
    let retired =
        |name: String| code(bench.ask::<GetRetiredResource>(wire::GetRetiredResourceRequest { name }));
    assert_eq!(retired(format!("{PLACE}/retiredResources/r")), NotFound);
    assert_eq!(retired(format!("{RING}/retiredResources/r")), InvalidArgument);
    let operation = |name: String| refused(bench.ask::<GetOperation>(GetOperationRequest { name }));
    let name = format!("{PLACE}/operations/o");
    assert_eq!(
        operation(name.clone()),
        (NotFound, format!("Operation {name} not found."))
    );
    assert_eq!(operation("o".to_owned()).0, InvalidArgument);
}

#[test]
fn what_is_not_served_says_so_by_name() {
    let bench = Bench::new();
    let raw = refused(bench.ask::<unserved::RawEncrypt>(wire::RawEncryptRequest::default()));
    assert_eq!(
        raw,
        (
            Unimplemented,
            "RawEncrypt is not served by this emulator.".to_owned()
        )
    );
    let sign = bench.ask::<unserved::AsymmetricSign>(wire::AsymmetricSignRequest::default());
    assert!(refused(sign).1.starts_with("AsymmetricSign "));
}

#[tokio::test]
async fn the_service_answers_by_its_rpcs() {
    use wire::key_management_service_server::KeyManagementService;
    let service = Kms(std::sync::Arc::new(Bench::with_keys(&["k"]).state));
    let request = wire::GetCryptoKeyRequest { name: key_name("k") };
    let answer = service
        .get_crypto_key(tonic::Request::new(request))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().name, key_name("k"));
    let request = wire::MacVerifyRequest {
        name: version_name("k", 1),
        ..Default::default()
    };
    let status = service
        .mac_verify(tonic::Request::new(request))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unimplemented, "MacVerify is not served by this emulator.")
    );
}
