//! The folders of sites that are in a place already, however their names are spelled.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use keyward_core::credential::Site;
use keyward_core::error::{Error, Result};

use crate::io_error::io_error;

/// What is in a place, by its name in lower case: the names of hosts are case-insensitive (RFC 4343), those of folders
/// are not.
pub(super) struct Folders<'a> {
    out: &'a Path,
    names: HashMap<String, Vec<String>>,
}

impl<'a> Folders<'a> {
    /// Lists `out` once, since asking for each name takes longer. One that is not there holds nothing.
    pub(super) fn list(out: &'a Path) -> Result<Self> {
        let failed = |error| io_error("read the folder", out, error);
        let mut names = HashMap::<_, Vec<_>>::new();
        match fs::read_dir(out) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(entries) => {
                for entry in entries {
                    // A name that is not text is no site's.
                    if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
                        names.entry(name.to_ascii_lowercase()).or_default().push(name);
                    }
                }
            }
        }
        Ok(Self { out, names })
    }

    /// The folder of `site`, if there is one.
    ///
    /// # Errors
    /// A usage error when there are several.
    pub(super) fn of(&self, site: &Site) -> Result<Option<PathBuf>> {
        let names = self.names.get(&site.folder_name().to_ascii_lowercase());
        match names.map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([name]) => Ok(Some(self.out.join(name))),
            Some([one, other, ..]) => {
                Err(Error::usage("two folders are for this one site")
                    .on(site)
                    .hint(format!(
                        "look at {one} and {other}, and move away the one that is not in use"
                    )))
            }
        }
    }
}
