//! How many bytes of requests and of answers are held at once, over all connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that many share.
#[derive(Clone)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// What one request or answer has taken; given back when it is dropped.
pub(crate) struct Share {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn of(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Whether more than `margin` is left.
    pub(crate) fn has_room(&self, margin: usize) -> bool {
        self.used.load(Ordering::Relaxed).saturating_add(margin) < self.limit
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

impl Share {
    /// Takes `bytes` more. `false` when they are not there; then nothing was taken.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let before = self.budget.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.budget.limit {
            self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }

    /// Bytes taken so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_there_again() {
        let budget = Budget::of(10);
        let (mut one, mut other) = (budget.share(), budget.share());
        assert!(one.take(6));
        assert!(!other.take(5));
        assert!(other.take(4));
        drop(one);
        assert!(other.take(6));
        assert_eq!(other.bytes(), 10);
    }
}
