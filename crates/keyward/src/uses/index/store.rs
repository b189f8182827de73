//! The file of an index: read if it is ours, written if it can be.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use keyward_core::inventory::Inventory;
use rustix::fs::{OFlags, fstat};

use super::{Index, Stamp, format};
use crate::atomic_file::{Access, Existing, NewFile, Snapshot};

/// Longest index that is read or written, in bytes: some ten million files.
const LEN_MAX: u64 = 1 << 30;

/// Where an index is kept, and the file that will take its place.
pub(in crate::uses) struct Store {
    next: Option<NewFile>,
    /// The moment at which the walk begins, by the clock of the file system.
    begun: Option<(u64, Stamp)>,
}

impl Store {
    /// One that keeps nothing.
    pub(in crate::uses) fn none() -> Self {
        Self {
            next: None,
            begun: None,
        }
    }

    /// Reads the index at `path`, unless it is to be made anew, and gets ready to replace it. An index that cannot be
    /// read or replaced is no error: files are read instead.
    pub(in crate::uses) fn open(path: &Path, rebuild: bool, ways: &mut Inventory) -> (Self, Index) {
        let (existing, index) = match open(path) {
            Some(file) => {
                let snapshot = file.metadata().ok().map(|meta| Snapshot::from(&meta));
                let index = (!rebuild).then(|| read(file, ways)).flatten();
                (snapshot.map(Existing::Replace), index.unwrap_or_default())
            }
            None => (Some(Existing::Refuse), Index::default()),
        };
        let next = existing.and_then(|existing| NewFile::create(path, Access::Private, existing).ok());
        let stat = next.as_ref().and_then(|next| fstat(next.file()).ok());
        let begun = stat.map(|stat| (stat.st_dev, Stamp::of(&stat)));
        (Self { next, begun }, index)
    }

    /// As if the walk began an hour later, when everything is quiet.
    #[cfg(test)]
    pub(in crate::uses) fn later(mut self) -> Self {
        if let Some((_, begun)) = &mut self.begun {
            begun.changed += 3_600_000_000_000;
        }
        self
    }

    /// Whether what is read now may be written down: files on `device` that were quiet when the walk began.
    pub(in crate::uses) fn keeps(&self, device: u64, stamp: Stamp) -> bool {
        self.begun
            .is_some_and(|(own, begun)| own == device && stamp.is_settled(begun))
    }

    /// The file system whose files are written down.
    pub(in crate::uses) fn device(&self) -> Option<u64> {
        self.begun.map(|(device, _)| device)
    }

    /// Puts `bytes` in the place of the index. What cannot be written is read again the next time.
    pub(in crate::uses) fn replace(self, bytes: &[u8]) {
        if let Some(next) = self.next.filter(|_| bytes.len() as u64 <= LEN_MAX) {
            let written = next.file().write_all(bytes);
            let _ = written.map(|()| next.commit());
        }
    }
}

fn open(path: &Path) -> Option<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = File::options();
    let options = std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    options.read(true).open(path).ok()
}

/// Reads an index that is a file of this user's, which nobody else may have written.
fn read(file: File, ways: &mut Inventory) -> Option<Index> {
    let meta = file.metadata().ok()?;
    let own = rustix::process::geteuid().as_raw() == meta.uid() && meta.mode() & 0o022 == 0;
    if !own || !meta.is_file() || meta.len() > LEN_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(LEN_MAX).read_to_end(&mut bytes).ok()?;
    format::parse(bytes, ways)
}
