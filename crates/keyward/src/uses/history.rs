//! The history of a git repository: every version of every file that a branch, tag or stash still reaches.
//!
//! git itself reads it. Nothing is fetched, changed or run: an object that is not in this clone is not seen, which is
//! said.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use keyward_core::inventory::{Inventory, Kind, WaysId};

use super::header::{Read, Reader, Source};
use super::index::{Content, Index, Stamp, Store, Writer};
use super::{IndexFile, shown, unread};

/// Objects that are asked for at once.
const BATCH: usize = 10_000;
/// Longest line of git that is read, in bytes: an object's name and a path.
const LINE: u64 = 64 * 1024;
/// Letters of an object's name that are shown; `git show` finds it by them.
const SHOWN: usize = 12;

/// What the history of the repository around `folder` needs, each version of a file as `git:PATH@OBJECT`.
///
/// Without a repository there is none. What git could not show is in [`Inventory::unseen`]. Objects never change, so
/// that with an index only new ones are read.
pub fn survey_history(folder: &Path, index: Option<&IndexFile>) -> Inventory {
    let mut inventory = Inventory::default();
    if !folder
        .ancestors()
        .any(|folder| folder.join(".git").symlink_metadata().is_ok())
    {
        return inventory;
    }
    let (store, index) = match index {
        Some(file) => Store::open(&file.path.with_extension("git"), file.rebuild, &mut inventory),
        None => (Store::none(), Index::default()),
    };
    let mut history = History {
        folder,
        index: &index,
        inventory,
        reader: Reader::default(),
        held: Vec::new(),
        news: false,
    };
    let read = history.read();
    if let Err(why) = &read {
        history.unseen(why);
    }
    let History {
        inventory,
        held,
        news,
        ..
    } = history;
    if read.is_ok() && (news || held.len() < index.len) {
        let mut writer = Writer::new(&inventory);
        let entries: Vec<_> = held
            .iter()
            .map(|(object, content)| (object.as_bytes(), Stamp::default(), 0, *content))
            .collect();
        writer.folder(b"", entries.into_iter());
        let bytes = writer.finish(store.device().unwrap_or(0), &[0; 32]);
        store.replace(&bytes);
    }
    inventory
}

struct History<'a> {
    folder: &'a Path,
    index: &'a Index,
    inventory: Inventory,
    reader: Reader,
    /// Objects that were read, in the order of the history.
    held: Vec<(String, Content)>,
    /// Whether one of them was not known.
    news: bool,
}

/// One object as the history lists it.
struct Listed {
    object: String,
    path: Vec<u8>,
}

impl History<'_> {
    fn read(&mut self) -> Result<(), String> {
        let shallow = self.git(&["rev-parse", "--is-shallow-repository"]).output();
        let shallow = shallow.map_err(|error| format!("git cannot be run: {error}"))?;
        if !shallow.status.success() {
            let said = String::from_utf8_lossy(&shallow.stderr);
            return Err(format!("git says: {}", said.lines().next().unwrap_or("nothing")));
        }
        if shallow.stdout.starts_with(b"true") {
            self.unseen("this clone is shallow; `git fetch --unshallow` brings the rest");
        }
        let list = [
            "rev-list",
            "--objects",
            "--all",
            "--indexed-objects",
            "--missing=print",
        ];
        let mut child = Running::start(self.git(&list))?;
        let mut missing = 0_u64;
        let mut batch = Vec::new();
        let mut finder = self.index.folder(b"", 0);
        while let Some(line) = child.line()? {
            let (object, path) = match line.iter().position(|byte| *byte == b' ') {
                Some(at) => (&line[..at], &line[at + 1..]),
                None => (&line[..], &b""[..]),
            };
            if object.first() == Some(&b'?') {
                missing += 1;
                continue;
            }
            let listed = Listed {
                object: String::from_utf8_lossy(object).into_owned(),
                path: path.to_vec(),
            };
            match finder.find(object) {
                Some(entry) => self.found(&listed, entry.content),
                // Without a path it is a commit, or the tree of one.
                None if path.is_empty() => {}
                None => batch.push(listed),
            }
            if batch.len() == BATCH {
                self.batch(&std::mem::take(&mut batch))?;
            }
        }
        child.end("rev-list")?;
        self.batch(&batch)?;
        if missing > 0 {
            self.unseen(&format!(
                "{missing} objects are not in this clone; `git fetch --refetch` brings them"
            ));
        }
        Ok(())
    }

    /// Reads objects that no index knew. Folders are among them, and are told apart first, as they hold nothing.
    fn batch(&mut self, batch: &[Listed]) -> Result<(), String> {
        let mut kinds = self.ask("--batch-check=%(objecttype)", batch.iter())?;
        let mut files = Vec::new();
        for listed in batch {
            match &*kinds.line()?.ok_or("git ended before its time")? {
                b"blob" => files.push(listed),
                b"tree" | b"commit" | b"tag" => self.learn(listed, Content::Other),
                other => {
                    return Err(format!(
                        "git says of an object: {}",
                        String::from_utf8_lossy(other)
                    ));
                }
            }
        }
        kinds.end("cat-file")?;
        let mut contents = self.ask("--batch", files.iter().copied())?;
        for listed in files {
            self.content(listed, &mut contents)?;
        }
        contents.end("cat-file")
    }

    fn content(&mut self, listed: &Listed, git: &mut Running) -> Result<(), String> {
        let heading = git.line()?.ok_or("git ended before its time")?;
        let heading = String::from_utf8_lossy(&heading).into_owned();
        let size = heading
            .rsplit(' ')
            .next()
            .and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| format!("git says of an object: {heading}"))?;
        let mut source = Part {
            from: &mut git.output,
            left: size,
        };
        let read = self.reader.read_from(&mut source);
        // What follows the content is the end of its line.
        source.left += 1;
        source.skip().map_err(|error| error.to_string())?;
        match read {
            Ok(Read::Envelope(header)) => {
                let inventory = &mut self.inventory;
                let ways = self.reader.place(&header, |ways| inventory.intern(ways));
                self.learn(listed, Content::Envelope(ways));
            }
            Ok(Read::Age) => self.learn(listed, Content::Age),
            Ok(Read::Other) => self.learn(listed, Content::Other),
            Err(error) => {
                let name = listed.name();
                self.inventory.unread.add(unread(Path::new(&name), error));
            }
        }
        Ok(())
    }

    fn learn(&mut self, listed: &Listed, content: Content) {
        self.news = true;
        self.found(listed, content);
    }

    fn found(&mut self, listed: &Listed, content: Content) {
        if let Content::Envelope(ways) = content {
            self.add(listed, ways);
        }
        self.held.push((listed.object.clone(), content));
    }

    fn add(&mut self, listed: &Listed, ways: WaysId) {
        self.inventory.add_known(Kind::History, &listed.name(), ways);
    }

    fn unseen(&mut self, why: &str) {
        let why = shown(Path::new(&format!("git history: {why}")));
        self.inventory.unseen.insert(why);
    }

    fn git(&self, words: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.folder).args(words);
        // Looking fetches nothing, takes no lock, and sees every object as it is.
        let looking = BTreeMap::from([
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
        ]);
        git.envs(looking).stdin(Stdio::null());
        git
    }

    /// Asks git about objects, one after another, while its answers are read.
    fn ask<'l>(&self, how: &str, objects: impl Iterator<Item = &'l Listed>) -> Result<Running, String> {
        let mut git = self.git(&["cat-file", how]);
        git.stdin(Stdio::piped());
        let mut running = Running::start(git)?;
        let names: String = objects.flat_map(|listed| [&listed.object, "\n"]).collect();
        if let Some(input) = running.child.stdin.take() {
            // Whoever cannot write to git hears from it why.
            thread::spawn(move || BufWriter::new(input).write_all(names.as_bytes()));
        }
        Ok(running)
    }
}

impl Listed {
    fn name(&self) -> String {
        let short = self.object.get(..SHOWN).unwrap_or(&self.object);
        let path = shown(Path::new(OsStr::from_bytes(&self.path)));
        format!("git:{path}@{short}")
    }
}

/// A git that runs, and its output. Dropped, it has ended.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Result<Self, String> {
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = started.map_err(|error| format!("git cannot be run: {error}"))?;
        let output = child.stdout.take().ok_or("git has no output")?;
        Ok(Self {
            child,
            output: BufReader::with_capacity(1 << 16, output),
        })
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, String> {
        let mut line = Vec::new();
        let read = self.output.by_ref().take(LINE).read_until(b'\n', &mut line);
        read.map_err(|error| error.to_string())?;
        match line.pop() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(line)),
            Some(_) => Err("git was cut short".to_owned()),
        }
    }

    fn end(mut self, what: &str) -> Result<(), String> {
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("git {what} failed: {status}; `git fsck` may say why")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless reading it did not go on.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The part of git's output that is one object.
struct Part<'a> {
    from: &'a mut BufReader<ChildStdout>,
    left: u64,
}

impl Part<'_> {
    fn skip(&mut self) -> io::Result<()> {
        let skipped = io::copy(&mut self.from.by_ref().take(self.left), &mut io::sink())?;
        if skipped < self.left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

impl Source for Part<'_> {
    fn more(&mut self, bytes: &mut Vec<u8>, most: usize) -> io::Result<usize> {
        let most = self.left.min(most as u64);
        let read = self.from.by_ref().take(most).read_to_end(bytes)?;
        self.left -= read as u64;
        Ok(read)
    }
}
