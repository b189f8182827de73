//! Lists of rings, keys and versions, as a client pages through them.

use tonic::Code::{InvalidArgument, NotFound};

use super::super::bench::{Bench, PLACE, RING, code, key_name, symmetric, version_name};
use super::super::{
    list_crypto_key_versions::ListCryptoKeyVersions, list_crypto_keys::ListCryptoKeys,
    list_import_jobs::ListImportJobs, list_key_rings::ListKeyRings,
    list_retired_resources::ListRetiredResources,
};
use crate::interface::google::cloud::kms::v1 as wire;
use crate::refusal::Refusal;

fn versions(bench: &Bench, page_size: i32, filter: &str, order_by: &str) -> Vec<String> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListCryptoKeyVersionsRequest {
            parent: key_name("k"),
            page_size,
            page_token,
            view: 1,
            filter: filter.to_owned(),
            order_by: order_by.to_owned(),
        };
        let page = bench.ask::<ListCryptoKeyVersions>(request).unwrap();
        found.extend(page.crypto_key_versions.into_iter().map(|version| version.name));
        if page.next_page_token.is_empty() {
            return found;
        }
        page_token = page.next_page_token;
    }
}

fn keys(
    bench: &Bench,
    request: wire::ListCryptoKeysRequest,
) -> Result<wire::ListCryptoKeysResponse, Refusal> {
    bench.ask::<ListCryptoKeys>(request)
}

fn of_ring() -> wire::ListCryptoKeysRequest {
    wire::ListCryptoKeysRequest {
        parent: RING.to_owned(),
        ..Default::default()
    }
}

#[test]
fn versions_come_by_number() {
    let bench = Bench::with_keys(&["k"]);
    for _ in 0..11 {
        bench.add_version(&key_name("k")).unwrap();
    }
    let all: Vec<String> = (1..=12).map(|number| version_name("k", number)).collect();
    assert_eq!(versions(&bench, 0, "", ""), all);
    assert_eq!(versions(&bench, 5, "", "name"), all);
    let reversed: Vec<String> = all.iter().rev().cloned().collect();
    assert_eq!(versions(&bench, 5, "", "name desc"), reversed);
    bench.set_state(&version_name("k", 3), 2).unwrap();
    bench.destroy(&version_name("k", 11)).unwrap();
    assert_eq!(
        versions(&bench, 1, "state=DISABLED OR state:destroy", ""),
        [all[2].clone(), all[10].clone()]
    );
    assert_eq!(
        versions(&bench, 1, "destroy_time>2026-12-01T00:00:00Z", ""),
        [all[10].clone()]
    );
}

#[test]
fn keys_come_by_name_with_their_primary() {
    let bench = Bench::with_keys(&["b", "a", "c", "B"]);
    let page = keys(&bench, of_ring()).unwrap();
    let names: Vec<&str> = page.crypto_keys.iter().map(|key| &*key.name).collect();
    assert_eq!(names, ["B", "a", "b", "c"].map(key_name));
    assert_eq!((page.total_size, &*page.next_page_token), (4, ""));
    for key in page.crypto_keys {
        assert_eq!(bench.key(&key.name), Ok(key));
    }
    let filtered = wire::ListCryptoKeysRequest {
        filter: "name:/b".to_owned(),
        ..of_ring()
    };
    let filtered = keys(&bench, filtered).unwrap();
    assert_eq!((filtered.crypto_keys.len(), filtered.total_size), (2, 0));
}

#[test]
fn a_rotation_that_is_due_shows_in_a_list() {
    let bench = Bench::with_ring();
    let once = crate::kms::field::time::to_wire(bench.now() + std::time::Duration::from_secs(5));
    let asked = wire::CryptoKey {
        next_rotation_time: Some(once),
        ..symmetric()
    };
    bench.create("k", asked).unwrap();
    bench.advance(std::time::Duration::from_secs(5));
    let page = keys(&bench, of_ring()).unwrap();
    assert_eq!(
        page.crypto_keys[0].primary.as_ref().unwrap().name,
        version_name("k", 2)
    );
    assert_eq!(versions(&bench, 0, "", "").len(), 2);
}

#[test]
fn rings_of_one_place() {
    let bench = Bench::with_ring();
    let list = |parent: &str| {
        bench.ask::<ListKeyRings>(wire::ListKeyRingsRequest {
            parent: parent.to_owned(),
            ..Default::default()
        })
    };
    let here = list(PLACE).unwrap();
    assert_eq!((here.key_rings[0].name.as_str(), here.total_size), (RING, 1));
    for (project, location) in [("p", "us"), ("q", "europe-west1")] {
        let elsewhere = list(&format!("projects/{project}/locations/{location}")).unwrap();
        assert_eq!(elsewhere, wire::ListKeyRingsResponse::default());
    }
    assert_eq!(code(list("projects/p/locations/-")), NotFound);
    assert_eq!(code(list(RING)), InvalidArgument);
}

#[test]
fn what_is_asked_of_a_list_is_checked() {
    let bench = Bench::with_keys(&["a", "b"]);
    let page = keys(
        &bench,
        wire::ListCryptoKeysRequest {
            page_size: 1,
            ..of_ring()
        },
    )
    .unwrap();
    let token = page.next_page_token;
    assert!(!token.is_empty());
    let foreign = wire::ListCryptoKeyVersionsRequest {
        parent: key_name("a"),
        page_token: token.clone(),
        ..Default::default()
    };
    assert_eq!(code(bench.ask::<ListCryptoKeyVersions>(foreign)), InvalidArgument);
    for request in [
        wire::ListCryptoKeysRequest {
            page_size: -1,
            ..of_ring()
        },
        wire::ListCryptoKeysRequest {
            page_token: "x".to_owned(),
            ..of_ring()
        },
        wire::ListCryptoKeysRequest {
            page_token: token,
            filter: "name:a".to_owned(),
            ..of_ring()
        },
        wire::ListCryptoKeysRequest {
            order_by: "create_time".to_owned(),
            ..of_ring()
        },
        wire::ListCryptoKeysRequest {
            filter: "nonsense".to_owned(),
            ..of_ring()
        },
    ] {
        assert_eq!(code(keys(&bench, request)), InvalidArgument);
    }
    let huge = wire::ListCryptoKeysRequest {
        page_size: i32::MAX,
        ..of_ring()
    };
    assert_eq!(keys(&bench, huge).unwrap().crypto_keys.len(), 2);
    let missing = wire::ListCryptoKeysRequest {
        parent: format!("{PLACE}/keyRings/missing"),
        page_size: -1,
        ..Default::default()
    };
    assert_eq!(code(keys(&bench, missing)), NotFound, "existence comes first");
}

#[test]
fn there_are_no_import_jobs_and_no_retired_resources() {
    let bench = Bench::with_ring();
    let jobs = |parent: &str| {
        let request = wire::ListImportJobsRequest {
            parent: parent.to_owned(),
            ..Default::default()
        };
        bench.ask::<ListImportJobs>(request)
    };
    assert_eq!(jobs(RING), Ok(wire::ListImportJobsResponse::default()));
    assert_eq!(code(jobs(&format!("{PLACE}/keyRings/missing"))), NotFound);
    let retired = |parent: &str, page_token: &str| {
        bench.ask::<ListRetiredResources>(wire::ListRetiredResourcesRequest {
            parent: parent.to_owned(),
            page_size: 0,
            page_token: page_token.to_owned(),
        })
    };
    assert_eq!(
        retired(PLACE, ""),
        Ok(wire::ListRetiredResourcesResponse::default())
    );
    assert_eq!(code(retired(PLACE, "x")), InvalidArgument);
    assert_eq!(code(retired(RING, "")), InvalidArgument);
}
