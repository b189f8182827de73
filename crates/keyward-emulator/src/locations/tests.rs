//! Where keys can be.

use super::*;
use crate::interface::google::cloud::location::{GetLocationRequest, ListLocationsRequest};
use crate::kms::bench::Bench;
use tonic::Code;

fn listed(bench: &Bench, page_size: i32, filter: &str) -> Vec<String> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListLocationsRequest {
            name: "projects/p".to_owned(),
            filter: filter.to_owned(),
            page_size,
            page_token,
        };
        let page = bench.ask::<list_locations::ListLocations>(request).unwrap();
        found.extend(page.locations.into_iter().map(|location| location.location_id));
        if page.next_page_token.is_empty() {
            return found;
        }
        page_token = page.next_page_token;
    }
}

#[test]
fn every_kind_is_there_and_pages_add_up() {
    let bench = Bench::new();
    let all = listed(&bench, 0, "");
    for id in [
        "global",
        "us",
        "europe",
        "eur4",
        "nam3",
        "europe-west1",
        "us-central1",
    ] {
        assert!(all.iter().any(|found| found == id), "{id}");
    }
    assert!(all.is_sorted());
    assert_eq!(listed(&bench, 7, ""), all);
    assert_eq!(listed(&bench, 0, "location_id:europe-west1").len(), 3);
}

#[test]
fn one_location_says_what_it_can_do() {
    let get = |name: &str| {
        let request = GetLocationRequest {
            name: name.to_owned(),
        };
        Bench::new().ask::<get_location::GetLocation>(request)
    };
    let location = get("projects/p/locations/eur4").unwrap();
    assert_eq!(location.name, "projects/p/locations/eur4");
    let metadata = LocationMetadata::decode(&*location.metadata.unwrap().value).unwrap();
    assert!(metadata.hsm_available && !metadata.ekm_available);
    let refusal = get("projects/p/locations/mars-north1").unwrap_err();
    assert_eq!(refusal.code, Code::NotFound);
    assert!(
        refusal
            .message
            .contains("The request concerns location 'mars-north1'")
    );
    assert_eq!(
        get("projects/p/locations/").unwrap_err().code,
        Code::InvalidArgument
    );
}
