//! The index: what files held when they were last read, so that a file that is still the same need not be read again.
//!
//! It is a memory, and never the truth. An entry counts only for a file with the same size, times and inode on the
//! same file system, and none is kept for a file that changed so shortly before it was read that a later change might
//! look the same. An index that is damaged, foreign or of another release is as good as none.

mod bytes;
mod format;
mod store;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use keyward_core::inventory::WaysId;
use rustix::fs::Stat;

pub(super) use format::Writer;
pub(super) use store::Store;

/// What is known of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing that needs a key.
    Other,
    /// An age file, which needs no key of a KMS.
    Age,
    /// An envelope, opened by these ways.
    Envelope(WaysId),
}

/// What must not have changed for a file to hold what it held. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) modified: i64,
    pub(super) changed: i64,
    pub(super) inode: u64,
}

/// The memory of a run.
#[derive(Debug, Default)]
pub(super) struct Index {
    bytes: Vec<u8>,
    /// The file system whose files it knows.
    pub(super) device: u64,
    /// Of which rules the entries tell: with others, which rule covers a file has to be found again.
    pub(super) rules: [u8; 32],
    folders: HashMap<Vec<u8>, Listed>,
    /// Entries in all.
    pub(super) len: usize,
}

/// The entries of one folder, in the order in which it listed them.
#[derive(Debug, Default)]
struct Listed {
    entries: Vec<Entry>,
    /// Their places, by name; made when the order is no help any more.
    by_name: OnceLock<Vec<usize>>,
}

/// One file that was read.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    name: Range<usize>,
    pub(super) stamp: Stamp,
    /// Which of the manifest's rules covers it.
    pub(super) rule: usize,
    pub(super) content: Content,
}

/// Finds the entries of one folder, quickest in the order in which it lists its files.
pub(super) struct Finder<'a> {
    index: &'a Index,
    listed: Option<&'a Listed>,
    next: usize,
}

impl Index {
    /// The entries of `folder`, to be asked for from about the `first` on.
    pub(super) fn folder(&self, folder: &[u8], first: usize) -> Finder<'_> {
        Finder {
            index: self,
            listed: self.folders.get(folder),
            next: first,
        }
    }

    fn name(&self, entry: &Entry) -> &[u8] {
        self.bytes.get(entry.name.clone()).unwrap_or_default()
    }
}

impl<'a> Finder<'a> {
    /// The entry of `name`.
    pub(super) fn find(&mut self, name: &[u8]) -> Option<&'a Entry> {
        let listed = self.listed?;
        let is_next = |entry: &&Entry| self.index.name(entry) == name;
        let at = match listed.entries.get(self.next).filter(is_next) {
            Some(_) => self.next,
            None => listed.place_of(self.index, name)?,
        };
        self.next = at + 1;
        listed.entries.get(at)
    }
}

impl Listed {
    fn place_of(&self, index: &Index, name: &[u8]) -> Option<usize> {
        let name_at = |place: &usize| {
            self.entries
                .get(*place)
                .map_or(&[][..], |entry| index.name(entry))
        };
        let by_name = self.by_name.get_or_init(|| {
            let mut places: Vec<_> = (0..self.entries.len()).collect();
            places.sort_by(|a, b| name_at(a).cmp(name_at(b)));
            places
        });
        let at = by_name.binary_search_by(|place| name_at(place).cmp(name)).ok()?;
        by_name.get(at).copied()
    }
}

impl Stamp {
    /// The stamp of a file.
    pub(super) fn of(stat: &Stat) -> Self {
        let time = |secs: i64, nanos: u64| {
            let nanos = i64::try_from(nanos).unwrap_or(0);
            secs.saturating_mul(1_000_000_000).saturating_add(nanos)
        };
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: time(stat.st_mtime, stat.st_mtime_nsec),
            changed: time(stat.st_ctime, stat.st_ctime_nsec),
            inode: stat.st_ino,
        }
    }

    /// Whether the file last changed so long before `then` that no later change can have left the same stamp: some file
    /// systems count time in steps of two seconds.
    pub(super) fn is_settled(self, then: Self) -> bool {
        const STEP: i64 = 2_000_000_000;
        self.modified.max(self.changed).saturating_add(STEP) < then.changed
    }
}

/// Reads an index from bytes.
#[cfg(test)]
pub(super) fn parse_for_tests(bytes: Vec<u8>) -> Option<Index> {
    format::parse(bytes, &mut keyward_core::inventory::Inventory::default())
}

/// An index with this body, whatever it says.
#[cfg(test)]
pub(super) fn with_digest(body: &[u8]) -> Vec<u8> {
    format::sealed(body)
}
