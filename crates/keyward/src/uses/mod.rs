//! Which files need which key versions: a scan of everything that the manifest's rules cover.
//!
//! Only headers are read. What they say is their writers' claim, so that a scan can show that a version is needed, and
//! never alone that it is not.

mod header;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, ErrorKind as Io};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use keyward_core::envelope::{Header, Wrap, WrapKind};
use keyward_core::manifest::{FILE_NAME, KeyringSpec, SEALED_SUFFIX};
use keyward_core::name::KeyRef;
use keyward_core::verify::Scan;
use rustix::fs::OFlags;

use crate::project::Project;
use header::Content;

/// Looks into every file of `project` that a rule covers: envelopes in binary and text form, and detached wraps.
///
/// Symbolic links are not followed: what they name is looked at where it is, if it is inside the project. A folder
/// with a manifest of its own counts as a user of this project's keys too, and is named in [`Scan::nested`]. Nothing is
/// left out but what no rule covers. What cannot be read, also a manifest, is noted in [`Scan::unread`]; so is a file
/// whose name says that it is an envelope, and which is none.
pub fn scan(project: &Project) -> Scan {
    let declared = project.manifest.keyrings().flat_map(KeyringSpec::keys).collect();
    let mut scanner = Scanner {
        project,
        declared,
        scan: Scan::default(),
        folders: vec![Folder {
            path: project.root.clone(),
            nested: false,
        }],
    };
    while let Some(folder) = scanner.folders.pop() {
        scanner.folder(&folder);
    }
    scanner.scan
}

struct Scanner<'a> {
    project: &'a Project,
    declared: BTreeSet<&'a KeyRef>,
    scan: Scan,
    folders: Vec<Folder>,
}

struct Folder {
    path: PathBuf,
    /// Under another manifest that can be read: its files are judged by that one, and still use keys.
    nested: bool,
}

impl Scanner<'_> {
    fn folder(&mut self, folder: &Folder) {
        let entries = match fs::read_dir(&folder.path) {
            Ok(entries) => entries,
            Err(error) => return self.failed(&folder.path, &error),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(folder, &entry),
                Err(error) => self.failed(&folder.path, &error),
            }
        }
    }

    fn entry(&mut self, folder: &Folder, entry: &DirEntry) {
        let path = entry.path();
        match entry.file_type() {
            Err(error) => self.failed(&path, &error),
            Ok(_) if self.project.keeps(self.relative(&path)) => {}
            Ok(kind) if kind.is_dir() => {
                let nested = self.has_own_manifest(&path) || folder.nested;
                self.folders.push(Folder { path, nested });
            }
            Ok(kind) if kind.is_file() => self.file(folder, &path),
            Ok(_) => {}
        }
    }

    /// Whether the files in `folder` are judged by a manifest there. A manifest that cannot be read judges nothing.
    fn has_own_manifest(&mut self, folder: &Path) -> bool {
        let manifest = folder.join(FILE_NAME);
        if manifest.symlink_metadata().is_err() {
            return false;
        }
        let read = Project::open(&manifest);
        match &read {
            Ok(_) => {
                let folder = shown(self.relative(folder));
                self.scan.nested.insert(folder);
            }
            Err(error) => self.unread(&manifest, error.what()),
        }
        read.is_ok()
    }

    fn file(&mut self, folder: &Folder, path: &Path) {
        let relative = self.relative(path);
        let manifest = &self.project.manifest;
        let Some(rule) = manifest.rule_for(relative) else {
            return;
        };
        self.scan.files += 1;
        match open(path).and_then(header::read) {
            Ok(Content::Envelope(header)) => {
                let keyring = manifest.keyring(&rule.keyring).ok();
                let judging = keyring.filter(|_| !folder.nested);
                self.envelope(&shown(relative), judging, &header);
            }
            Ok(Content::Other) if is_called_envelope(path) => {
                self.unread(path, "its name says that it is an envelope, and it is none");
            }
            Ok(Content::Age | Content::Other) => {}
            Err(error) => self.failed(path, &error),
        }
    }

    fn envelope(&mut self, file: &str, keyring: Option<&KeyringSpec>, header: &Header) {
        self.scan.envelopes += 1;
        for wrap in header
            .wraps()
            .iter()
            .filter(|wrap| wrap.kind == WrapKind::Kms && !wrap.is_missing())
        {
            let key = wrap.key_ref();
            if let Some(key) = key.as_ref().filter(|key| self.declared.contains(key)) {
                self.scan
                    .uses
                    .entry(key.clone())
                    .or_default()
                    .add(wrap.version_number(), file);
            }
            if let Some(keyring) =
                keyring.filter(|keyring| !key.is_some_and(|key| keyring.keys().contains(&key)))
            {
                let foreign = self.scan.foreign.entry(keyring.name.clone()).or_default();
                foreign.add(format!("{file} ({})", full_name(wrap)));
            }
        }
    }

    /// A file that vanished meanwhile needs nothing; any other that cannot be read may need everything.
    fn failed(&mut self, path: &Path, error: &io::Error) {
        if error.kind() != Io::NotFound {
            self.unread(path, error);
        }
    }

    fn unread(&mut self, path: &Path, why: impl Display) {
        let name = match self.relative(path) {
            root if root.as_os_str().is_empty() => ".".to_owned(),
            inside => shown(inside),
        };
        self.scan.unread.add(format!("{name} ({why})"));
    }

    /// `path` from the root of the project.
    fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.project.root).unwrap_or(path)
    }
}

/// Opens what was a regular file a moment ago: never through a link, and never waiting for a pipe.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Whether the name is that of an envelope or of detached wraps: `NAME.kw`, `NAME.kw.wraps`.
fn is_called_envelope(path: &Path) -> bool {
    let name = path.as_os_str().as_bytes();
    let name = name.strip_suffix(b".wraps").unwrap_or(name);
    name.ends_with(SEALED_SUFFIX.as_bytes())
}

fn full_name(wrap: &Wrap) -> String {
    format!("{}://{}", wrap.provider, wrap.key)
}

/// A path, safe to print.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
