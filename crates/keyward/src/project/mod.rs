//! A project: the folder with a manifest, and which of its files belong to which keyring.

mod search;

use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use keyward_core::context::EncryptionContext;
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use keyward_core::manifest::{FILE_NAME, KeyringSpec, LOCK_FILE_NAME, Manifest, Rule};

use crate::io_error::io_error;
use crate::text_file::read_text;

pub use search::Search;

/// The folder in which keyward keeps the state of a checkout.
pub const STATE_FOLDER: &str = ".keyward";
/// Where git keeps its own files; in a second working tree it is a file.
const GIT: &str = ".git";

/// A manifest that was read, and the folder that it governs.
#[derive(Clone, Debug)]
pub struct Project {
    /// The manifest's folder, symbolic links resolved.
    pub root: PathBuf,
    /// The manifest file, as it was found.
    pub file: PathBuf,
    /// What it says.
    pub manifest: Manifest,
    /// The manifest file from `root`, symbolic links resolved; `None` when that leads out of it.
    inside: Option<PathBuf>,
}

/// What the manifest says about one file.
#[derive(Clone, Debug)]
pub struct Applied<'a> {
    /// The path that the rules were asked about: relative to the manifest, symbolic links resolved.
    pub path: PathBuf,
    /// The first rule that matches.
    pub rule: &'a Rule,
    /// Its keyring.
    pub keyring: &'a KeyringSpec,
    /// What is written into the envelope when it is sealed, and demanded when it is opened.
    pub context: EncryptionContext,
}

impl Project {
    /// Finds and reads the manifest; `None` when there is none and none was named.
    ///
    /// # Errors
    /// A manifest that was named and is not there, that cannot be read, or that is wrong.
    pub fn find(search: &Search<'_>) -> Result<Option<Self>> {
        search.run()?.map(|file| Self::open(&file)).transpose()
    }

    /// Reads the manifest in `file`.
    ///
    /// # Errors
    /// It cannot be read (at most [`keyward_core::limits::MANIFEST_LEN`] bytes), or is wrong.
    pub fn open(file: &Path) -> Result<Self> {
        let (text, _) = read_text(file, limits::MANIFEST_LEN)?;
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let real = |path: &Path| {
            path.canonicalize()
                .map_err(|error| io_error("find it", path, error))
        };
        let root = real(folder)?;
        Ok(Self {
            manifest: Manifest::parse(&text, &file.display().to_string())?,
            inside: real(file)?.strip_prefix(&root).ok().map(Path::to_owned),
            root,
            file: file.to_owned(),
        })
    }

    /// The lock file, beside the manifest.
    pub fn lock_file(&self) -> PathBuf {
        self.root.join(LOCK_FILE_NAME)
    }

    /// Which rule applies to `file`, to seal it or to open its envelope. The file need not be there yet.
    ///
    /// # Errors
    /// A usage error when it is outside the manifest's folder, when no rule matches, and for keyward's own files.
    pub fn rule_for(&self, file: &Path) -> Result<Applied<'_>> {
        let real = resolve(file)?;
        let outside = || {
            Error::usage(format!(
                "it is outside the folder of the manifest, {}",
                self.root.display()
            ))
            .on(file.display())
            .hint("name its recipients: --keyring NAME or --to")
        };
        let path = real.strip_prefix(&self.root).map_err(|_| outside())?.to_owned();
        if self.keeps(&path) {
            let what = "it is one of keyward's own files, or git's, which no rule covers";
            return Err(Error::usage(what).on(file.display()));
        }
        let rule = self.manifest.rule_for(&path).ok_or_else(|| self.no_rule(file))?;
        let keyring = self.manifest.keyring(&rule.keyring)?;
        let context = context(keyring, Some(rule))?;
        Ok(Applied {
            path,
            rule,
            keyring,
            context,
        })
    }

    /// Whether `path`, from the root, is the manifest, the lock, state or git's: no rule covers these.
    pub(crate) fn keeps(&self, path: &Path) -> bool {
        let files = [FILE_NAME, LOCK_FILE_NAME].map(Path::new);
        files.contains(&path)
            || self.inside.as_deref() == Some(path)
            || [STATE_FOLDER, GIT].iter().any(|folder| path.starts_with(folder))
    }

    /// Whether anything that lies in `folder` itself, from the root, may be what [`Self::keeps`] finds.
    pub(crate) fn keeps_in(&self, folder: &Path) -> bool {
        let manifest = self.inside.as_deref().and_then(Path::parent);
        folder.as_os_str().is_empty() || manifest == Some(folder)
    }

    fn no_rule(&self, file: &Path) -> Error {
        Error::usage(format!("no rule of {} matches it", self.file.display()))
            .on(file.display())
            .hint("name its recipients: --keyring NAME or --to; or add a rule")
    }
}

/// The encryption context of files under `keyring`: its environment, and the rule by which a file came to it.
///
/// # Errors
/// None for what a manifest can hold.
pub fn context(keyring: &KeyringSpec, rule: Option<&Rule>) -> Result<EncryptionContext> {
    let mut context = EncryptionContext::new();
    context.insert("env", keyring.env.as_str())?;
    if let Some(rule) = rule {
        context.insert("rule", rule.pattern.as_str())?;
    }
    Ok(context)
}

/// The real path of `file`; for one that is not there yet, its name in the real path of its folder.
pub(crate) fn resolve(file: &Path) -> Result<PathBuf> {
    let error = match file.canonicalize() {
        Ok(real) => return Ok(real),
        Err(error) => error,
    };
    match (file.file_name(), file.parent()) {
        // A link that leads nowhere is there, so that what it names is not this path.
        (Some(name), Some(folder)) if error.kind() == Io::NotFound && file.symlink_metadata().is_err() => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            Ok(resolve(folder)?.join(name))
        }
        _ => Err(io_error("find it", file, error)),
    }
}

#[cfg(test)]
mod tests;
