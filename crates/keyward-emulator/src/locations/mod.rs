//! The locations of Cloud KMS: the mixin beside its own calls.

mod get_location;
mod list_locations;

use keyward_core::location::{Location, LocationKind};
use prost::Message;
use prost_types::Any;

use crate::interface::google::cloud::kms::v1::LocationMetadata;
use crate::interface::google::cloud::location::Location as WireLocation;
use crate::interface::google::cloud::location::locations_server::Locations as LocationsInterface;
use crate::rpc::Method;
use crate::service::service;

service! {
    /// Where rings can be.
    Locations: LocationsInterface {
        list_locations => list_locations::ListLocations,
        get_location => get_location::GetLocation,
    }
}

const fn method(name: &'static str, permission: &'static str) -> Method {
    Method {
        service: "google.cloud.location.Locations",
        name,
        permission,
        changes: false,
    }
}

/// A location as seen from a project. Hardware keys are served in all of them, external ones in none.
fn message(project: &str, location: &Location) -> WireLocation {
    let metadata = LocationMetadata {
        hsm_available: true,
        ekm_available: false,
        hsm_single_tenant_available: false,
    };
    WireLocation {
        name: format!("projects/{project}/locations/{location}"),
        location_id: location.to_string(),
        display_name: display_name(location),
        metadata: Some(Any {
            type_url: "type.googleapis.com/google.cloud.kms.v1.LocationMetadata".to_owned(),
            value: metadata.encode_to_vec(),
        }),
        ..Default::default()
    }
}

/// Google names the places; this says the kind.
fn display_name(location: &Location) -> String {
    let kind = match location.kind() {
        Some(LocationKind::Region) => "region",
        Some(LocationKind::DualRegion) => "dual-region",
        Some(LocationKind::MultiRegion) => "multi-region",
        Some(LocationKind::Global) | None => return "Global".to_owned(),
    };
    format!("{location} ({kind})")
}

#[cfg(test)]
mod tests;
