//! Numbers and texts in the index, each read with a look at what is left.

/// Reads from the front. `None` is damage, wherever it is.
pub(super) struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.all.len()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.all.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(taken)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A number of things, each of which takes at least one byte more.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        (count <= self.all.len() - self.at).then_some(count)
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let len = self.count()?;
        let text = self.all.get(self.at..self.at + len)?;
        self.at += len;
        Some(text)
    }
}

pub(super) fn put_count(out: &mut Vec<u8>, count: usize) {
    // An index never grows near this: it is left unwritten long before.
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    out.extend_from_slice(&count.to_le_bytes());
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_count(out, text.len());
    out.extend_from_slice(text);
}
