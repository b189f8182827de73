//! Lists: every page, in order, or nothing.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use keyward_core::kms::{KmsError, Observed};

use crate::call::Call;
use crate::fate::Failure;
use crate::observe::unknown;

/// Most items of one list.
const ITEMS: usize = 100_000;
/// Most pages of one list.
const PAGES: usize = 10_000;
/// How long a list may take, in times of what a call may: pages without end come to one. Waiting for a turn does not count.
const DEADLINES: u32 = 10;
/// How many items to ask for at once. The service may give fewer.
pub(crate) const PAGE_SIZE: i32 = 1_000;

/// One page: its items, and the token of the next one, empty at the end.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: String,
}

impl<T> Page<T> {
    /// A page of items that may turn out not to be any.
    pub(crate) fn of(items: impl Iterator<Item = Result<T, String>>, next: String) -> Result<Self, String> {
        let items = items.collect::<Result<_, _>>()?;
        Ok(Self { items, next })
    }
}

/// What a list has shown so far, sorted by `K`.
pub(crate) struct Pages<K, T> {
    items: BTreeMap<K, T>,
    token: String,
    /// Hashes of every token so far: what a token holds is not ours to keep, and it may be long.
    tokens: HashSet<u64>,
    hashing: RandomState,
}

impl<K: Ord, T: PartialEq> Pages<K, T> {
    pub(crate) fn new() -> Self {
        Self {
            items: BTreeMap::new(),
            token: String::new(),
            tokens: HashSet::new(),
            hashing: RandomState::new(),
        }
    }

    /// The token of the page to ask for.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Takes one page; whether it was the last one.
    fn take(&mut self, page: Page<T>, key: impl Fn(&T) -> Result<K, String>) -> Result<bool, String> {
        for item in page.items {
            let place = key(&item)?;
            match self.items.get(&place) {
                Some(there) if *there != item => return Err("it changed while it was listed".to_owned()),
                _ => self.items.insert(place, item),
            };
        }
        let is_new = self.tokens.insert(self.hashing.hash_one(&page.next));
        if self.items.len() > ITEMS || self.tokens.len() > PAGES {
            return Err(format!("it has more than {ITEMS} entries or {PAGES} pages"));
        }
        if !is_new {
            return Err("its pages go round in a circle".to_owned());
        }
        self.token = page.next;
        Ok(self.token.is_empty())
    }

    fn into_items(self) -> Vec<T> {
        self.items.into_values().collect()
    }
}

/// Follows a list to its end. A page that cannot be had, or makes no sense, makes the whole list unknown.
pub(crate) async fn follow<'a, K: Ord, T: PartialEq, F>(
    call: impl Fn() -> Result<Call<'a>, KmsError>,
    page: impl Fn(Arc<Call<'a>>, String) -> F,
    key: impl Fn(&T) -> Result<K, String>,
) -> Observed<Vec<T>>
where
    F: Future<Output = Result<Page<T>, Failure>>,
{
    let mut pages = Pages::new();
    let mut spent = Duration::ZERO;
    loop {
        let call = match call() {
            Ok(call) => Arc::new(call),
            Err(error) => return unknown(&error),
        };
        if spent >= call.settings.deadline * DEADLINES {
            return Observed::Unknown(format!(
                "the list of {} does not end in time",
                call.target.resource
            ));
        }
        let is_last = match page(call.clone(), pages.token().to_owned()).await {
            Ok(page) => pages.take(page, &key),
            Err(failure) => return call.observe(Err(failure)).await,
        };
        spent += call.spent();
        match is_last {
            Ok(true) => return Observed::Present(pages.into_items()),
            Ok(false) => {}
            Err(why) => return Observed::Unknown(format!("the list of {}: {why}", call.target.resource)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(
        pages: &mut Pages<u32, (u32, &'static str)>,
        items: &[(u32, &'static str)],
        next: &str,
    ) -> Result<bool, String> {
        let page = Page {
            items: items.to_vec(),
            next: next.to_owned(),
        };
        pages.take(page, |item| Ok(item.0))
    }

    #[test]
    fn pages_are_sorted_and_an_entry_seen_twice_is_one() {
        let mut pages = Pages::new();
        assert_eq!(take(&mut pages, &[(2, "b"), (1, "a")], "x"), Ok(false));
        assert_eq!(take(&mut pages, &[], "y"), Ok(false));
        assert_eq!(take(&mut pages, &[(3, "c"), (2, "b")], ""), Ok(true));
        assert_eq!(pages.into_items(), [(1, "a"), (2, "b"), (3, "c")]);
    }

    #[test]
    fn circles_changes_and_lists_without_end_are_no_lists() {
        let mut pages = Pages::new();
        assert_eq!(take(&mut pages, &[(1, "a")], "x"), Ok(false));
        assert!(take(&mut pages, &[(2, "b")], "x").is_err());
        let mut pages = Pages::new();
        assert_eq!(take(&mut pages, &[(1, "a")], "x"), Ok(false));
        assert!(take(&mut pages, &[(1, "changed")], "").is_err());
        let mut pages = Pages::new();
        assert_eq!(take(&mut pages, &[], "x"), Ok(false));
        assert_eq!(take(&mut pages, &[], "y"), Ok(false));
        assert!(take(&mut pages, &[], "x").is_err(), "round in a circle");
        let mut pages = Pages::new();
        let mut turn = 0;
        while take(&mut pages, &[], &format!("page {turn}")).is_ok() {
            turn += 1;
        }
        assert_eq!(turn, PAGES);
    }
}
