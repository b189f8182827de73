//! ListLocations: every location, by name.

use keyward_core::location::Location;

use super::{message, method};
use crate::interface::google::cloud::location::{
    ListLocationsRequest, ListLocationsResponse, Location as WireLocation,
};
use crate::kms::field::name;
use crate::kms::list::filter::{Fields, Value};
use crate::kms::list::{Listed, Listing, Slice, list};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct ListLocations;

impl Rpc for ListLocations {
    const METHOD: Method = method("ListLocations", "cloudkms.locations.list");
    type Request = ListLocationsRequest;
    type Response = ListLocationsResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.name
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::project(resource).map(drop)
    }

    fn answer(_call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let project = name::project(&request.name)?;
        let listing = Listing {
            method: Self::METHOD.name,
            parent: &request.name,
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: "",
        };
        let found = list(&listing, |slice| Ok(part(project, slice)), || Ok(0))?;
        Ok(ListLocationsResponse {
            locations: found.items,
            next_page_token: found.next_page_token,
        })
    }
}

fn part(project: &str, slice: &Slice<'_>) -> Vec<WireLocation> {
    let mut locations: Vec<Location> = Location::all().collect();
    locations.sort();
    let is_next = |location: &&Location| slice.after.is_none_or(|after| location.as_str() > after);
    let next = locations.iter().filter(is_next).take(slice.limit);
    next.map(|location| message(project, location)).collect()
}

impl Fields for WireLocation {
    fn field(&self, path: &str) -> Option<Value<'_>> {
        match path {
            "name" => Some(Value::text(&self.name)),
            "location_id" => Some(Value::text(&self.location_id)),
            "display_name" => Some(Value::text(&self.display_name)),
            _ => None,
        }
    }
}

impl Listed for WireLocation {
    fn name(&self) -> &str {
        &self.name
    }
}
