//! ListCryptoKeyVersions: the versions of a key, by number, so that 9 comes before 10.

use keyward_embedded::Page;

use super::field::{name, resource};
use super::list::{Listing, list};
use crate::interface::google::cloud::kms::v1::{ListCryptoKeyVersionsRequest, ListCryptoKeyVersionsResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct ListCryptoKeyVersions;

impl Rpc for ListCryptoKeyVersions {
    const METHOD: Method = Method::looks("ListCryptoKeyVersions", "cloudkms.cryptoKeyVersions.list");
    type Request = ListCryptoKeyVersionsRequest;
    type Response = ListCryptoKeyVersionsResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::key(resource).map(drop)
    }

    /// The view asks for attestations, which no version here has.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let key = name::key(&request.parent)?;
        call.keys.key(&key)?;
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
                    // Tokens are made of ids that this list gave.
                    after: slice.after.and_then(|id| id.parse().ok()),
                    descending: slice.descending,
                    limit: slice.limit,
                };
                let versions = call.keys.versions(&key, page)?;
                Ok(versions.iter().map(resource::version).collect())
            },
            || Ok(call.keys.count_versions(&key)?),
        )?;
        Ok(ListCryptoKeyVersionsResponse {
            crypto_key_versions: found.items,
            next_page_token: found.next_page_token,
            total_size: found.total_size,
        })
    }
}
