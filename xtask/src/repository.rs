//! The checkout that a command works on: its root folder and its files.

use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_core::error::{Error, Result};

/// A checkout of this project.
pub struct Repository {
    root: PathBuf,
    files: Vec<String>,
}

impl Repository {
    /// The checkout that holds this xtask. Files that git ignores are not part of it; new ones are.
    pub fn here() -> Result<Self> {
        let root = root()?;
        let mut files: Vec<String> = list(&root)?;
        files.retain(|file| root.join(file).is_file());
        files.sort();
        files.dedup();
        Ok(Self { root, files })
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every file, relative to the root, with `/` between folders, sorted.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Files below `folder`.
    pub fn files_in<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.files()
            .filter(move |file| Path::new(file).starts_with(folder))
    }

    /// Whether the checkout has this file.
    pub fn has(&self, file: &str) -> bool {
        self.files.iter().any(|known| known == file)
    }

    /// The text of one file.
    pub fn text(&self, file: &str) -> Result<String> {
        String::from_utf8(self.bytes(file)?)
            .map_err(|cause| Error::damaged("is not UTF-8").on(file).because(cause))
    }

    /// The bytes of one file.
    pub fn bytes(&self, file: &str) -> Result<Vec<u8>> {
        std::fs::read(self.root.join(file))
            .map_err(|cause| Error::unavailable("cannot be read").on(file).because(cause))
    }
}

fn root() -> Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .ok_or_else(|| Error::usage("run this as `cargo xtask …`, in the checkout"))?;
    let root = Path::new(&here).parent().map(Path::to_path_buf);
    root.ok_or_else(|| Error::bug("xtask has no parent folder"))
}

fn list(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        // In CI the checkout may belong to another user; listing its files is safe all the same.
        .args(["-c", "safe.directory=*", "ls-files"])
        .args(["--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .map_err(|cause| Error::usage("git is needed to list the project's files").because(cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::usage(format!("git could not list the files: {said}")));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}
