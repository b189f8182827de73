//! Age identities: `--identity`, else `SOPS_AGE_KEY_FILE`, else sops' usual place, and `SOPS_AGE_KEY` beside them.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward::io_error;
use keyward_age::{AgeIdentity, AskPassphrase};
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use keyward_core::secret::SecretBytes;
use zeroize::Zeroizing;

use crate::session::Session;
use crate::ui;

/// The identities in the files named by `--identity`.
///
/// # Errors
/// A file that cannot be read, or is none of identities.
pub(crate) fn named(files: &[PathBuf]) -> Result<Vec<Arc<AgeIdentity>>> {
    files.iter().map(|file| from_file(file)).collect()
}

/// The identities that are found where sops looks for them; none is no error.
///
/// # Errors
/// `SOPS_AGE_KEY_FILE` names a file that cannot be read, or one that is not there while `SOPS_AGE_KEY` does not hold any
/// either; what is found is none of identities.
pub(crate) fn found(session: &Session) -> Result<Vec<Arc<AgeIdentity>>> {
    let mut identities = Vec::new();
    if let Some(keys) = &session.sops_age_key {
        identities.push(Arc::new(AgeIdentity::parse("SOPS_AGE_KEY", keys, asking())?));
    }
    if let Some(file) = env::var_os("SOPS_AGE_KEY_FILE").map(PathBuf::from) {
        match from_file(&file) {
            Err(why) if !identities.is_empty() && !file.exists() => session.ui.warn(&why),
            identity => identities.push(identity?),
        }
    } else if let Some(file) = usual_place().filter(|file| file.exists()) {
        identities.push(from_file(&file)?);
    }
    Ok(identities)
}

/// The way to ask for a passphrase: at the terminal device.
pub(crate) fn asking() -> Arc<AskPassphrase> {
    Arc::new(ui::ask_passphrase)
}

fn from_file(file: &Path) -> Result<Arc<AgeIdentity>> {
    let content = read(file)?;
    Ok(Arc::new(AgeIdentity::parse(
        file.display().to_string(),
        &content,
        asking(),
    )?))
}

fn read(file: &Path) -> Result<SecretBytes> {
    let failed = |why| io_error("read the identity file", file, why);
    let limit = limits::KEY_FILE_LEN as u64 + 1;
    let mut content = Zeroizing::new(Vec::new());
    File::open(file)
        .map_err(failed)?
        .take(limit)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 == limit {
        return Err(Error::usage("too long for a file of identities").on(file.display()));
    }
    Ok(SecretBytes::new(std::mem::take(&mut *content)))
}

/// `$XDG_CONFIG_HOME/sops/age/keys.txt`, by default in `~/.config` (sops' documentation, "Encrypting using age").
fn usual_place() -> Option<PathBuf> {
    let config = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let config = config.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))?;
    Some(config.join("sops/age/keys.txt"))
}
