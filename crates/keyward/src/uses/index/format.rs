//! The index as bytes: a heading with a digest of everything behind it, the ways, and the folders with their files.

use std::collections::BTreeMap;

use keyward_core::inventory::{Inventory, Way, Ways, WaysId};
use ring::digest::{SHA256, digest};

use super::bytes::{Reader, put_count, put_text};
use super::{Content, Entry, Index, Listed, Stamp};

/// What an index starts with. Another layout has another number.
const MAGIC: &[u8; 8] = b"kwindex1";
const DIGEST_LEN: usize = 32;
const OTHER: u64 = 0;
const AGE: u64 = 1;
/// Numbers from here on are places in the table of ways.
const ENVELOPES: u64 = 2;
const KMS: u8 = 1;
const ESCROW: u8 = 2;
const UNKNOWN: u8 = 3;

/// Reads an index, and places its ways in `ways`. `None` when it is none, or not whole.
pub(super) fn parse(bytes: Vec<u8>, ways: &mut Inventory) -> Option<Index> {
    let body = bytes.strip_prefix(MAGIC)?;
    let (sum, body) = body.split_first_chunk::<DIGEST_LEN>()?;
    if digest(&SHA256, body).as_ref() != sum {
        return None;
    }
    let mut reader = Reader::new(body);
    let mut index = Index {
        device: reader.u64()?,
        rules: reader.array()?,
        ..Index::default()
    };
    let table = table(&mut reader)?;
    let table: Vec<_> = table.iter().map(|known| ways.intern(known)).collect();
    let start = MAGIC.len() + DIGEST_LEN;
    for _ in 0..reader.count()? {
        let folder = reader.text()?.to_vec();
        let entries = (0..reader.count()?)
            .map(|_| entry(&mut reader, start, &table))
            .collect::<Option<Vec<_>>>()?;
        index.len += entries.len();
        let listed = Listed {
            entries,
            ..Listed::default()
        };
        index.folders.insert(folder, listed);
    }
    let whole = reader.is_at_end();
    index.bytes = bytes;
    whole.then_some(index)
}

fn table(reader: &mut Reader<'_>) -> Option<Vec<Ways>> {
    let one = |reader: &mut Reader<'_>| {
        let ways = (0..reader.count()?)
            .map(|_| way(reader))
            .collect::<Option<Vec<_>>>()?;
        Some(Ways::new(ways))
    };
    (0..reader.count()?).map(|_| one(reader)).collect()
}

fn way(reader: &mut Reader<'_>) -> Option<Way> {
    let [tag] = reader.array()?;
    let version = Some(reader.u64()?).filter(|number| *number > 0);
    let text = std::str::from_utf8(reader.text()?).ok()?;
    match tag {
        KMS => Some(Way::Kms {
            key: text.parse().ok()?,
            version,
        }),
        ESCROW => Some(Way::Escrow(text.to_owned())),
        UNKNOWN => Some(Way::Other(text.to_owned())),
        _ => None,
    }
}

fn entry(reader: &mut Reader<'_>, start: usize, table: &[WaysId]) -> Option<Entry> {
    let len = reader.text()?.len();
    let end = start + reader.at();
    let stamp = Stamp {
        size: reader.u64()?,
        modified: reader.i64()?,
        changed: reader.i64()?,
        inode: reader.u64()?,
    };
    let rule = usize::try_from(reader.u64()?).ok()?;
    let content = match reader.u64()? {
        OTHER => Content::Other,
        AGE => Content::Age,
        number => {
            let place = usize::try_from(number - ENVELOPES).ok()?;
            Content::Envelope(*table.get(place)?)
        }
    };
    Some(Entry {
        name: end - len..end,
        stamp,
        rule,
        content,
    })
}

/// Writes an index, folder by folder.
pub(in crate::uses) struct Writer<'a> {
    inventory: &'a Inventory,
    table: Vec<&'a Ways>,
    places: BTreeMap<WaysId, u64>,
    folders: Vec<u8>,
    folder_count: usize,
}

impl<'a> Writer<'a> {
    /// One for files whose ways `inventory` has placed.
    pub(in crate::uses) fn new(inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            table: Vec::new(),
            places: BTreeMap::new(),
            folders: Vec::new(),
            folder_count: 0,
        }
    }

    /// Adds a folder with its files, in the order in which it listed them.
    pub(in crate::uses) fn folder<'f>(
        &mut self,
        folder: &[u8],
        files: impl ExactSizeIterator<Item = (&'f [u8], Stamp, usize, Content)>,
    ) {
        put_text(&mut self.folders, folder);
        put_count(&mut self.folders, files.len());
        for (name, stamp, rule, content) in files {
            put_text(&mut self.folders, name);
            let content = self.number(content);
            let out = &mut self.folders;
            out.extend_from_slice(&stamp.size.to_le_bytes());
            out.extend_from_slice(&stamp.modified.to_le_bytes());
            out.extend_from_slice(&stamp.changed.to_le_bytes());
            out.extend_from_slice(&stamp.inode.to_le_bytes());
            out.extend_from_slice(&(rule as u64).to_le_bytes());
            out.extend_from_slice(&content.to_le_bytes());
        }
        self.folder_count += 1;
    }

    fn number(&mut self, content: Content) -> u64 {
        match content {
            Content::Other => OTHER,
            Content::Age => AGE,
            Content::Envelope(id) => *self.places.entry(id).or_insert_with(|| {
                self.table.push(self.inventory.ways_at(id));
                ENVELOPES + self.table.len() as u64 - 1
            }),
        }
    }

    /// The whole index.
    pub(in crate::uses) fn finish(self, device: u64, rules: &[u8; 32]) -> Vec<u8> {
        let mut body = device.to_le_bytes().to_vec();
        body.extend_from_slice(rules);
        put_count(&mut body, self.table.len());
        for ways in self.table {
            put_count(&mut body, ways.iter().len());
            ways.iter().for_each(|way| put_way(&mut body, way));
        }
        put_count(&mut body, self.folder_count);
        body.extend_from_slice(&self.folders);
        sealed(&body)
    }
}

/// The body behind its heading.
pub(super) fn sealed(body: &[u8]) -> Vec<u8> {
    [&MAGIC[..], digest(&SHA256, body).as_ref(), body].concat()
}

fn put_way(out: &mut Vec<u8>, way: &Way) {
    let (tag, version, text) = match way {
        Way::Kms { key, version } => (KMS, version.unwrap_or(0), key.to_string()),
        Way::Escrow(name) => (ESCROW, 0, name.clone()),
        Way::Other(name) => (UNKNOWN, 0, name.clone()),
    };
    out.push(tag);
    out.extend_from_slice(&version.to_le_bytes());
    put_text(out, text.as_bytes());
}
