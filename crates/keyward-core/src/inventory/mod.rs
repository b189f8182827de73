//! What needs which key: files, their history, and what lies in a cloud, each with the ways that open it.
//!
//! It is a claim, as headers and metadata are: it can show that a key is needed, and never alone that it is not. What
//! could not be looked at is noted in it, and may need any key.

mod powers;
mod uses;
mod way;

use std::collections::{BTreeMap, BTreeSet};

pub use powers::{Owners, Powers};
pub use uses::{Files, Uses};
pub use way::{Way, Ways};

use crate::name::KeyRef;

/// What sort of thing needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An envelope in a file, or its detached wraps.
    Envelope,
    /// An envelope in an older version of a file, in git.
    History,
    /// An object in a bucket, under the key by itself.
    Object {
        /// Whether it is an older generation, kept by versioning.
        noncurrent: bool,
    },
    /// A bucket that encrypts new objects under the key.
    BucketDefault,
    /// A bucket of logs.
    LogBucket,
    /// Another resource of the cloud that its inventory says to be under the key.
    Protected,
}

/// One thing that needs keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its path or address, safe to print.
    pub name: &'a str,
    /// What opens it.
    pub ways: &'a Ways,
}

/// Everything that was found to need a key. Ways are kept once, however many things share them.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    ways: Vec<Ways>,
    known: BTreeMap<Ways, WaysId>,
    entries: Vec<Entry>,
    names: String,
    /// Files and folders that could not be looked into, each with the reason: any of them may need any key.
    pub unread: Files,
    /// What could not be looked at as a whole, such as a history or a bucket, and why.
    pub unseen: BTreeSet<String>,
}

/// Ways of an inventory, by their place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaysId(usize);

#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    /// Where its name ends; it begins where that of the one before it does.
    end: usize,
    ways: WaysId,
}

/// Everything of an inventory that the same ways open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// What opens it.
    pub ways: &'a Ways,
    /// How many there are, and the first few.
    pub items: Files,
}

impl Inventory {
    /// Adds one thing.
    pub fn add(&mut self, kind: Kind, name: &str, ways: &Ways) {
        let ways = self.intern(ways);
        self.add_known(kind, name, ways);
    }

    /// The place of `ways`, for [`Self::add_known`].
    pub fn intern(&mut self, ways: &Ways) -> WaysId {
        if let Some(id) = self.known.get(ways) {
            return *id;
        }
        let id = WaysId(self.ways.len());
        self.ways.push(ways.clone());
        self.known.insert(ways.clone(), id);
        id
    }

    /// Adds one thing, by ways that [`Self::intern`] of this inventory has placed.
    pub fn add_known(&mut self, kind: Kind, name: &str, ways: WaysId) {
        self.names.push_str(name);
        self.entries.push(Entry {
            kind,
            end: self.names.len(),
            ways,
        });
    }

    /// Adds everything that `other` has, also what it could not see.
    pub fn absorb(&mut self, other: &Self) {
        self.extend(other.items());
        self.unread.add_all(&other.unread);
        self.unseen.extend(other.unseen.iter().cloned());
    }

    /// Everything, in the order in which it came.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.placed().map(|(kind, name, id)| Item {
            kind,
            name,
            ways: self.ways_at(id),
        })
    }

    /// The same, with the place of the ways: what has the same ways has the same place.
    pub fn placed(&self) -> impl Iterator<Item = (Kind, &str, WaysId)> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let name = self.names.get(start..entry.end).unwrap_or_default();
            start = entry.end;
            (entry.kind, name, entry.ways)
        })
    }

    /// The ways at a place of this inventory.
    pub fn ways_at(&self, id: WaysId) -> &Ways {
        const NONE: &Ways = &Ways::NONE;
        self.ways.get(id.0).unwrap_or(NONE)
    }

    /// Everything, by its ways.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut files = vec![Files::default(); self.ways.len()];
        for (_, name, id) in self.placed() {
            if let Some(files) = files.get_mut(id.0) {
                files.add(name);
            }
        }
        let groups = self.ways.iter().zip(files).filter(|(_, items)| !items.is_empty());
        groups.map(|(ways, items)| Group { ways, items }).collect()
    }

    /// Which items need which versions, by key.
    pub fn uses(&self) -> BTreeMap<KeyRef, Uses> {
        let mut uses: BTreeMap<KeyRef, Uses> = BTreeMap::new();
        for group in self.groups() {
            for way in group.ways.iter() {
                if let Way::Kms { key, version } = way {
                    let uses = uses.entry(key.clone()).or_default();
                    uses.add_all(*version, &group.items);
                }
            }
        }
        uses
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether everything was looked at.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.unseen.is_empty()
    }
}

impl<'a> Extend<Item<'a>> for Inventory {
    fn extend<T: IntoIterator<Item = Item<'a>>>(&mut self, items: T) {
        for item in items {
            self.add(item.kind, item.name, item.ways);
        }
    }
}

impl Kind {
    /// The word in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::History => "history",
            Self::Object { noncurrent: false } => "object",
            Self::Object { noncurrent: true } => "noncurrent object",
            Self::BucketDefault => "bucket default",
            Self::LogBucket => "log bucket",
            Self::Protected => "protected resource",
        }
    }
}

#[cfg(test)]
mod tests;
