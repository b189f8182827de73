//! ListCryptoKeys: the keys of a ring, by name.

use keyward_embedded::Page;

use super::field::{name, resource};
use super::list::{Listing, list};
use crate::interface::google::cloud::kms::v1::{ListCryptoKeysRequest, ListCryptoKeysResponse};
use crate::refusal::Refusal;
use crate::rpc::{Call, Method, Rpc};

pub(crate) struct ListCryptoKeys;

impl Rpc for ListCryptoKeys {
    const METHOD: Method = Method::looks("ListCryptoKeys", "cloudkms.cryptoKeys.list");
    type Request = ListCryptoKeysRequest;
    type Response = ListCryptoKeysResponse;

    fn resource(request: &Self::Request) -> &str {
        &request.parent
    }

    fn check_name(resource: &str) -> Result<(), Refusal> {
        name::ring(resource).map(drop)
    }

    /// The view asks for attestations, which no key here has.
    fn answer(call: &Call<'_>, request: Self::Request) -> Result<Self::Response, Refusal> {
        let ring = name::ring(&request.parent)?;
        call.keys.ring(&ring)?;
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
                let keys = call.keys.keys(&ring, page)?;
                let message = |(key, primary): &(_, Option<_>)| resource::key(key, primary.as_ref());
                Ok(keys.iter().map(message).collect())
            },
            || Ok(call.keys.count_keys(&ring)?),
        )?;
        Ok(ListCryptoKeysResponse {
            crypto_keys: found.items,
            next_page_token: found.next_page_token,
            total_size: found.total_size,
        })
    }
}
