//! The lists: which pages make them up, and what may stand in them.

use std::fmt::Display;
use std::sync::Arc;

use keyward_core::key::{CryptoKey, KeyRing, KeyVersion};
use keyward_core::kms::{KmsError, Observed};
use keyward_core::location::Location;
use keyward_core::name::{CryptoKeyName, KeyRingName};

use crate::call::Call;
use crate::convert;
use crate::fate::Failure;
use crate::pages::{PAGE_SIZE, Page, follow};

/// Every location of a project, by name. The project may have been asked for by its id, and answer by its number.
pub(crate) async fn locations<'a>(call: impl Fn() -> Result<Call<'a>, KmsError>) -> Observed<Vec<Location>> {
    let listed = follow(call, location_page, |(name, location): &(String, Location)| {
        let place = format!("/locations/{location}");
        in_place(
            name.strip_suffix(&place)
                .is_some_and(|parent| parent.starts_with("projects/")),
            name,
        )?;
        Ok(location.clone())
    });
    listed
        .await
        .map(|all| all.into_iter().map(|(_, location)| location).collect())
}

/// Every ring of a project in one location, by name.
pub(crate) async fn rings<'a>(
    project: &str,
    location: &Location,
    call: impl Fn() -> Result<Call<'a>, KmsError>,
) -> Observed<Vec<KeyRing>> {
    follow(call, ring_page, |ring: &KeyRing| {
        let is_here = ring.name.project() == project && ring.name.location() == location;
        in_place(is_here, &ring.name)?;
        Ok(ring.name.clone())
    })
    .await
}

/// Every key of a ring, by name.
pub(crate) async fn keys<'a>(
    ring: &KeyRingName,
    call: impl Fn() -> Result<Call<'a>, KmsError>,
) -> Observed<Vec<CryptoKey>> {
    follow(call, key_page, |key: &CryptoKey| {
        in_place(key.name.ring() == ring, &key.name)?;
        Ok(key.name.clone())
    })
    .await
}

/// Every version of a key, by number.
pub(crate) async fn versions<'a>(
    key: &CryptoKeyName,
    call: impl Fn() -> Result<Call<'a>, KmsError>,
) -> Observed<Vec<KeyVersion>> {
    follow(call, version_page, |version: &KeyVersion| {
        in_place(version.name.key() == key, &version.name)?;
        Ok(version.name.number())
    })
    .await
}

/// An entry from elsewhere is no entry.
fn in_place(is_here: bool, name: &impl Display) -> Result<(), String> {
    match is_here {
        true => Ok(()),
        false => Err(format!("it holds {name}, from elsewhere")),
    }
}

async fn location_page(call: Arc<Call<'_>>, token: String) -> Result<Page<(String, Location)>, Failure> {
    call.repeat(
        |client| {
            let request = client.list_locations().set_name(&call.target.resource);
            call.dress(request.set_page_size(PAGE_SIZE).set_page_token(&token))
                .send()
        },
        |page| {
            let items = page.locations.into_iter().map(|location| {
                let id = Location::parse(&location.location_id).map_err(|error| error.to_string())?;
                Ok((location.name, id))
            });
            Page::of(items, page.next_page_token)
        },
    )
    .await
}

async fn ring_page(call: Arc<Call<'_>>, token: String) -> Result<Page<KeyRing>, Failure> {
    call.repeat(
        |client| {
            let request = client.list_key_rings().set_parent(&call.target.resource);
            call.dress(request.set_page_size(PAGE_SIZE).set_page_token(&token))
                .send()
        },
        |page| {
            let items = page.key_rings.into_iter().map(convert::ring);
            Page::of(items, page.next_page_token)
        },
    )
    .await
}

async fn key_page(call: Arc<Call<'_>>, token: String) -> Result<Page<CryptoKey>, Failure> {
    call.repeat(
        |client| {
            let request = client.list_crypto_keys().set_parent(&call.target.resource);
            call.dress(request.set_page_size(PAGE_SIZE).set_page_token(&token))
                .send()
        },
        |page| {
            let items = page.crypto_keys.into_iter().map(convert::key);
            Page::of(items, page.next_page_token)
        },
    )
    .await
}

async fn version_page(call: Arc<Call<'_>>, token: String) -> Result<Page<KeyVersion>, Failure> {
    call.repeat(
        |client| {
            let request = client
                .list_crypto_key_versions()
                .set_parent(&call.target.resource);
            call.dress(request.set_page_size(PAGE_SIZE).set_page_token(&token))
                .send()
        },
        |page| {
            let items = page.crypto_key_versions.into_iter().map(convert::version);
            Page::of(items, page.next_page_token)
        },
    )
    .await
}
