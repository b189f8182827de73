//! The text form of a root key file, both directions.
//!
//! ```text
//! # comments
//! keyward-root-key 1 plain            or: keyward-root-key 1 argon2id m=65536 t=3 p=4
//! BASE64 of the key                       BASE64 of the salt
//!                                         BASE64 of nonce, sealed key and tag
//! ```

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use keyward_core::limits;
use keyward_core::secret::SecretBytes;
use zeroize::Zeroizing;

use super::KEY_LEN;
use super::passphrase::SealedKey;
use crate::fault::{Result, damaged, io, unavailable};
use crate::new_file;

pub(super) const HEADING: &str = "keyward-root-key 1 ";
const PLAIN: &str = "plain";
const PLAIN_WARNING: &str =
    "# Root key of an embedded KMS, for development: whoever reads this file can open every key beside it.";

/// What a root key file holds.
pub(super) enum RootFile {
    /// The key itself.
    Plain(SecretBytes),
    /// The key under a passphrase.
    Sealed(SealedKey),
}

impl RootFile {
    /// Reads `file`; `None` when it does not exist.
    pub(super) fn read(file: &Path) -> Result<Option<Self>> {
        let len = match file.metadata() {
            Ok(meta) if meta.is_file() => meta.len(),
            Ok(_) => return Err(damaged(file, "it is not a regular file")),
            Err(error) if error.kind() == ErrorKind::NotFound => return absent(file).map(|()| None),
            Err(error) => return Err(io(file)(error)),
        };
        // Room for all of it from the beginning: a buffer that grows leaves copies behind.
        let room = usize::try_from(len).map_or(limits::KEY_FILE_LEN, |len| len.min(limits::KEY_FILE_LEN));
        let mut text = Zeroizing::new(Vec::with_capacity(room + 64));
        File::open(file)
            .map_err(io(file))?
            .take(limits::KEY_FILE_LEN as u64 + 1)
            .read_to_end(&mut text)
            .map_err(io(file))?;
        let whole = Some(&*text).filter(|text| text.len() <= limits::KEY_FILE_LEN);
        let parsed = whole
            .and_then(|text| std::str::from_utf8(text).ok())
            .and_then(Self::parse);
        parsed
            .ok_or_else(|| damaged(file, "it is not a root key file"))
            .map(Some)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.starts_with('#'));
        let form = lines.next()?.strip_prefix(HEADING)?;
        let found = match form {
            PLAIN => Self::Plain(decode(lines.next()?).filter(|key| key.len() == KEY_LEN)?),
            _ => Self::Sealed(SealedKey::parse(form, lines.next()?, lines.next()?)?),
        };
        lines.all(str::is_empty).then_some(found)
    }
}

/// Whether nothing at all has this name. A link to nothing would be taken for no root key, and hide where it should be.
fn absent(file: &Path) -> Result<()> {
    match file.symlink_metadata() {
        Ok(_) => Err(unavailable(file, "it is a link to a file that does not exist")),
        Err(_) => Ok(()),
    }
}

/// The file that holds `key` itself.
pub(super) fn plain_text(key: &SecretBytes) -> SecretBytes {
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(key.expose()));
    SecretBytes::from(format!("{PLAIN_WARNING}\n{HEADING}{PLAIN}\n{}\n", *encoded))
}

/// Writes a new file, mode 0600 and synced. `false` when there is one by now.
pub(super) fn write_new(file: &Path, text: &SecretBytes) -> Result<bool> {
    let placed = || {
        if let Some(folder) = file.parent() {
            new_file::make_folder(folder)?;
        }
        let mut temporary = new_file::beside(file)?;
        temporary.write_all(text.expose())?;
        temporary.as_file().sync_all()?;
        new_file::place(temporary.into_temp_path(), file)
    };
    placed().map_err(io(file))
}

pub(super) fn decode(line: &str) -> Option<SecretBytes> {
    BASE64_STANDARD.decode(line).ok().map(SecretBytes::new)
}
