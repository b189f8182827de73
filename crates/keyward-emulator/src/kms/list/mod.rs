//! Lists: pages of one thing under one parent, filtered and in order.

pub(crate) mod filter;
mod page;

use crate::kms::unverified;
use crate::refusal::Refusal;
use filter::{Fields, Filter};

/// Most elements that one call looks at. With a filter that few of them pass, a page may be short or empty and still
/// have a next one; so it is with Google's lists, and clients go on.
const LOOKED_AT: usize = 5_000;

/// What a list is asked for, in the words of its request.
#[derive(Clone, Copy)]
pub(crate) struct Listing<'a> {
    /// Name of the call.
    pub(crate) method: &'static str,
    /// Whose children are listed.
    pub(crate) parent: &'a str,
    /// Elements of a page; 0 for as many as is usual.
    pub(crate) page_size: i32,
    /// Where the page begins; empty for the first.
    pub(crate) page_token: &'a str,
    /// Which elements are wanted; empty for all.
    pub(crate) filter: &'a str,
    /// `name`, `name desc`, or empty.
    pub(crate) order_by: &'a str,
}

/// One page.
#[derive(Debug, PartialEq)]
pub(crate) struct Found<T> {
    /// The elements.
    pub(crate) items: Vec<T>,
    /// Token of the next page; empty when there is none.
    pub(crate) next_page_token: String,
    /// Number of all elements; 0 with a filter, as in Cloud KMS.
    pub(crate) total_size: i32,
}

/// A part of a list to fetch, under one lock.
#[derive(Debug, PartialEq)]
pub(crate) struct Slice<'a> {
    /// Id of the element before the first one wanted.
    pub(crate) after: Option<&'a str>,
    /// Whether the order is reversed.
    pub(crate) descending: bool,
    /// Most elements to fetch.
    pub(crate) limit: usize,
}

/// An element of a list.
pub(crate) trait Listed: Fields {
    /// Full name, with the id as its last part.
    fn name(&self) -> &str;

    /// What tokens remember.
    fn id(&self) -> &str {
        self.name().rsplit('/').next().unwrap_or_default()
    }
}

/// One page of a list. `fetch` answers slices of it, in its order; `count` is asked when there is no filter.
///
/// # Errors
/// `INVALID_ARGUMENT` for a page size, a token, a filter or an order that is none; those of `fetch` and `count`.
pub(crate) fn list<T: Listed>(
    listing: &Listing<'_>,
    fetch: impl Fn(&Slice<'_>) -> Result<Vec<T>, Refusal>,
    count: impl FnOnce() -> Result<usize, Refusal>,
) -> Result<Found<T>, Refusal> {
    let size = page::size(listing.page_size)?;
    let descending = is_descending(listing.order_by)?;
    let filter = Filter::parse::<T>(listing.filter)?;
    let after = page::after(listing)?;
    let total = if filter.is_none() { count()? } else { 0 };
    let walk = Walk {
        size,
        descending,
        filter,
    };
    let (items, last) = walk.page(after, fetch)?;
    Ok(Found {
        items,
        next_page_token: last.map(|last| page::token(listing, &last)).unwrap_or_default(),
        total_size: i32::try_from(total).unwrap_or(i32::MAX),
    })
}

/// Checks the page of a list that is empty, whoever asks.
///
/// # Errors
/// `INVALID_ARGUMENT` for a negative size, and for any token: this list has given none.
pub(crate) fn check_empty(page_size: i32, page_token: &str) -> Result<(), Refusal> {
    page::size(page_size)?;
    page_token
        .is_empty()
        .then_some(())
        .ok_or_else(unverified::page_token)
}

/// The way through a list that ends with one full page.
struct Walk {
    size: usize,
    descending: bool,
    filter: Option<Filter>,
}

impl Walk {
    /// The elements, and the id after which the next page begins.
    fn page<T: Listed>(
        &self,
        mut after: Option<String>,
        fetch: impl Fn(&Slice<'_>) -> Result<Vec<T>, Refusal>,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        let (mut items, mut looked_at) = (Vec::new(), 0);
        loop {
            // One more than fits tells whether there is a next page.
            let limit = self.size + 1;
            let slice = Slice {
                after: after.as_deref(),
                descending: self.descending,
                limit,
            };
            let fetched = fetch(&slice)?;
            let is_last = fetched.len() < limit;
            looked_at += fetched.len();
            let before = fetched.last().map(|item| item.id().to_owned());
            items.extend(fetched.into_iter().filter(|item| self.wants(item)));
            if items.len() > self.size {
                items.truncate(self.size);
                let last = items.last().map(|item| item.id().to_owned());
                return Ok((items, last));
            }
            if is_last {
                return Ok((items, None));
            }
            if looked_at >= LOOKED_AT {
                return Ok((items, before));
            }
            after = before;
        }
    }

    fn wants<T: Listed>(&self, item: &T) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(item))
    }
}

fn is_descending(order_by: &str) -> Result<bool, Refusal> {
    match order_by {
        "" | "name" => Ok(false),
        "name desc" => Ok(true),
        _ => Err(unverified::order_by(order_by)),
    }
}

#[cfg(test)]
mod tests;
