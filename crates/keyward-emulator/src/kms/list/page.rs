//! Pages: how long one is, and the tokens that say where the next one begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};

use super::Listing;
use crate::kms::unverified;
use crate::refusal::Refusal;

/// Elements of a page when nobody asked.
const DEFAULT: usize = 100;
/// Most elements of a page, whoever asked for how many.
const MOST: usize = 1000;
/// Length of the digest in a token.
const DIGEST: usize = 8;

/// The length of a page.
///
/// # Errors
/// `INVALID_ARGUMENT` for a negative one.
pub(super) fn size(asked: i32) -> Result<usize, Refusal> {
    match usize::try_from(asked) {
        Ok(0) => Ok(DEFAULT),
        Ok(size) => Ok(size.min(MOST)),
        Err(_) => Err(unverified::page_size(asked)),
    }
}

/// The token of the page after the element `last`. It holds that element's id, not a count: what is created or is
/// gone meanwhile moves no element to another page. It survives a restart.
pub(super) fn token(listing: &Listing<'_>, last: &str) -> String {
    let mut token = digest(listing, last).to_vec();
    token.extend(last.as_bytes());
    URL_SAFE_NO_PAD.encode(token)
}

/// The id in a token of this very list; `None` for the first page.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list, and for one that is none.
pub(super) fn after(listing: &Listing<'_>) -> Result<Option<String>, Refusal> {
    if listing.page_token.is_empty() {
        return Ok(None);
    }
    let last = read(listing).ok_or_else(unverified::page_token)?;
    Ok(Some(last))
}

fn read(listing: &Listing<'_>) -> Option<String> {
    // Longer than any token is: no id is longer than 63 bytes.
    let token = Some(listing.page_token).filter(|token| token.len() <= 128)?;
    let token = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (seal, last) = token.split_at_checked(DIGEST)?;
    let last = String::from_utf8(last.to_vec()).ok()?;
    (seal == digest(listing, &last)).then_some(last)
}

/// Binds a token to its list. It is no secret: who forges one only starts somewhere else in the same list.
fn digest(listing: &Listing<'_>, last: &str) -> [u8; DIGEST] {
    let mut context = Context::new(&SHA256);
    for part in [
        listing.method,
        listing.parent,
        listing.filter,
        listing.order_by,
        last,
    ] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut short = [0; DIGEST];
    short.copy_from_slice(&context.finish().as_ref()[..DIGEST]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing<'a>(parent: &'a str, filter: &'a str, order_by: &'a str, page_token: &'a str) -> Listing<'a> {
        Listing {
            method: "ListCryptoKeys",
            parent,
            page_size: 0,
            page_token,
            filter,
            order_by,
        }
    }

    #[test]
    fn sizes_are_capped() {
        for (asked, size) in [(0, 100), (1, 1), (1000, 1000), (1001, 1000), (i32::MAX, 1000)] {
            assert_eq!(super::size(asked), Ok(size));
        }
        assert!(super::size(-1).is_err() && super::size(i32::MIN).is_err());
    }

    #[test]
    fn a_token_belongs_to_its_list() {
        let token = token(&listing("p", "f", "name", ""), "key-1");
        let after = |parent, filter, order| after(&listing(parent, filter, order, &token));
        assert_eq!(after("p", "f", "name").unwrap().as_deref(), Some("key-1"));
        for (parent, filter, order) in [
            ("q", "f", "name"),
            ("p", "", "name"),
            ("p", "f", ""),
            ("pf", "", "name"),
            ("p", "fname", ""),
        ] {
            assert!(after(parent, filter, order).is_err(), "{parent} {filter} {order}");
        }
        let other = Listing {
            method: "ListKeyRings",
            ..listing("p", "f", "name", &token)
        };
        assert!(super::after(&other).is_err());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token(&listing("p", "", "", ""), "key-1");
        let (cut, longer) = (&good[..good.len() - 1], format!("{good}A"));
        for bad in ["1", "AAAA", "=", "ä", cut, &longer, &"A".repeat(100_000)] {
            assert!(after(&listing("p", "", "", bad)).is_err());
        }
        assert_eq!(after(&listing("p", "", "", "")), Ok(None));
    }
}
