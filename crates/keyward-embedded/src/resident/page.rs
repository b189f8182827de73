//! Which part of a list to show.

use std::ops::Bound;

/// A part of a list that is sorted by `K`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page<K> {
    /// The last one of the page before, which need not exist any more; `None` for the first page.
    pub after: Option<K>,
    /// From the last one to the first.
    pub descending: bool,
    /// How many at most.
    pub limit: usize,
}

impl<K: Copy> Page<K> {
    /// Everything in one page, from the first one on.
    pub fn whole() -> Self {
        Self {
            after: None,
            descending: false,
            limit: usize::MAX,
        }
    }

    /// The part of a sorted map that this page, and those after it, are in.
    pub(super) fn bounds(self) -> (Bound<K>, Bound<K>) {
        match (self.after, self.descending) {
            (None, _) => (Bound::Unbounded, Bound::Unbounded),
            (Some(after), false) => (Bound::Excluded(after), Bound::Unbounded),
            (Some(after), true) => (Bound::Unbounded, Bound::Excluded(after)),
        }
    }

    /// The page, out of that part.
    pub(super) fn take<T>(self, part: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
        if self.descending {
            part.rev().take(self.limit).collect()
        } else {
            part.take(self.limit).collect()
        }
    }
}
