//! Twenty thousand credentials at once, beside the bare creation of the same files.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use keyward_core::error::Result;

use super::contest::{contest, time};
use super::programs::Program;
use super::row::Row;
use super::scratch::{Scratch, clear, failed};

const SITES: usize = 20_000;

/// Measures `credential batch`.
pub(super) fn rows(keyward: Program, scratch: &Scratch, rounds: usize) -> Result<Vec<Row>> {
    let (folder, out, bare) = (scratch.path(""), scratch.path("out"), scratch.path("bare"));
    scratch.write("sites.csv", sites().as_bytes())?;
    let words = ["credential", "batch", "sites.csv", "--out", "out"];
    keyward.run(&folder, words)?;
    let made = read(&out).map_err(|error| failed(&out, error))?;
    let [ours, theirs] = contest(
        rounds,
        [
            Box::new(|| {
                clear(&out)?;
                keyward.run(&folder, words)
            }),
            Box::new(|| {
                clear(&bare)?;
                time(|| write(&bare, &made).map_err(|error| failed(&bare, error)))
            }),
        ],
    )?;
    clear(&out)?;
    clear(&bare)?;
    Ok(vec![Row::speed(
        format!("credential batch, {SITES} sites"),
        &ours,
        "bare creation of the same files",
        &theirs,
        0.8,
    )])
}

fn sites() -> String {
    let lines = (0..SITES).map(|site| format!("Site {site},site-{site}\n"));
    std::iter::once("name,site\n".to_owned()).chain(lines).collect()
}

/// One credential: its folder, and the names and contents of its files.
type Made = (PathBuf, Vec<(PathBuf, Vec<u8>)>);

/// What a batch made, with paths relative to `out`.
fn read(out: &Path) -> std::io::Result<Vec<Made>> {
    let mut made = Vec::new();
    for folder in fs::read_dir(out)? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        let files = fs::read_dir(&folder)?.map(|file| {
            let path = file?.path();
            Ok((name(&path), fs::read(&path)?))
        });
        made.push((name(&folder), files.collect::<std::io::Result<_>>()?));
    }
    Ok(made)
}

fn name(path: &Path) -> PathBuf {
    path.file_name().map(PathBuf::from).unwrap_or_default()
}

/// Creates the same folders and files, with the same modes, and syncs them once.
fn write(out: &Path, made: &[Made]) -> std::io::Result<()> {
    let mut folders = DirBuilder::new();
    folders.mode(0o700);
    folders.create(out)?;
    for (folder, files) in made {
        let folder = out.join(folder);
        folders.create(&folder)?;
        for (name, content) in files {
            let mut options = OpenOptions::new();
            let options = options.write(true).create_new(true).mode(0o600);
            options.open(folder.join(name))?.write_all(content)?;
        }
    }
    rustix::fs::syncfs(fs::File::open(out)?)?;
    Ok(())
}
