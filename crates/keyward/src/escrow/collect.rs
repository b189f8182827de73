//! The envelopes that a drill is about.

use std::io::Read;
use std::path::{Path, PathBuf};

use keyward_core::envelope::{Detached, SNIFF_LEN, Sniffed, sniff, text};
use keyward_core::error::{Error, Result};
use keyward_core::escrow::Escrowed;
use keyward_core::inventory::{Inventory, Kind, Way};
use keyward_core::limits;

use crate::envelope::{EnvelopeFile, read_header};
use crate::io_error::io_error;
use crate::regular_file::open_regular;

/// What was found.
#[derive(Default)]
pub struct Collected {
    /// Envelopes with an escrow wrap, and detached wraps with one.
    pub envelopes: Vec<Escrowed>,
    /// How many have none.
    pub without: u64,
    /// What could not be read, and why: it may be anything.
    pub unread: Vec<(String, String)>,
}

/// Reads the header, salt and commitment of every envelope in `inventory` that somebody offline can open. Names are from
/// `root` where they are inside it.
pub fn collect(inventory: &Inventory, root: &Path) -> Collected {
    let mut collected = Collected::default();
    for item in inventory.items().filter(|item| item.kind == Kind::Envelope) {
        if !item.ways.iter().any(|way| matches!(way, Way::Escrow(_))) {
            collected.without += 1;
            continue;
        }
        let path = root.join(item.name);
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        match read(&path, &name) {
            Ok(Some(envelope)) => collected.envelopes.push(envelope),
            Ok(None) => {}
            Err(why) => collected.unread.push((name, why.to_string())),
        }
    }
    collected
}

/// The envelope at `path`, or the detached wraps there; `None` when the wraps are stale.
pub(super) fn read(path: &Path, name: &str) -> Result<Option<Escrowed>> {
    if let Some(base) = base_of(path) {
        return detached(&base, name);
    }
    let (file, _) = open_regular(path)?;
    let failed = |why| io_error("read it", path, why);
    let mut bytes = Vec::new();
    (&file)
        .take(SNIFF_LEN as u64)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let envelope = match sniff(&bytes) {
        Sniffed::Binary => read_header(&mut bytes.chain(&file))?,
        Sniffed::Text => {
            let limit = limits::TEXT_LEN + 2;
            (&file)
                .take(limit as u64)
                .read_to_end(&mut bytes)
                .map_err(failed)?;
            read_header(&mut &text::decode_file(&bytes, limits::TEXT_LEN)?[..])?
        }
        _ => return Err(Error::damaged("it is no envelope any more")),
    };
    let (header, head) = envelope;
    let name = name.to_owned();
    Ok(Some(Escrowed { name, header, head }))
}

/// The file whose detached wraps `path` names, if it is one of those.
fn base_of(path: &Path) -> Option<PathBuf> {
    let base = path.to_str()?.strip_suffix(".wraps")?;
    Some(PathBuf::from(base)).filter(|base| base.is_file())
}

fn detached(base: &Path, name: &str) -> Result<Option<Escrowed>> {
    let envelope = EnvelopeFile::open(base)?;
    match envelope.detached() {
        Some(Detached::Current(header)) => Ok(Some(Escrowed {
            name: name.to_owned(),
            header: header.clone(),
            head: envelope.head(),
        })),
        Some(Detached::Stale) | None => Ok(None),
        Some(Detached::Unreadable(why)) => Err(Error::damaged(why.what())),
    }
}
