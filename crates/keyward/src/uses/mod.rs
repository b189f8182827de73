//! Which files need which key versions: everything that the manifest's rules cover, or everything below a path.
//!
//! Only headers are read, and with an index only those of files that changed. What they say is their writers' claim, so
//! that a survey can show that a version is needed, and never alone that it is not.

mod header;
mod history;
mod index;
mod queue;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::io::ErrorKind as Io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use keyward_core::envelope::Header;
use keyward_core::error::Result;
use keyward_core::inventory::{Inventory, Kind, WaysId};
use keyward_core::manifest::{KeyringSpec, Manifest, SEALED_SUFFIX};
use keyward_core::verify::Scan;
use ring::digest::{Context, SHA256};
use rustix::fs::{Mode, OFlags};

use crate::io_error::io_error;
use crate::project::Project;
pub use history::survey_history;
use index::{Content, Index, Store, Writer};
use walk::{Batch, Catch, Found, Walk};

/// What a walk found, as the checks ask about it and as a list.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What is known about the keys of the manifest.
    pub scan: Scan,
    /// Everything that needs any key.
    pub inventory: Inventory,
}

/// Where the index of a survey is kept.
#[derive(Clone, Debug)]
pub struct IndexFile {
    path: PathBuf,
    rebuild: bool,
}

impl IndexFile {
    /// The one in the state folder `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("index"),
            rebuild: false,
        }
    }

    /// The same, made anew: what it says is left out of account.
    pub fn rebuilt(self) -> Self {
        Self {
            rebuild: true,
            ..self
        }
    }
}

/// Looks into every file of `project` that a rule covers, and remembers nothing: [`survey`] without an index.
pub fn scan(project: &Project) -> Scan {
    survey(project, None).scan
}

/// Looks into every file of `project` that a rule covers: envelopes in binary and text form, and detached wraps.
///
/// Symbolic links are not followed: what they name is looked at where it is, if it is inside the project. A folder
/// with a manifest of its own counts as a user of this project's keys too, and is named in [`Scan::nested`]. Nothing is
/// left out but what no rule covers. What cannot be read, also a manifest, is noted in [`Scan::unread`]; so is a file
/// whose name says that it is an envelope, and which is none.
///
/// With an index, files that did not change are not read again. An index that cannot be read or written changes
/// nothing but the time that this takes.
pub fn survey(project: &Project, index: Option<&IndexFile>) -> Survey {
    let mut ways = Inventory::default();
    let (store, index) = match index {
        Some(file) => Store::open(&file.path, file.rebuild, &mut ways),
        None => (Store::none(), Index::default()),
    };
    survey_with(project, store, &index, ways)
}

fn survey_with(project: &Project, store: Store, index: &Index, ways: Inventory) -> Survey {
    let (rules, ways) = (fingerprint(&project.manifest), Mutex::new(ways));
    let walk = Walk {
        root: &project.root,
        project: Some(project),
        index,
        same_rules: index.rules == rules,
        store: &store,
        ways: &ways,
    };
    let mut caught = walk.run();
    let ways = ways.into_inner().unwrap_or_else(PoisonError::into_inner);
    remember(&mut caught, index, store, &rules, &ways);
    Account::of(project, ways).settle(caught)
}

/// Looks into every file at or below `path`, whatever manifest there is. Names begin with `path`.
///
/// # Errors
/// There is nothing at `path`, or it cannot be found out.
pub fn survey_path(path: &Path) -> Result<Inventory> {
    let real = path
        .canonicalize()
        .map_err(|error| io_error("look at it", path, error))?;
    let ways = Mutex::new(Inventory::default());
    let walk = Walk {
        root: &real,
        project: None,
        index: &Index::default(),
        same_rules: false,
        store: &Store::none(),
        ways: &ways,
    };
    let caught = if real.is_dir() {
        walk.run()
    } else {
        vec![walk.single(&real)]
    };
    let mut inventory = ways.into_inner().unwrap_or_else(PoisonError::into_inner);
    for catch in caught {
        for (inside, why) in &catch.unread {
            inventory.unread.add(unread(&joined(path, inside), why));
        }
        for file in catch
            .batches
            .iter()
            .flat_map(|batch| batch.files.iter().map(move |file| (batch, file)))
        {
            let name = joined(path, &path_of(file.0, file.1));
            note(&mut inventory, &name, file.1);
        }
    }
    Ok(inventory)
}

/// The header of the envelope, or the detached wraps, in the file at `path`; `None` when it is none, or cannot be read.
pub fn read_header(path: &Path) -> Option<Header> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).ok()?;
    match header::Reader::default().read(file.as_fd()).ok()? {
        header::Read::Envelope(header) => Some(*header),
        header::Read::Age | header::Read::Other => None,
    }
}

/// Writes down what was found, if that is news.
fn remember(caught: &mut [Catch], index: &Index, store: Store, rules: &[u8; 32], ways: &Inventory) {
    let Some(device) = store.device() else { return };
    let mut batches: Vec<_> = caught
        .iter_mut()
        .flat_map(|catch| catch.batches.iter_mut())
        .collect();
    let files = batches.iter().flat_map(|batch| &batch.files);
    let known = files.clone().filter(|file| file.known).count();
    let news = files.filter(|file| !file.known && file.stamp.is_some()).count();
    if news == 0 && known == index.len && index.rules == *rules && index.device == device {
        return;
    }
    batches.sort_by(|a, b| (&a.folder.path, a.first).cmp(&(&b.folder.path, b.first)));
    let mut writer = Writer::new(ways);
    for folder in batches.chunk_by(|a, b| a.folder.path == b.folder.path) {
        let files = folder.iter().flat_map(|batch| &batch.files);
        let entries: Vec<_> = files
            .filter_map(|file| {
                let content = *file.content.as_ref().ok()?;
                Some((file.name.to_bytes(), file.stamp?, file.rule, content))
            })
            .collect();
        if let Some(first) = folder.first() {
            writer.folder(first.folder.path.as_os_str().as_bytes(), entries.into_iter());
        }
    }
    store.replace(&writer.finish(device, rules));
}

/// What makes the rules of `manifest`: which file each covers depends on nothing else.
fn fingerprint(manifest: &Manifest) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for rule in manifest.rules() {
        for text in [&rule.pattern, &rule.keyring] {
            context.update(&(text.len() as u64).to_le_bytes());
            context.update(text.as_bytes());
        }
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(context.finish().as_ref());
    sum
}

/// The making of a survey out of what the threads found.
struct Account<'a> {
    project: &'a Project,
    survey: Survey,
    /// By ways and rule: the full names of keys that the rule's keyring does not have.
    foreign: HashMap<(WaysId, usize), Vec<String>>,
}

impl<'a> Account<'a> {
    fn of(project: &'a Project, inventory: Inventory) -> Self {
        let scan = Scan::default();
        Self {
            project,
            survey: Survey { scan, inventory },
            foreign: HashMap::new(),
        }
    }

    fn settle(mut self, caught: Vec<Catch>) -> Survey {
        for catch in caught {
            for batch in &catch.batches {
                batch.files.iter().for_each(|file| self.file(batch, file));
            }
            let nested = catch.nested.iter().map(|folder| shown(folder));
            self.survey.scan.nested.extend(nested);
            for (path, why) in &catch.unread {
                self.survey.inventory.unread.add(unread(path, why));
            }
        }
        let Survey { scan, inventory } = &mut self.survey;
        let keyrings = self.project.manifest.keyrings();
        let declared: BTreeSet<_> = keyrings.flat_map(KeyringSpec::keys).collect();
        let uses = inventory.uses().into_iter();
        scan.uses = uses.filter(|(key, _)| declared.contains(key)).collect();
        scan.unread = inventory.unread.clone();
        self.survey
    }

    fn file(&mut self, batch: &Batch, file: &Found) {
        let path = path_of(batch, file);
        self.survey.scan.files += 1;
        note(&mut self.survey.inventory, &path, file);
        if let Ok(Content::Envelope(ways)) = file.content {
            self.survey.scan.envelopes += 1;
            if !batch.folder.nested {
                self.foreign(&path, ways, file.rule);
            }
        }
    }

    /// Notes the keys that an envelope names, and that the keyring of its rule does not have.
    fn foreign(&mut self, path: &Path, ways: WaysId, rule: usize) {
        let manifest = &self.project.manifest;
        let keyring = manifest
            .rules()
            .get(rule)
            .and_then(|rule| manifest.keyring(&rule.keyring).ok());
        let Some(keyring) = keyring else { return };
        let inventory = &self.survey.inventory;
        let names = self.foreign.entry((ways, rule)).or_insert_with(|| {
            let ways = inventory.ways_at(ways).iter();
            ways.filter_map(|way| way.outside_of(keyring)).collect()
        });
        for name in names.iter() {
            let foreign = self.survey.scan.foreign.entry(keyring.name.clone()).or_default();
            foreign.add(format!("{} ({name})", shown(path)));
        }
    }
}

/// Adds one file, under the name `path`.
fn note(inventory: &mut Inventory, path: &Path, file: &Found) {
    match &file.content {
        Ok(Content::Envelope(ways)) => inventory.add_known(Kind::Envelope, &shown(path), *ways),
        Ok(Content::Other) if is_called_envelope(path) => {
            let why = "its name says that it is an envelope, and it is none";
            inventory.unread.add(unread(path, why));
        }
        Ok(Content::Age | Content::Other) => {}
        // It vanished meanwhile, and needs nothing.
        Err(error) if error.kind() == Io::NotFound => {}
        Err(error) => inventory.unread.add(unread(path, error)),
    }
}

fn path_of(batch: &Batch, file: &Found) -> PathBuf {
    let name = std::ffi::OsStr::from_bytes(file.name.to_bytes());
    batch.folder.path.join(name)
}

fn joined(base: &Path, inside: &Path) -> PathBuf {
    if inside.as_os_str().is_empty() {
        base.to_owned()
    } else {
        base.join(inside)
    }
}

fn unread(path: &Path, why: impl Display) -> String {
    let name = match path {
        root if root.as_os_str().is_empty() => ".".to_owned(),
        inside => shown(inside),
    };
    format!("{name} ({why})")
}

/// Whether the name is that of an envelope or of detached wraps: `NAME.kw`, `NAME.kw.wraps`.
fn is_called_envelope(path: &Path) -> bool {
    let name = path.as_os_str().as_bytes();
    let name = name.strip_suffix(b".wraps").unwrap_or(name);
    name.ends_with(SEALED_SUFFIX.as_bytes())
}

/// A path, safe to print.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if !text.contains(char::is_control) {
        return text.into_owned();
    }
    let mut safe = String::new();
    for c in text.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests;
