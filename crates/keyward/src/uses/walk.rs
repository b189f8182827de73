//! The walk: every file below a folder that counts, what it holds, and what could not be looked into.

use std::ffi::{CStr, CString, OsStr};
use std::io::{self, ErrorKind as Io};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use keyward_core::inventory::{Inventory, Ways};
use keyward_core::manifest::FILE_NAME;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::path::Arg;

use super::header::{self, Read};
use super::index::{Content, Finder, Index, Stamp, Store};
use super::queue::Queue;
use crate::project::Project;

/// Files that one thread takes at once.
const BATCH: usize = 1024;

/// What is walked, and what is known of it already.
pub(super) struct Walk<'a> {
    /// The folder, symbolic links resolved.
    pub(super) root: &'a Path,
    /// Whose rules say which files count; without one all of them do.
    pub(super) project: Option<&'a Project>,
    pub(super) index: &'a Index,
    /// Whether the index was made under these rules.
    pub(super) same_rules: bool,
    pub(super) store: &'a Store,
    /// Where ways are placed.
    pub(super) ways: &'a Mutex<Inventory>,
}

/// A folder, from the root.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Under another manifest that can be read: its files are judged by that one, and still use keys.
    pub(super) nested: bool,
}

/// Some files of one folder.
pub(super) struct Batch {
    pub(super) folder: Arc<Folder>,
    /// The place of the first one among all that the folder lists.
    pub(super) first: usize,
    pub(super) files: Vec<Found>,
}

/// A file that counts.
pub(super) struct Found {
    pub(super) name: CString,
    /// The place of the rule that covers it.
    pub(super) rule: usize,
    pub(super) content: io::Result<Content>,
    /// For the index; `None` when it is to be read again.
    pub(super) stamp: Option<Stamp>,
    /// Whether the index knew it.
    pub(super) known: bool,
}

/// What one thread found.
#[derive(Default)]
pub(super) struct Catch {
    pub(super) batches: Vec<Batch>,
    /// Folders with a manifest of their own, from the root.
    pub(super) nested: Vec<PathBuf>,
    /// What could not be looked into, from the root, and why.
    pub(super) unread: Vec<(PathBuf, String)>,
    header: header::Reader,
}

enum Job {
    Folder(Folder),
    Files(Arc<Opened>, usize, Vec<CString>),
}

struct Opened {
    folder: Arc<Folder>,
    handle: OwnedFd,
}

/// What a folder holds that may count.
struct Listing {
    handle: OwnedFd,
    files: Vec<CString>,
    folders: Vec<CString>,
    has_manifest: bool,
}

impl Walk<'_> {
    /// Walks, on a few threads.
    pub(super) fn run(&self) -> Vec<Catch> {
        let root = Folder {
            path: PathBuf::new(),
            nested: false,
        };
        Queue::run(Job::Folder(root), Catch::default, |catch, job, queue| match job {
            Job::Folder(folder) => self.folder(catch, folder, queue),
            Job::Files(opened, first, names) => self.files(catch, &opened, first, names),
        })
    }

    /// Looks at one file, by its whole path. Its name within the batch is empty.
    pub(super) fn single(&self, file: &Path) -> Catch {
        let mut catch = Catch::default();
        let root = Folder {
            path: PathBuf::new(),
            nested: false,
        };
        let (stamp, content) = match self.read(&mut catch.header, CWD, file) {
            Ok((stamp, content)) => (stamp, Ok(content)),
            Err(error) => (None, Err(error)),
        };
        let found = Found {
            name: CString::default(),
            rule: 0,
            content,
            stamp,
            known: false,
        };
        catch.batches.push(Batch {
            folder: Arc::new(root),
            first: 0,
            files: vec![found],
        });
        catch
    }

    fn folder(&self, catch: &mut Catch, mut folder: Folder, queue: &Queue<Job>) {
        let listing = match self.list(catch, &folder) {
            Ok(listing) => listing,
            Err(error) => return catch.failed(&folder.path, &error),
        };
        // The root's own manifest is the one in force.
        let is_root = folder.path.as_os_str().is_empty();
        if !is_root && self.project.is_some() && listing.has_manifest {
            folder.nested |= self.has_own_manifest(catch, &folder.path);
        }
        for name in listing.folders {
            queue.push(Job::Folder(Folder {
                path: folder.path.join(OsStr::from_bytes(name.to_bytes())),
                nested: folder.nested,
            }));
        }
        let (mut files, handle, folder) = (listing.files, listing.handle, Arc::new(folder));
        let opened = Arc::new(Opened { folder, handle });
        let mut first = files.len();
        while first > BATCH {
            first -= BATCH.min(first);
            queue.push(Job::Files(opened.clone(), first, files.split_off(first)));
        }
        self.files(catch, &opened, 0, files);
    }

    /// The files and the folders in `folder` that may count, in its own order.
    fn list(&self, catch: &mut Catch, folder: &Folder) -> io::Result<Listing> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let handle = openat(CWD, self.root.join(&folder.path), flags, Mode::empty())?;
        let keeps = self.project.filter(|project| project.keeps_in(&folder.path));
        let mut listing = Listing {
            files: Vec::new(),
            folders: Vec::new(),
            has_manifest: false,
            handle,
        };
        for entry in Dir::read_from(&listing.handle)? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    catch.failed(&folder.path, &error.into());
                    break;
                }
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let path = || folder.path.join(OsStr::from_bytes(name.to_bytes()));
            if keeps.is_some_and(|project| project.keeps(&path())) {
                continue;
            }
            listing.has_manifest |= name.to_bytes() == FILE_NAME.as_bytes();
            match kind_of(&listing.handle, name, entry.file_type()) {
                Ok(FileType::Directory) => listing.folders.push(name.to_owned()),
                Ok(FileType::RegularFile) => listing.files.push(name.to_owned()),
                Ok(_) => {}
                Err(error) => catch.failed(&path(), &error),
            }
        }
        Ok(listing)
    }

    /// Whether the files in `folder` are judged by a manifest there. A manifest that cannot be read judges nothing.
    fn has_own_manifest(&self, catch: &mut Catch, folder: &Path) -> bool {
        let read = Project::open(&self.root.join(folder).join(FILE_NAME));
        match &read {
            Ok(_) => catch.nested.push(folder.to_owned()),
            Err(error) => catch
                .unread
                .push((folder.join(FILE_NAME), error.what().to_owned())),
        }
        read.is_ok()
    }

    fn files(&self, catch: &mut Catch, opened: &Opened, first: usize, names: Vec<CString>) {
        let mut finder = self
            .index
            .folder(opened.folder.path.as_os_str().as_bytes(), first);
        let found = names.into_iter();
        let files: Vec<_> = found
            .filter_map(|name| self.file(&mut catch.header, opened, &mut finder, name))
            .collect();
        if !files.is_empty() {
            catch.batches.push(Batch {
                folder: opened.folder.clone(),
                first,
                files,
            });
        }
    }

    fn file(
        &self,
        reader: &mut header::Reader,
        opened: &Opened,
        finder: &mut Finder<'_>,
        name: CString,
    ) -> Option<Found> {
        let entry = finder.find(name.to_bytes());
        let remembered = entry.filter(|_| self.same_rules).map(|entry| entry.rule);
        let rule = match remembered {
            Some(rule) => rule,
            None => self.rule(&opened.folder.path, &name)?,
        };
        if let Some(entry) = entry
            && let Ok(stat) = statat(&opened.handle, &name, AtFlags::SYMLINK_NOFOLLOW)
            && stat.st_dev == self.index.device
            && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && Stamp::of(&stat) == entry.stamp
        {
            return Some(Found {
                name,
                rule,
                content: Ok(entry.content),
                stamp: Some(entry.stamp),
                known: true,
            });
        }
        let (stamp, content) = match self.read(reader, &opened.handle, &name) {
            Ok((stamp, content)) => (stamp, Ok(content)),
            Err(error) => (None, Err(error)),
        };
        Some(Found {
            name,
            rule,
            content,
            stamp,
            known: false,
        })
    }

    /// The place of the rule that covers a file; `None` when none does.
    fn rule(&self, folder: &Path, name: &CStr) -> Option<usize> {
        let Some(project) = self.project else {
            return Some(0);
        };
        let rule = project
            .manifest
            .rule_for(folder.join(OsStr::from_bytes(name.to_bytes())))?;
        let mut rules = project.manifest.rules().iter();
        rules.position(|other| std::ptr::eq(other, rule))
    }

    /// Opens what was a regular file a moment ago, never through a link and never waiting for a pipe, and reads as much
    /// of it as tells what needs which key. The stamp is taken first, so that it never hides a change.
    fn read(
        &self,
        reader: &mut header::Reader,
        folder: impl AsFd,
        name: impl Arg,
    ) -> io::Result<(Option<Stamp>, Content)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(folder, name, flags, Mode::empty())?;
        let stamp = match self.store.device() {
            None => None,
            Some(_) => {
                let stat = fstat(&file)?;
                Some(Stamp::of(&stat)).filter(|stamp| self.store.keeps(stat.st_dev, *stamp))
            }
        };
        let content = match reader.read(file.as_fd())? {
            Read::Envelope(header) => {
                let place = |ways: &Ways| {
                    let mut inventory = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
                    inventory.intern(ways)
                };
                Content::Envelope(reader.place(&header, place))
            }
            Read::Age => Content::Age,
            Read::Other => Content::Other,
        };
        Ok((stamp, content))
    }
}

impl Catch {
    /// A file that vanished meanwhile needs nothing; any other that cannot be read may need everything.
    fn failed(&mut self, path: &Path, error: &io::Error) {
        if error.kind() != Io::NotFound {
            self.unread.push((path.to_owned(), error.to_string()));
        }
    }
}

/// Some file systems do not say it in the listing.
fn kind_of(folder: &OwnedFd, name: &CStr, listed: FileType) -> io::Result<FileType> {
    if listed != FileType::Unknown {
        return Ok(listed);
    }
    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}
