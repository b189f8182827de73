//! The bundles that were made here, kept so that a report is taken only as the answer to one of them.

use std::fs::{self, DirBuilder, DirEntry};
use std::io::{ErrorKind as Io, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use keyward_core::clock::{Timestamp, later};
use keyward_core::error::{Error, Result};
use keyward_core::escrow::{Bundle, Digest};
use keyward_core::limits;

use crate::atomic_file::{self, Access, Existing};
use crate::io_error::io_error;
use crate::regular_file::open_regular;

const SUFFIX: &str = ".bundle";

/// A folder of bundles, each by its digest. Nothing in it is secret.
pub struct Kept(PathBuf);

impl Kept {
    /// The one in `state`, the state folder.
    pub fn in_folder(state: &std::path::Path) -> Self {
        Self(state.join("escrow"))
    }

    /// Keeps `bundle`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, bundle: &Bundle) -> Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|why| io_error("make the folder", &self.0, why))?;
        let text = bundle.encode()?;
        let path = self.path(bundle.digest());
        atomic_file::write(&path, text.as_bytes(), Access::Private, Existing::Refuse)
    }

    /// The bundle with this digest; `None` when it was not made here, or is kept no more.
    ///
    /// # Errors
    /// It cannot be read, or is another one.
    pub fn find(&self, digest: Digest) -> Result<Option<Bundle>> {
        let path = self.path(digest);
        if matches!(path.symlink_metadata(), Err(why) if why.kind() == Io::NotFound) {
            return Ok(None);
        }
        let (file, _) = open_regular(&path)?;
        let mut bytes = Vec::new();
        file.take(limits::ESCROW_LEN as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|why| io_error("read it", &path, why))?;
        let name = path.display().to_string();
        let text = String::from_utf8(bytes).map_err(|_| Error::damaged("it is not text").on(&name))?;
        let bundle = Bundle::parse(&text, &name)?;
        if bundle.digest() != digest {
            return Err(Error::damaged("it is another bundle than its name says").on(name));
        }
        Ok(Some(bundle))
    }

    /// Removes bundles that are older than `age`: no report about them counts any more. Whatever stands in the way is
    /// left alone.
    pub fn forget(&self, age: Duration, now: Timestamp) {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| is_older(entry, age, now)) {
            let _ = fs::remove_file(entry.path());
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let digest = digest.to_string();
        let letters = digest.rsplit(':').next().unwrap_or_default();
        self.0.join(format!("{letters}{SUFFIX}"))
    }
}

fn is_older(entry: &DirEntry, age: Duration, now: Timestamp) -> bool {
    let is_bundle = entry
        .file_name()
        .to_str()
        .is_some_and(|name| name.ends_with(SUFFIX));
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    let written = written.ok().and_then(|time| Timestamp::try_from(time).ok());
    is_bundle && written.is_some_and(|written| later(written, age) < now)
}
