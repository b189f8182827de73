//! A large file, encrypted and decrypted by the command line, beside `cp`, age and rage.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_core::error::{Error, Result};

use super::contest::{Contestant, Times, contest, time};
use super::programs::Program;
use super::row::Row;
use super::scratch::{Scratch, clear, failed};
use crate::repository::Repository;

/// The project's limit, whatever the file's size.
const MEMORY_LIMIT: u64 = 32 << 20;

/// Measures both ways.
pub(super) fn rows(
    repository: &Repository,
    keyward: Program,
    scratch: &Scratch,
    rounds: usize,
    size: u64,
) -> Result<Vec<Row>> {
    let files = Files::new(repository, keyward, scratch, size)?;
    let mut rows = files.measure(&ENCRYPT, rounds)?;
    rows.extend(files.measure(&DECRYPT, rounds)?);
    Ok(rows)
}

/// One direction: the words of each program's command line.
struct Way {
    name: &'static str,
    keyward: fn(&Files<'_>) -> Vec<String>,
    age: fn(&Files<'_>) -> Vec<String>,
    source: &'static str,
}

const ENCRYPT: Way = Way {
    name: "encrypt",
    keyward: |files| {
        words(&[
            "encrypt",
            "--quiet",
            "--to",
            &files.recipient,
            "--output",
            OUT,
            "plain",
        ])
    },
    age: |files| words(&["-r", &files.recipient, "-o", OUT, PLAIN]),
    source: PLAIN,
};

const DECRYPT: Way = Way {
    name: "decrypt",
    keyward: |_| {
        words(&[
            "decrypt",
            "--quiet",
            "--identity",
            IDENTITY,
            "--output",
            OUT,
            "sealed.kw",
        ])
    },
    age: |_| words(&["-d", "-i", IDENTITY, "-o", OUT, SEALED_AGE]),
    source: SEALED,
};

const PLAIN: &str = "plain";
const SEALED: &str = "sealed.kw";
const SEALED_AGE: &str = "sealed.age";
const OUT: &str = "out.kw";
const IDENTITY: &str = "identity.txt";

struct Files<'a> {
    repository: &'a Repository,
    keyward: Program,
    age: Option<Program>,
    rage: Option<Program>,
    recipient: String,
    folder: PathBuf,
    out: PathBuf,
    size: u64,
}

impl<'a> Files<'a> {
    fn new(repository: &'a Repository, keyward: Program, scratch: &Scratch, size: u64) -> Result<Self> {
        let folder = scratch.path("");
        keyward.run(&folder, ["escrow", "new", "--output", IDENTITY])?;
        scratch.random(PLAIN, size)?;
        let files = Self {
            repository,
            recipient: recipient(&scratch.path(IDENTITY))?,
            age: Program::peer(repository, "age"),
            rage: Program::peer(repository, "rage"),
            out: scratch.path(OUT),
            keyward,
            folder,
            size,
        };
        files.keyward.run(&files.folder, (ENCRYPT.keyward)(&files))?;
        fs::rename(&files.out, scratch.path(SEALED)).map_err(|error| failed(&files.out, error))?;
        if let Some(age) = files.age.as_ref().or(files.rage.as_ref()) {
            age.run(
                &files.folder,
                words(&["-r", &files.recipient, "-o", SEALED_AGE, PLAIN]),
            )?;
        }
        Ok(files)
    }

    fn measure(&self, way: &Way, rounds: usize) -> Result<Vec<Row>> {
        let [all, copy, age, rage, one, one_age] = contest(
            rounds,
            [
                self.written(|| self.keyward.run(&self.folder, (way.keyward)(self))),
                self.written(|| self.copy(way.source)),
                self.written(|| self.peer(self.age.as_ref(), way)),
                self.written(|| self.peer(self.rage.as_ref(), way)),
                self.written(|| self.pinned(&self.keyward, (way.keyward)(self))),
                self.written(|| match &self.age {
                    Some(age) => self.pinned(age, (way.age)(self)),
                    None => Ok(Duration::ZERO),
                }),
            ],
        )?;
        clear(&self.out)?;
        let peak = self.keyward.peak_memory(&self.folder, (way.keyward)(self))?;
        clear(&self.out)?;
        let (what, size) = (way.name, self.size >> 20);
        let file = |on: &str| format!("{what} a file of {size} MiB, {on}");
        let against = |ours: &Times, on, name, peer: Option<&Program>, theirs: &Times, target| match peer {
            Some(_) => Row::speed(file(on), ours, name, theirs, target),
            None => Row::absent(file(on), name),
        };
        Ok(vec![
            Row::speed(file("all processors"), &all, "cp", &copy, 1.0),
            against(&all, "all processors", "age", self.age.as_ref(), &age, 2.5),
            against(&all, "all processors", "rage", self.rage.as_ref(), &rage, 3.0),
            against(&one, "one processor", "age", self.age.as_ref(), &one_age, 1.4),
            Row::memory(format!("peak memory of {what}, {size} MiB"), peak, MEMORY_LIMIT),
        ])
    }

    /// A run that writes the output anew and has it on disk in the end, which costs nothing on memory.
    fn written<'c>(&'c self, run: impl Fn() -> Result<Duration> + 'c) -> Contestant<'c> {
        Box::new(move || {
            clear(&self.out)?;
            let ran = run()?;
            let sync = || File::open(&self.out).and_then(|file| file.sync_all());
            let synced = match self.out.exists() {
                true => time(|| sync().map_err(|error| failed(&self.out, error)))?,
                false => Duration::ZERO,
            };
            Ok(ran + synced)
        })
    }

    fn pinned(&self, program: &Program, words: Vec<String>) -> Result<Duration> {
        let taskset = Program::peer(self.repository, "taskset")
            .ok_or_else(|| Error::usage("taskset of util-linux is needed to measure one processor"))?;
        program.on_one_processor(&taskset).run(&self.folder, words)
    }

    fn copy(&self, source: &str) -> Result<Duration> {
        let cp = Program::peer(self.repository, "cp").ok_or_else(|| Error::usage("there is no cp"))?;
        cp.run(&self.folder, [source, OUT])
    }

    fn peer(&self, peer: Option<&Program>, way: &Way) -> Result<Duration> {
        peer.map_or(Ok(Duration::ZERO), |peer| peer.run(&self.folder, (way.age)(self)))
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The public half, which stands in a comment of an identity file.
pub(super) fn recipient(identity: &Path) -> Result<String> {
    let text = fs::read_to_string(identity).map_err(|error| failed(identity, error))?;
    text.lines()
        .filter_map(|line| line.rsplit(' ').next())
        .find(|word| word.starts_with("age1"))
        .map(str::to_owned)
        .ok_or_else(|| Error::damaged("it names no recipient").on(identity.display()))
}
