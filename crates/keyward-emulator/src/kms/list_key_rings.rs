//! ListKeyRings: the rings of a project in one location, by name.

use keyward_embedded::Page;

use super::field::{name, resource};
use super::list::{Listing, list};
use crate::interface::google::cloud::kms::v1::{ListKeyRingsRequest, ListKeyRingsResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct ListKeyRings;

impl Rpc for ListKeyRings {
    const METHOD: Method = Method::looks("ListKeyRings", "cloudkms.keyRings.list");
    type Request = ListKeyRingsRequest;
    type Response = ListKeyRingsResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::place(resource).map(drop)
    }

    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let place = name::place(&request.parent)?;
        let listing = Listing {
            method: Self::METHOD.name,
            parent: &request.parent,
            page_size: request.page_size,
            page_token: &request.page_token,
            filter: &request.filter,
            order_by: &request.order_by,
        };
        let found = list(
            &listing,
            |slice| {
                let page = Page {
                    after: slice.after,
                    descending: slice.descending,
                    limit: slice.limit,
                };
                let rings = call.keys.rings(&place.project, &place.location, page);
                Ok(rings.iter().map(resource::ring).collect())
            },
            || Ok(call.keys.count_rings(&place.project, &place.location)),
        )?;
        Ok(ListKeyRingsResponse {
            key_rings: found.items,
            next_page_token: found.next_page_token,
            total_size: found.total_size,
        })
    }
}
